"""``history.html``: the lines and steps as one self-contained page."""

from __future__ import annotations

from runoff.history import words
from runoff.history.charts import panels
from runoff.history.lines import History
from runoff.text.page import page_templates


def render_history(history: History) -> str:
    """Draw a history as one HTML file that asks for nothing else."""
    return (
        page_templates("runoff.history")
        .get_template("history.html")
        .render(
            history=history,
            words=words,
            sections=[(section, panels(section)) for section in history.sections],
        )
    )
