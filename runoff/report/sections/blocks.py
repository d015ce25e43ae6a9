"""The sections of a run on a terminal: a compact block each."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from runoff.report.sections.questions import sections
from runoff.report.sections.sections import Section
from runoff.stored.run import StoredRun

GAP = 2


def print_sections(console: Console, run: StoredRun) -> None:
    """Print a block for each question: its title, its table, its notes."""
    for section in sections(run):
        console.print()
        console.print(section.title, style="bold")
        if section.rows:
            console.print(draw(section, console.width))
        for note in section.notes:
            console.print(note)


def draw(section: Section, width: int) -> Table:
    """Draw a question's table; where it does not fit, columns go first, then verdicts and names over several lines."""
    shown = columns_that_fit(section, width)
    fits = needed(shown, section) <= width
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for heading, _ in shown:
        figures = section.is_figure(heading)
        table.add_column(
            heading,
            justify="right" if figures else "left",
            no_wrap=figures or (fits and heading == section.headings[0]),
            overflow="fold",
        )
    for row in zip(*(cells for _, cells in shown), strict=True):
        table.add_row(*row)
    return table


def columns_that_fit(section: Section, width: int) -> list[tuple[str, Sequence[str]]]:
    """Choose the columns, each a heading and its cells, so that no word has to be broken."""
    shown: list[tuple[str, Sequence[str]]] = [
        (heading, cells) for heading, *cells in zip(section.headings, *section.rows, strict=True)
    ]
    for going in section.first_to_go:
        if needed(shown, section) > width:
            shown = [column for column in shown if column[0] != going]
    return shown


def needed(shown: Sequence[tuple[str, Sequence[str]]], section: Section) -> int:
    """Give the width below which a table of these columns would break a word."""
    return sum(narrowest(heading, cells, breaks=heading in section.words) + GAP for heading, cells in shown) - GAP


def narrowest(heading: str, cells: Sequence[str], *, breaks: bool) -> int:
    """Give the width below which a column would break a word."""
    parts = " ".join(cells).split() if breaks else list(cells)
    return max(map(len, [*heading.splitlines(), *parts]))
