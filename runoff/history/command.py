"""``python -m runoff history``: many stored runs as a page and as JSON."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from runoff.errors import WorkplaceUnusable
from runoff.files.names import shown
from runoff.files.whole import write_text
from runoff.quantities import Commands
from runoff.text.output import show, warn


def add_history(commands: Commands, home: Callable[[], Path]) -> None:
    """Declare the command; ``home`` finds the folder of caches, or raises WorkplaceUnusable."""
    history = commands.add_parser(
        "history",
        help="draw many stored runs over commits, with the steps in them",
        description="Draw ratio, cold start, peak memory and accuracy over commits, by contender and stratum, and find "
        "steps.",
    )
    history.add_argument("places", type=Path, nargs="+", metavar="DIR", help="a folder with stored runs, at any depth")
    history.add_argument(
        "--output",
        type=Path,
        default=Path("results"),
        metavar="FOLDER",
        help="where history.html and history.json are written (default: %(default)s)",
    )
    history.add_argument("--markdown", type=Path, metavar="PATH", help="the steps as GitHub markdown too")
    history.set_defaults(do=lambda options: write_history(options, home))


def write_history(options: argparse.Namespace, home: Callable[[], Path]) -> None:
    """Write the page and the JSON; everything is drawn before anything is written."""
    # Loaded here: the other commands need nothing that draws, and start sooner without it.
    from runoff.history import words
    from runoff.history.lines import make_history
    from runoff.history.reading import read_runs
    from runoff.history.remembering import Memory, recalled
    from runoff.history.writing import history_json, render_history, render_history_markdown

    memory = Memory()
    with suppress(WorkplaceUnusable):  # nothing is remembered then
        memory = recalled(home(), options.places, warn)
    history = make_history(read_runs(options.places, memory))
    memory.keep()
    with ThreadPoolExecutor(1) as beside:  # another process draws the charts meanwhile
        page = beside.submit(render_history, history, say=warn)
        values = history_json(history)
    drawn = {options.output / "history.html": page.result(), options.output / "history.json": values}
    if options.markdown is not None:
        drawn[options.markdown] = render_history_markdown(history)
    for remark in words.remarks(history):
        warn(remark)
    said = [words.answer(history)]
    try:
        said += [shown(write_text(path, text)) for path, text in drawn.items()]
    finally:
        show("".join(f"{line}\n" for line in said))
