"""Tables and notes on a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table as RichTable

from runoff.text.table import Column, Note, Table

WIDTH = 100
GAP = 2
FEWEST_LETTERS = 10
"""Room for so many of a broken name or word can still be read."""
STYLES = {
    "faster": "green",
    "slower": "yellow",
    "failing": "red",
    "unmeasured": "red",
    "reference": "bold",
    "heading": "bold",
}
"""How a row is drawn, by what it is to the eye."""


def make_console(text: io.StringIO, *, width: int, colour: bool) -> Console:
    """Make a console that writes what it is given, names with brackets in them too, as it is."""
    return Console(
        file=text,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        markup=False,
        highlight=False,
        emoji=False,
    )


def print_notes(console: Console, notes: Iterable[Note], style: str | None = None) -> None:
    """Print notes, each beginning a line."""
    for note in notes:
        console.print(f"{note.label}: {note.text}" if note.label else note.text, style=style)


def draw_table(table: Table, width: int) -> RichTable:
    """Draw a table; where it does not fit, columns go first, then words and names are broken over several lines.

    Where figures leave no room for words, each row is a block of lines instead, with nothing left out.
    """
    shown, fits = columns_that_fit(table, width)
    styles = [STYLES.get(kind, "") for kind in table.classes] or [""] * len(table.rows)
    figures = sum(narrowest(column, cells) + GAP for column, cells in shown if column.is_figure)
    if not fits and figures + sum(FEWEST_LETTERS + GAP for column, _ in shown if not column.is_figure) - GAP > width:
        return draw_blocks(table, styles)
    drawn = RichTable(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for column, _ in shown:
        drawn.add_column(
            column.heading,
            justify="right" if column.is_figure else "left",
            no_wrap=column.is_figure or (fits and not column.is_broken),
            overflow="fold",
        )
    for cells, style in zip(zip(*(cells for _, cells in shown), strict=True), styles, strict=True):
        drawn.add_row(*cells, style=style)
    return drawn


def draw_blocks(table: Table, styles: Sequence[str]) -> RichTable:
    """Draw each row as its name and, below it, what the row has under each heading."""
    drawn = RichTable(box=None, pad_edge=False, padding=0, show_header=False)
    drawn.add_column(overflow="fold")
    for cells, style in zip(table.rows, styles, strict=True):
        drawn.add_row(cells[0], style=style)
        for column, cell in list(zip(table.columns, cells, strict=True))[1:]:
            if cell:
                drawn.add_row(f"    {column.title}: {cell}", style=style)
    return drawn


def columns_that_fit(table: Table, width: int) -> tuple[list[tuple[Column, tuple[str, ...]]], bool]:
    """Choose columns, each with its cells, so that no word has to be broken; and say whether there is room for them."""
    shown = list(zip(table.columns, zip(*table.rows, strict=True), strict=True))
    for heading in (None, *table.droppable):
        shown = [(column, cells) for column, cells in shown if column.heading != heading]
        fits = sum(narrowest(column, cells) + GAP for column, cells in shown) - GAP <= width
        if fits:
            break
    return shown, fits


def narrowest(column: Column, cells: Sequence[str]) -> int:
    """Return the width below which a column would break a word, or a factor from its word."""
    parts = " ".join(cells).replace("× ", "×_").split() if column.is_broken else list(cells)
    return max(map(len, [*column.heading.splitlines(), *parts]))
