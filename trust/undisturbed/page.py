"""The figures of the experiment as a page in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runoff.text.page import page_templates
from trust.page import made_line, percent
from trust.undisturbed.judged import LEAST, MOST


def render_page(figures: Mapping[str, Any]) -> str:
    """Write the page."""
    templates = page_templates("trust")
    templates.filters |= {"percent": percent, "made": made_line}
    return templates.get_template("undisturbed.md.jinja").render(figures, least=LEAST, most=MOST)
