"""The figures of the experiments as a page in Markdown, each beside what was aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

from runoff.across.racing import revision
from runoff.text import numbers
from runoff.text.page import page_templates

EXPERIMENTS = ("simulated", "disturbance", "looks", "detection", "side_by_side", "cost")

SHOWN = 12
"""How many digits of a revision are written."""


def render_page(figures: Mapping[str, Any]) -> str:
    """Write the page; experiments that were not run are absent."""
    templates = page_templates("trust")
    templates.filters["percent"] = percent
    shown = dict.fromkeys(EXPERIMENTS) | dict(figures)
    return templates.get_template("trust.md.jinja").render(shown, made=made_words(figures))


def made_now() -> dict[str, str]:
    """Return when figures are made, and by which revision; that is empty where it can't be known."""
    return {"date": datetime.now(timezone.utc).date().isoformat(), "revision": revision()}


def made_words(figures: Mapping[str, Any]) -> str:
    """Say when which experiments were run, and by which revision; empty where no figures say so."""
    named: dict[str, list[str]] = {}
    for name in EXPERIMENTS:
        if made := (figures.get(name) or {}).get("made"):
            named.setdefault(made_line(made), []).append(name.replace("_", " "))
    return "; ".join(f"{numbers.listing(names)}: {line}" for line, names in named.items())


def made_line(made: Mapping[str, str]) -> str:
    """Write a day and a revision."""
    day = date.fromisoformat(made["date"])
    commit, *changes = made["revision"].split(" ", 1)
    return f"{day.day} {day:%B %Y}, revision {' '.join([commit[:SHOWN], *changes]) or 'unknown'}"


def percent(share: float, digits: int = 2) -> str:
    """Write a share in per cent."""
    return numbers.percent(share, digits)
