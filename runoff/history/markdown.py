"""The steps of a history as GitHub markdown, for step summaries."""

from __future__ import annotations

from runoff.history import words
from runoff.history.lines import History
from runoff.text.markdown import escape, note_lines, table_lines
from runoff.text.table import plain_notes


def render_history_markdown(history: History) -> str:
    """Write what was found, a row for each step, and what was left out."""
    steps, remarks = table_lines(words.step_table(history)), note_lines(plain_notes(words.remarks(history)))
    return "\n".join([f"**{escape(words.answer(history))}**", "", *steps, *remarks]).rstrip("\n") + "\n"
