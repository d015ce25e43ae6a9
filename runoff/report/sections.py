"""What a question beyond the comparison has to show: a table with a title, the same on page, terminal and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """A table of texts: the first column names contenders, all others hold figures unless named in ``words``.

    ``name`` is its anchor on the page, ``caption`` says what is in it, ``notes`` how to read it.
    """

    name: str
    title: str
    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    words: frozenset[str] = frozenset()

    def is_figure(self, column: int) -> bool:
        """Tell whether a column holds figures, which are aligned to the right."""
        return column > 0 and self.headings[column] not in self.words
