"""``python -m webui``: serve the page; ``python -m webui prepare FOLDER``: make what a small container serves."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from runoff.environments.discovery import known_backends
from runoff.environments.outside import parse_backend
from runoff.errors import ResultsUnwritable, UsageError
from runoff.model.inputs.input_options import add_input_options, input_options
from runoff.model.sources.options import ModelOptions, add_model_options, model_options
from runoff.processes.clearing import in_use
from runoff.processes.interruption import end_by_signals
from runoff.processes.workplace import usable_home
from runoff.quantities import whole_number
from runoff.text.ending import ended
from runoff.text.output import show
from webui.config import Config
from webui.runtimes import chosen_contenders, started_runtimes
from webui.serving import address, host_name, listening_socket, serve_app, trusted_hosts
from webui.supply import cached_supply, prepare_folder

HOST = "127.0.0.1"
PORT = 8000
MAX_PORT = 65535
MAX_THREADS = 1024

log = logging.getLogger(__name__)


def make_parser() -> argparse.ArgumentParser:
    """Declare the options."""
    defaults = Config()
    parser = argparse.ArgumentParser(prog="python -m webui", description="Try it: one picture, every runtime")
    parser.add_argument("--contenders", default=defaults.contenders, help="ids by commas, or plain (default) for all")
    add_model_options(parser.add_argument)
    add_input_options(parser.add_argument)
    parser.add_argument(
        "--backend",
        type=parse_backend,
        action="append",
        default=[],
        metavar="FILE.py",
        help="a backend of your own, whose file's name is its contender's (may be repeated)",
    )
    threads, port = partial(whole_number, least=1, most=MAX_THREADS), partial(whole_number, least=1, most=MAX_PORT)
    parser.add_argument(
        "--threads", type=threads, metavar="N", help="threads for all (default: what this machine allows)"
    )
    parser.add_argument("--host", default=HOST, help=f"the address to listen on (default: {HOST})")
    parser.add_argument("--port", type=port, default=PORT, help=f"the port to listen on (default: {PORT})")
    parser.add_argument(
        "--trusted-host",
        action="append",
        type=host_name,
        default=[],
        metavar="NAME",
        help="answer to this name too, as a proxy passes it, and to no others (may be repeated)",
    )
    parser.add_argument("--prepared", type=folder, metavar="FOLDER", help="serve what was prepared, convert nothing")
    parser.set_defaults(do=serve)
    commands = parser.add_subparsers(metavar="COMMAND", description="without one, the page is served")
    preparing = commands.add_parser("prepare", help="convert into a folder that can be served without converting")
    preparing.add_argument("folder", type=folder, metavar="FOLDER", help="where to put it")
    preparing.set_defaults(do=prepare)
    return parser


def folder(text: str) -> Path:
    """Read a folder's path; workers start in another folder than the user's, so it becomes absolute."""
    return Path(text).absolute()


def model_of(options: argparse.Namespace) -> ModelOptions:
    """Read which model is served; raises UsageError for labels of pictures, which the page has none of."""
    model = model_options(options)
    if model.picture_labels is not None:
        raise UsageError(f"--labels {model.picture_labels.text} names pictures; expected the names of the classes")
    return model


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve or prepare, and return the exit code; a user's own mistake is answered in one line."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that requests wait is what 503 is for
    end_by_signals()

    def perform() -> None:
        options = make_parser().parse_args(arguments)
        config = Config(
            contenders=options.contenders,
            model=model_of(options),
            inputs=input_options(options),
            threads=options.threads,
            prepared=options.prepared,
        )
        options.do(config, options)

    return ended("webui", perform)


def serve(config: Config, options: argparse.Namespace) -> None:
    """Serve the page until it is interrupted.

    Raises any RunoffError for a model that can't be had or is no image classifier.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(listening_socket(options.host, options.port))
        bound = listener.getsockname()[0]
        config = replace(placed(config), trusted_hosts=trusted_hosts(bound, options.host, options.trusted_host))
        if config.prepared is None:
            stack.enter_context(in_use(config.home))
        runtimes = stack.enter_context(closing(started_runtimes(config, known_backends(options.backend))))
        from webui.app import make_app  # only now: the first worker starts while Flask is imported

        runtimes.wait_for_model()
        app = make_app(config, runtimes)
        with suppress(ResultsUnwritable):  # where it is need not be seen
            show(f"The page is at {address(bound, options.host, options.port)} (end it with Ctrl+C)\n")
        serve_app(app, listener, config)


def placed(config: Config) -> Config:
    """Keep caches and logs in the first folder that can be written, as a race does, and warn where it is another one.

    Raises WorkplaceUnusable.
    """
    doubts: list[str] = []
    home = usable_home(config.home, doubts)
    for doubt in doubts:
        log.warning("%s", doubt)
    return replace(config, home=home)


def prepare(config: Config, options: argparse.Namespace) -> None:
    """Convert the contenders and put them into a folder.

    Raises ResultsUnwritable where a folder can't be used, and any RunoffError for the first that can't be had.
    """
    config, backends = placed(config), known_backends(options.backend)
    try:
        prepare_folder(cached_supply(config, backends), chosen_contenders(config, backends), options.folder)
    except OSError as error:
        raise ResultsUnwritable(
            f"{error.filename or options.folder} can't be used ({error.strerror}); free space or make it writable"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
