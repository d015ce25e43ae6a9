"""``python -m webui``: serve the page; ``python -m webui prepare FOLDER``: make what a small container serves."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import waitress

from runoff.backends import find_backends
from runoff.errors import RunoffError
from webui.config import FORM_OVERHEAD, Config
from webui.runtimes import chosen_contenders, started_runtimes
from webui.supply import cached_supply, prepare_folder

HOST = "127.0.0.1"
PORT = 8000
FREE_THREADS = 8
"""Threads beside those that classify, so that the page and a quick refusal never wait for a place."""
MOST_CONNECTIONS = 64
IDLE_SECONDS = 30


def make_parser() -> argparse.ArgumentParser:
    """Declare the options."""
    defaults = Config()
    parser = argparse.ArgumentParser(prog="python -m webui", description="Try it: one picture, every runtime")
    parser.add_argument("--contenders", default=defaults.contenders, help="ids by commas, or plain (default) for all")
    parser.add_argument("--weights", default=defaults.weights, help="auto (default), imagenet, builtin or a PATH")
    parser.add_argument("--threads", type=int, metavar="N", help="threads for all (default: what this machine allows)")
    parser.add_argument("--host", default=HOST, help=f"the address to listen on (default: {HOST})")
    parser.add_argument("--port", type=int, default=PORT, help=f"the port to listen on (default: {PORT})")
    parser.add_argument("--prepared", type=Path, metavar="FOLDER", help="serve what was prepared, convert nothing")
    parser.set_defaults(do=serve)
    commands = parser.add_subparsers(metavar="COMMAND", description="without one, the page is served")
    preparing = commands.add_parser("prepare", help="convert into a folder that can be served without converting")
    preparing.add_argument("folder", type=Path, metavar="FOLDER", help="where to put it")
    preparing.set_defaults(do=prepare)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve or prepare; a user's own mistake is told in one line."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that requests wait is what 503 is for
    options = make_parser().parse_args(arguments)
    config = Config(
        contenders=options.contenders, weights=options.weights, threads=options.threads, prepared=options.prepared
    )
    try:
        options.do(config, options)
    except RunoffError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{error}; give another --port, or free it\n")
        return 2
    return 0


def serve(config: Config, options: argparse.Namespace) -> None:
    """Serve the page until it is interrupted."""
    runtimes = started_runtimes(config, find_backends())
    from webui.app import make_app  # only now: the first worker starts while Flask is imported

    app = make_app(config, runtimes)
    sys.stdout.write(f"The page is at http://{options.host}:{options.port}/ (end it with Ctrl+C)\n")
    sys.stdout.flush()
    waitress.serve(app, host=options.host, port=options.port, **server_settings(config))


def server_settings(config: Config) -> dict[str, Any]:
    """Give waitress its limits.

    Bodies stay in memory: waitress writes those above ``inbuf_overflow`` to a temporary file. It refuses those above
    ``max_request_body_size`` itself, in plain text; just above the limit the page still answers in its own words.
    """
    largest = config.upload_limit + 16 * FORM_OVERHEAD
    return {
        "threads": config.places + FREE_THREADS,
        "connection_limit": MOST_CONNECTIONS,
        "channel_timeout": IDLE_SECONDS,
        "max_request_body_size": largest,
        "inbuf_overflow": 2 * largest,
        "ident": None,
    }


def prepare(config: Config, options: argparse.Namespace) -> None:
    """Convert the contenders and put them into a folder."""
    backends = find_backends()
    supply = cached_supply(config, backends)
    prepare_folder(supply, chosen_contenders(config, backends), options.folder)


if __name__ == "__main__":
    sys.exit(main())
