"""``python -m runoff``: what can be done with a stored run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from runoff.contract import RunoffError
from runoff.report.charts import standalone_ratio_chart
from runoff.report.markdown import render_markdown
from runoff.report.page import render_page
from runoff.report.stored import read_run

BROKEN = 2


def make_parser() -> argparse.ArgumentParser:
    """Declare the commands."""
    parser = argparse.ArgumentParser(prog="python -m runoff", description="Runoff: reports from stored runs")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    report = commands.add_parser("report", help="write a stored run as a page, as markdown or as a chart")
    report.add_argument("run", type=Path, metavar="RUN.json", help="a stored run, such as results/runoff.json")
    report.add_argument("--html", type=Path, metavar="PATH", help="the page (default: index.html beside the run)")
    report.add_argument("--markdown", type=Path, metavar="PATH", help="the table as GitHub markdown")
    report.add_argument("--chart", type=Path, metavar="PATH.svg", help="the chart of ratios, on white")
    report.set_defaults(do=write_reports)
    return parser


def write_reports(options: argparse.Namespace) -> None:
    """Write what was asked for, the page where nothing was; everything is drawn before anything is written."""
    run = read_run(options.run)
    page = options.html
    if not (options.html or options.markdown or options.chart):
        page = options.run.with_name("index.html")
    asked = ((page, render_page), (options.markdown, render_markdown), (options.chart, standalone_ratio_chart))
    drawn = [(path, render(run)) for path, render in asked if path is not None]
    for path, text in drawn:
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give the exit code: 0, or 2 for what can't be read, drawn or written."""
    options = make_parser().parse_args(arguments)
    try:
        options.do(options)
    except RunoffError as error:
        sys.stderr.write(f"runoff: {error}\n")
        return BROKEN
    except OSError as error:
        sys.stderr.write(f"runoff: {error.filename} can't be written: {error.strerror}\n")
        return BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
