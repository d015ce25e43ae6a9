"""A table as it is shown everywhere: on a terminal, in Markdown, on a page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

NAME, FIGURE, WORDS, VERDICT = "name", "figure", "words", "verdict"
"""What a column holds: names, figures, which are aligned to the right and never broken, words, and verdicts."""


@dataclass(frozen=True)
class Column:
    """A column: its heading in one line or two, what it holds, and the numbers that a reader can sort it by."""

    heading: str
    kind: str = FIGURE
    values: tuple[float | None, ...] = ()

    @property
    def title(self) -> str:
        """The heading in one line."""
        return self.heading.replace("\n", " ")

    @property
    def is_figure(self) -> bool:
        """Whether it holds figures."""
        return self.kind == FIGURE

    @property
    def is_broken(self) -> bool:
        """Whether its cells may go over several lines."""
        return self.kind not in (NAME, FIGURE)


@dataclass(frozen=True)
class Table:
    """Columns and rows, whose first cell names what a row is of; ``caption`` says what is in it.

    ``classes`` say what each row is to the eye. Where there is no room, the columns that are ``droppable`` go, in this
    order. ``sorted_by`` is the heading of the column that the rows come in the order of; then others can be chosen.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    classes: tuple[str, ...] = ()
    droppable: tuple[str, ...] = ()
    sorted_by: str = ""


@dataclass(frozen=True)
class Note:
    """Something said, and the word that it stands under; empty where there is none."""

    label: str
    text: str


def make_table(
    caption: str, rows: Sequence[Mapping[str, str]], words: Collection[str] = (), droppable: tuple[str, ...] = ()
) -> Table:
    """Make a table of rows that all have their cells by the same headings, in the order of the columns.

    The first column is of names; the others are of figures, but for the verdict and those in ``words``.
    """
    headings = [*rows[0]] if rows else []
    kinds = {VERDICT: VERDICT, **dict.fromkeys(words, WORDS), **dict.fromkeys(headings[:1], NAME)}
    columns = tuple(Column(heading, kinds.get(heading, FIGURE)) for heading in headings)
    return Table(caption, columns, tuple(tuple(cells.values()) for cells in rows), droppable=droppable)


def plain_notes(texts: Iterable[str]) -> tuple[Note, ...]:
    """Make notes without a word that they stand under."""
    return tuple(Note("", text) for text in texts)
