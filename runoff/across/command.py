"""``python -m runoff models``: the race over many models, and whether the winner changes with the model."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from runoff.across.model_list import ARCHITECTURES, CONTENDERS, architecture
from runoff.errors import Exit, UsageError
from runoff.files.names import shown
from runoff.files.whole import write_text
from runoff.quantities import STANDARD_OUTPUT, Commands, duration, positive
from runoff.text.output import show, tell, warn

LAUNCHES, ROUNDS = 5, 10
"""The fewest launches that a verdict takes, and a few rounds of each: many models instead of much of one."""
SUITE = Path("benchmarks")


def add_models(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "models",
        help="race many models, and say whether the winner changes with the model",
        description="Race the runtimes over many models with random weights, one run of the suite each. A model whose "
        "run is stored already, of the same revision and options, is not raced again.",
    )
    parser.add_argument(
        "--models", metavar="A,B", help=f"as --model of the suite takes them (default: {len(ARCHITECTURES)} of its own)"
    )
    parser.add_argument(
        "--contenders", default=",".join(CONTENDERS), metavar="A,B", help="ids of contenders (default: %(default)s)"
    )
    parser.add_argument(
        "--launches", type=positive, default=LAUNCHES, metavar="K", help="launches of each model (%(default)s)"
    )
    parser.add_argument(
        "--rounds", type=positive, default=ROUNDS, metavar="R", help="rounds of each launch (%(default)s)"
    )
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="threads for all (default: what this machine allows)"
    )
    parser.add_argument(
        "--max-time",
        type=duration,
        default="2h",
        metavar="T",
        help="time for all models together: 90m, 2h (%(default)s)",
    )
    parser.add_argument(
        "--model-time", type=duration, default="10m", metavar="T", help="time for each model at most (%(default)s)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("results/models"),
        metavar="DIR",
        help="the folder for runs and page (%(default)s)",
    )
    parser.add_argument("--markdown", type=Path, metavar="PATH", help="the answer as GitHub markdown too, - prints it")
    parser.add_argument("--page-only", action="store_true", help="race nothing: make the page from stored runs")
    parser.set_defaults(do=do_models)


def do_models(options: argparse.Namespace) -> int:
    """Race what is to be raced, then write the page, whatever failed; return the exit code.

    An interrupt ends the race and not the page. Raises UsageError where there is no suite to race with.
    """
    # Loaded here: the other commands need nothing that draws, and start sooner without it.
    from runoff.across import words
    from runoff.across.journal import PAGE, read_entries
    from runoff.across.racing import Plan, race_models
    from runoff.across.ranking import across_models
    from runoff.across.writing import render_markdown, render_page

    named = list(dict.fromkeys(filter(None, (options.models or "").split(","))))
    architectures = tuple(map(architecture, named)) or ARCHITECTURES
    contenders = tuple(dict.fromkeys(filter(None, options.contenders.split(","))))
    if len(contenders) < 2:
        raise UsageError(f"--contenders takes two ids or more, separated by commas; found {options.contenders!r}")
    code = Exit.DONE
    if not options.page_only:
        if not SUITE.is_dir():
            raise UsageError(f"there is no folder {SUITE} here; start it in a checkout of Runoff")
        plan = Plan(
            architectures=architectures,
            contenders=contenders,
            launches=options.launches,
            rounds=options.rounds,
            threads=options.threads,
            folder=options.output,
            max_time=options.max_time,
            model_time=options.model_time,
        )
        begin = time.monotonic()
        try:
            race_models(plan, lambda text: tell(f"[{(time.monotonic() - begin) / 60:5.1f} min] {text}"))
        except KeyboardInterrupt:
            tell("interrupted; run it again to go on from here")
            code = Exit.INTERRUPTED
    across = across_models(read_entries(options.output, [each.model for each in architectures], contenders))
    page = write_text(options.output / PAGE, render_page(across, warn))
    said = f"{words.answer(across)}\n{shown(page)}\n"
    if options.markdown == STANDARD_OUTPUT:
        said = render_markdown(across) + said
    elif options.markdown is not None:
        write_text(options.markdown, render_markdown(across))
    show(said)
    return code
