"""The comparison on a terminal: one row a contender, the control's line, warnings, and what is recommended."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from runoff.judge.ratios import FASTER, REFERENCE, SLOWER
from runoff.report.sections import words
from runoff.report.sections.blocks import print_sections
from runoff.report.sections.columns import Column, columns
from runoff.report.sections.recommendation import recommendation
from runoff.stored.run import StoredRun

WIDTH = 100
GAP = 2
FIRST_TO_GO = ("artifact", "deploy", "of", "p95", "choice")
COLOURS = {FASTER: "green", SLOWER: "yellow", REFERENCE: "bold", words.UNMEASURED: "red", words.OPEN: ""}


def render_table(run: StoredRun, *, width: int = WIDTH, colour: bool = False) -> str:
    """Draw a run as text, at most ``width`` columns wide."""
    text = io.StringIO()
    console = console_for(text, width=width, colour=colour)
    if run.raced:
        console.print(draw_table(run, width))
    for row in run.rows:
        if why := words.why_unmeasured(row):
            console.print(f"{row.contender}: {why}")
    if run.raced:
        console.print(words.control_line(run))
    for reason in words.withheld_percentiles(run):
        console.print(reason)
    console.print(words.setting_line(run))
    print_sections(console, run)
    for warning in run.warnings:
        console.print(f"! {warning}", style="yellow")
    if run.raced:
        console.print(recommendation(run), style="bold")
    return text.getvalue()


def draw_table(run: StoredRun, width: int) -> Table:
    """Draw one row a contender."""
    shown = columns_that_fit(run, width)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    names_fit = needed(shown, run) <= width
    for column in shown:
        table.add_column(
            column.heading,
            justify="right" if column.numeric else "left",
            no_wrap=column.numeric or (names_fit and column.title == "contender"),
            overflow="fold",
        )
    for row in run.rows:
        table.add_row(*(column.write(row) for column in shown), style=COLOURS[words.tone(row)])
    return table


def console_for(text: io.StringIO, *, width: int, colour: bool) -> Console:
    """Give a console that writes what it is given, names with brackets in them too, as it is."""
    return Console(
        file=text,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        markup=False,
        highlight=False,
        emoji=False,
    )


def columns_that_fit(run: StoredRun, width: int) -> list[Column]:
    """Choose the columns so that no word has to be broken; a verdict in words alone may go over several lines."""
    shown = list(columns(run))
    for going in FIRST_TO_GO:
        if needed(shown, run) > width:
            shown = [column for column in shown if not column.heading.startswith(going)]
    return shown


def needed(shown: Sequence[Column], run: StoredRun) -> int:
    """Give the width that a table of these columns needs at least."""
    return sum(narrowest(column, run) + GAP for column in shown) - GAP


def narrowest(column: Column, run: StoredRun) -> int:
    """Give the width below which a column would break a word, or a figure from its word."""
    parts = column.heading.splitlines()
    for row in run.rows:
        text = column.write(row)
        parts += text.split() if column.title == "verdict" and text == row.verdict else [text]
    return max(map(len, parts))
