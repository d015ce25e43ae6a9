"""``results/index.html``: one stored run or several as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runoff.charts.drawing import Figure
from runoff.report.answer.choice import choose
from runoff.report.answer.claims import claims_section
from runoff.report.charts import Group, groups, section_figures
from runoff.report.sections import words
from runoff.report.sections.comparison import comparison_table
from runoff.report.sections.highlights import Highlight, highlights
from runoff.report.sections.percentiles import percentile_table
from runoff.report.sections.questions import sections
from runoff.report.sections.recommendation import opening
from runoff.report.sections.sections import Section
from runoff.report.sections.setting import contender_table
from runoff.report.sections.side_by_side import label, overview_section, ratios_section
from runoff.report.write.download import Download, download
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.page import own_script, page_templates
from runoff.text.table import Table, plain_notes


@dataclass(frozen=True)
class Shown:
    """A run and all that is shown of it; ``anchor`` begins the ids of its part of the page."""

    run: StoredRun
    title: str
    anchor: str
    opening: Sequence[str]
    recommended: str | None
    highlights: Sequence[Highlight]
    comparison: Table
    percentiles: Table
    contenders: Table
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
    templates = page_templates("runoff.report")
    script, script_hash = own_script(templates, "sort.js")
    several = len(runs) > 1
    return templates.get_template("index.html").render(
        shown=[show(run, number, several=several) for number, run in enumerate(runs, 1)],
        overview=[section for section in (overview_section(runs), ratios_section(runs)) if section] if several else [],
        words=words,
        wording=wording,
        numbers=numbers,
        plain_notes=plain_notes,
        script=script,
        script_hash=script_hash,
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
        comparison=comparison_table(run),
        percentiles=percentile_table(run),
        contenders=contender_table(run),
        claims=claims_section(run),
        groups=groups(run),
        sections=sections(run),
        section_figures=section_figures(run),
        download=download(run),
    )


def write_page(run: StoredRun, destination: Path) -> None:
    """Write the page of one run; raises OSError where that can't be done."""
    destination.write_text(render_page(run), encoding="utf-8")
