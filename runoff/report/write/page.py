"""``results/index.html``: one stored run or several as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runoff.answer.choice import choose
from runoff.answer.highlights import Highlight, highlights
from runoff.answer.recommendation import opening
from runoff.charts.drawing import Figure
from runoff.report.blocks import PAGE, Section
from runoff.report.sections.contents import sections
from runoff.report.sections.side_by_side import label, side_by_side
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.page import own_script, page_templates


@dataclass(frozen=True)
class RunPart:
    """A run's part of the page; ``anchor`` begins the ids in it, ``sections`` come with their charts."""

    run: StoredRun
    title: str
    anchor: str
    opening: Sequence[str]
    recommended: str | None
    highlights: Sequence[Highlight]
    sections: Sequence[tuple[Section, Sequence[Figure]]]


def render_page(*runs: StoredRun) -> str:
    """Draw runs as one HTML file that asks for nothing else."""
    templates = page_templates("runoff.report")
    script, script_hash = own_script(templates, "sort.js")
    several = len(runs) > 1
    return templates.get_template("index.html").render(
        parts=[make_part(run, number, several=several) for number, run in enumerate(runs, 1)],
        overview=side_by_side(runs) if several else [],
        wording=wording,
        numbers=numbers,
        script=script,
        script_hash=script_hash,
    )


def make_part(run: StoredRun, number: int, *, several: bool) -> RunPart:
    """Collect what is shown of a run; a section without anything to show is left out."""
    recommended = choose(run).recommended
    drawn = [(section, drawn_figures(run, section)) for section in sections(run, PAGE)]
    return RunPart(
        run=run,
        title=label(number).capitalize(),
        anchor=f"run-{number}-" if several else "",
        opening=opening(run),
        recommended=recommended.contender if recommended else None,
        highlights=highlights(run, recommended) if recommended else [],
        sections=[
            (section, figures)
            for section, figures in drawn
            if figures or section.notes or (section.table and section.table.rows) or section.details
        ],
    )


def drawn_figures(run: StoredRun, section: Section) -> list[Figure]:
    """Draw a section's charts, those that the run has figures for."""
    return [figure for draw in section.charts if (figure := draw(run)) is not None]


def write_page(run: StoredRun, destination: Path) -> None:
    """Write the page of one run; raises OSError where that can't be done."""
    destination.write_text(render_page(run), encoding="utf-8")
