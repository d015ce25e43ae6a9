"""``history.html``: the lines and steps as one self-contained page."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from runoff.history import words
from runoff.history.charts import panels
from runoff.history.lines import History


def render_history(history: History) -> str:
    """Draw a history as one HTML file that asks for nothing else."""
    templates = Environment(
        loader=PackageLoader("runoff.report"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("history.html").render(
        history=history,
        words=words,
        sections=[(section, panels(section)) for section in history.sections],
    )
