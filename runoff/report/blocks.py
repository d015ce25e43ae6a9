"""What a section of a report consists of, the same on a terminal, in Markdown and on the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runoff.charts.drawing import Figure
from runoff.stored.run import StoredRun
from runoff.text.table import Note, Table

TERMINAL, MARKDOWN, PAGE = "terminal", "markdown", "page"


@dataclass(frozen=True)
class Download:
    """A link: the file's name, the address that holds all of it, its size, and what was left out."""

    name: str
    address: str
    size: str
    left_out: str


@dataclass(frozen=True)
class Section:
    """A part of a report under a title; ``name`` is its anchor on the page, ``shown_in`` what it is a part of.

    Its blocks come in this order: ``details`` (what something is and its values), one table, notes, ``code`` to be
    copied, a download, and charts, which are drawn when the page is; one that has too few figures draws nothing.
    """

    name: str
    title: str
    table: Table | None = None
    notes: tuple[Note, ...] = ()
    charts: tuple[Callable[[StoredRun], Figure | None], ...] = ()
    details: tuple[tuple[str, tuple[str, ...]], ...] = ()
    code: str = ""
    download: Download | None = None
    shown_in: tuple[str, ...] = (TERMINAL, MARKDOWN, PAGE)
