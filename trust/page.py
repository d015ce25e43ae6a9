"""The figures of the experiments as a page in Markdown, each beside what was aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runoff.text.page import page_templates

EXPERIMENTS = ("simulated", "disturbance", "detection", "side_by_side", "cost")


def render_page(figures: Mapping[str, Any]) -> str:
    """Write the page; experiments that were not run are absent."""
    templates = page_templates("trust")
    templates.filters["percent"] = percent
    return templates.get_template("trust.md.jinja").render(dict.fromkeys(EXPERIMENTS) | dict(figures))


def percent(share: float, digits: int = 2) -> str:
    """Write a share in per cent."""
    return f"{share * 100:.{digits}f} %"
