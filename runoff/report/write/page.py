"""``results/index.html``: one stored run or several as one self-contained page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from runoff.report.answer.choice import choose
from runoff.report.answer.claims import claims_section
from runoff.report.charts import Group, groups, section_figures
from runoff.report.charts.drawing import Figure
from runoff.report.sections import words
from runoff.report.sections.columns import Column, columns
from runoff.report.sections.highlights import Highlight, highlights
from runoff.report.sections.questions import sections
from runoff.report.sections.recommendation import opening
from runoff.report.sections.sections import Section
from runoff.report.sections.side_by_side import label, overview_section, ratios_section
from runoff.report.write.download import Download, download
from runoff.stored.run import StoredRun


@dataclass(frozen=True)
class Shown:
    """A run and all that is shown of it; ``anchor`` begins the ids of its part of the page."""

    run: StoredRun
    title: str
    anchor: str
    opening: Sequence[str]
    recommended: str | None
    highlights: Sequence[Highlight]
    columns: Sequence[Column]
    claims: Section | None
    groups: Sequence[Group]
    sections: Sequence[Section]
    section_figures: dict[str, Figure]
    download: Download

    @property
    def contents(self) -> list[tuple[str, str]]:
        """The anchors and titles of its parts, in order."""
        parts = (self.claims, *self.groups, *self.sections)
        return [
            *([("comparison", "Comparison")] if self.run.raced else []),
            *((part.name, part.title) for part in parts if part),
            ("method", "How it was measured"),
            ("setting", "What was measured"),
            ("repeat", "Repeat it, look closer"),
        ]


def render_page(*runs: StoredRun) -> str:
    """Draw runs as one HTML file that asks for nothing else."""
    templates = Environment(
        loader=PackageLoader("runoff.report"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["described"] = described
    script = templates.loader.get_source(templates, "sort.js")[0] if templates.loader else ""
    several = len(runs) > 1
    return templates.get_template("index.html").render(
        shown=[show(run, number, several=several) for number, run in enumerate(runs, 1)],
        overview=[section for section in (overview_section(runs), ratios_section(runs)) if section] if several else [],
        words=words,
        script=Markup(script),  # noqa: S704  # it is our own file
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
    )


def show(run: StoredRun, number: int, *, several: bool) -> Shown:
    """Collect what is shown of a run."""
    recommended = choose(run).recommended
    return Shown(
        run=run,
        title=label(number).capitalize(),
        anchor=f"run-{number}-" if several else "",
        opening=opening(run),
        recommended=recommended.contender if recommended else None,
        highlights=highlights(run, recommended) if recommended else [],
        columns=columns(run),
        claims=claims_section(run),
        groups=groups(run),
        sections=sections(run),
        section_figures=section_figures(run),
        download=download(run),
    )


def described(figure: Figure) -> Markup:
    """Give a chart's SVG as an image with its content in words, for those who can't see it."""
    opened = f'<svg role="img" aria-label="{escape(figure.alternative)}" '
    return Markup(figure.svg.replace("<svg ", opened, 1))  # noqa: S704  # Vega escapes the texts in its SVG


def write_page(run: StoredRun, destination: Path) -> None:
    """Write the page of one run; raises OSError where that can't be done."""
    destination.write_text(render_page(run), encoding="utf-8")
