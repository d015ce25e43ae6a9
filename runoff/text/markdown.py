"""Tables and notes as GitHub markdown, and text that stays text in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from runoff.text.table import Note, Table

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&#$!]|:(?=//)|(?<=www)\.)", flags=re.IGNORECASE)
MENTION = re.compile(r"(?<!\w)@(?=\w)")
JOINER = "\N{WORD JOINER}"


def escape(text: str) -> str:
    """Write text so that markdown shows it as it is: no markup, no link, and nobody is mentioned."""
    return MENTION.sub(f"@{JOINER}", SPECIAL.sub(r"\\\1", text))


def table_lines(table: Table) -> list[str]:
    """Write a table with an empty line beneath it; nothing where it has no rows."""
    if not table.rows:
        return []
    return [
        table_row([escape(column.title) for column in table.columns]),
        table_row(["---:" if column.is_figure else ":---" for column in table.columns]),
        *(table_row([escape(cell) for cell in cells]) for cells in table.rows),
        "",
    ]


def table_row(cells: Sequence[str]) -> str:
    """Write a row of a table."""
    return f"| {' | '.join(cells)} |"


def note_lines(notes: Iterable[Note]) -> list[str]:
    """Write notes as the items of a list."""
    return [f"- {f'**{escape(note.label)}**: ' if note.label else ''}{escape(note.text)}" for note in notes]
