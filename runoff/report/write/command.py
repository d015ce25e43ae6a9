"""``python -m runoff report``: stored runs as a page, as markdown or as a chart."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runoff.errors import UsageError, WorkplaceUnusable
from runoff.files.names import shown
from runoff.files.whole import write_text
from runoff.quantities import STANDARD_OUTPUT, Commands
from runoff.text.output import show, warn

if TYPE_CHECKING:
    from runoff.charts.apart import Draw


def add_report(commands: Commands, home: Callable[[], Path]) -> None:
    """Declare the command; ``home`` finds the folder of caches, or raises WorkplaceUnusable."""
    report = commands.add_parser("report", help="write stored runs as a page, as markdown or as a chart")
    report.add_argument(
        "runs",
        type=Path,
        nargs="+",
        metavar="RUN.json",
        help="a stored run, such as results/runoff.json; several go onto one page",
    )
    report.add_argument("--html", type=Path, metavar="PATH", help="the page (default: index.html beside the first run)")
    report.add_argument("--markdown", type=Path, metavar="PATH", help="the same as GitHub markdown; - prints it")
    report.add_argument("--chart", type=Path, metavar="PATH.svg", help="the chart of the first run's ratios, on white")
    report.add_argument(
        "--choose",
        metavar="LIMITS",
        help="recommend a contender under these limits, not the run's: agreement>=99%%, cold_start<1s",
    )
    report.set_defaults(do=lambda options: write_reports(options, home))


def write_reports(options: argparse.Namespace, home: Callable[[], Path]) -> None:
    """Write what was asked for, the page where nothing was; everything is drawn before anything is written.

    What draws takes longest to get ready, so it is begun first, unless the page's charts were probably kept.
    """
    from runoff.charts.apart import FOLDER, drawer, drawn_since  # here: the other commands and help do without it

    if not wants_page(options):
        return write_drawn(options)
    kept = None
    with suppress(WorkplaceUnusable):  # all charts are drawn anew then
        kept = home() / FOLDER
    with nullcontext() if drawn_since(kept, options.runs) else drawer() as draw:
        return write_drawn(options, kept, draw)


def wants_page(options: argparse.Namespace) -> bool:
    """Whether a page is to be written: it is named, or nothing is."""
    return bool(options.html or not (options.markdown or options.chart))


def write_drawn(options: argparse.Namespace, kept: Path | None = None, draw: Draw | None = None) -> None:
    """Write what was asked for; a page's charts are drawn by ``draw``, or ``kept`` in a folder."""
    # Loaded here, beside what draws.
    from runoff.answer.limits import limits_text, parse_limits
    from runoff.answer.recommendation import recommendation
    from runoff.charts.apart import DrawingFailed
    from runoff.report.sections.latency import standalone_ratio_chart
    from runoff.report.write.markdown import render_markdown
    from runoff.report.write.page import render_page
    from runoff.stored.run import read_run

    limits = None if options.choose is None else limits_text(parse_limits(options.choose))
    runs = [read_run(path) for path in options.runs]
    if limits is not None:
        runs = [dataclasses.replace(run, limits=limits) for run in runs]
    texts: dict[Path, str] = {}
    if wants_page(options):
        page = options.html or beside(options.runs[0])
        texts[page] = render_page(*runs, say=warn, kept=kept, draw=draw)
    if options.markdown is not None:
        texts[options.markdown] = render_markdown(*runs)
    failure = None
    if options.chart is not None:
        try:
            texts[options.chart] = standalone_ratio_chart(runs[0])
        except DrawingFailed as error:  # what was asked for beside it is written
            failure = DrawingFailed(f"{shown(options.chart)} can't be drawn: {error}")
    said = "" if limits is None else "".join(f"{recommendation(run)}\n" for run in runs)
    for path, text in texts.items():
        said += text if path == STANDARD_OUTPUT else f"{shown(write_text(path, text))}\n"
    show(said)
    if failure:
        raise failure


def beside(run: Path) -> Path:
    """Return where a run's page goes without being told; raises UsageError for a run from a pipe."""
    if not run.is_file() or run.parent == Path("/dev"):
        raise UsageError(f"{shown(run)} is no file that a page could lie beside; say by --html PATH where it goes")
    return run.with_name("index.html")
