"""What a question beyond the comparison has to show: a table with a title, the same on page, terminal and Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from runoff.text.table import VERDICT, Table, make_columns


@dataclass(frozen=True)
class Section:
    """A question's table, whose first column names the contender, and the notes beneath it.

    ``name`` is its anchor on the page, ``caption`` says what is in it. Columns hold figures unless named in ``words``;
    those named in ``first_to_go`` can be left out where there is no room.
    """

    name: str
    title: str
    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    first_to_go: tuple[str, ...] = ()
    words: frozenset[str] = frozenset({VERDICT})

    @property
    def table(self) -> Table:
        """Its table."""
        columns = make_columns(self.headings, self.words)
        return Table(self.caption, columns, self.rows, droppable=self.first_to_go)
