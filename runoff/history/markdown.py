"""The steps of a history as GitHub markdown, for step summaries."""

from __future__ import annotations

from runoff.history import words
from runoff.history.lines import History
from runoff.report.write.markdown import escape, table_row


def render_history_markdown(history: History) -> str:
    """Write what was found, a row for each step, and what was left out."""
    lines = [f"**{escape(words.answer(history))}**", ""]
    if history.steps:
        lines += [table_row(list(words.STEP_HEADINGS)), table_row([":---"] * len(words.STEP_HEADINGS))]
        lines += [table_row([escape(cell) for cell in cells]) for cells in words.step_rows(history)]
        lines.append("")
    lines += [f"- {escape(remark)}" for remark in words.remarks(history)]
    return "\n".join(lines).rstrip("\n") + "\n"
