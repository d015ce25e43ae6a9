"""``results/index.html``: one stored run or several as one self-contained page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runoff.answer.choice import choose
from runoff.answer.metrics import AGREEMENT, COLD_START, LATENCY, PEAK_MEMORY
from runoff.answer.recommendation import opening
from runoff.charts.apart import Draw, draw_or_say
from runoff.charts.drawing import Figure
from runoff.judge.ratios import FASTER, SLOWER
from runoff.report.blocks import PAGE, Section
from runoff.report.sections.contents import sections
from runoff.report.sections.side_by_side import label, side_by_side
from runoff.stored import wording
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.page import own_script, page_templates

HIGHLIGHTS = (
    (LATENCY, "median of one inference"),
    (COLD_START, "cold start"),
    (PEAK_MEMORY, "peak memory"),
    (AGREEMENT, ""),
)
"""What a page begins with of the recommended contender; what agrees with golden depends on the model."""


@dataclass(frozen=True)
class RunPart:
    """A run's part of the page; ``anchor`` begins the ids in it, ``sections`` come with their charts.

    ``highlights`` are figures of the recommended contender with what they are of.
    """

    run: StoredRun
    title: str
    anchor: str
    opening: Sequence[str]
    recommended: str | None
    highlights: Sequence[tuple[str, str]]
    sections: Sequence[tuple[Section, Sequence[Figure]]]


def render_page(
    *runs: StoredRun, say: Callable[[str], object] = str, kept: Path | None = None, draw: Draw | None = None
) -> str:
    """Write runs as one HTML file that asks for nothing else.

    Its charts are drawn by another process, which ``draw`` asks where it was begun before, or were drawn before and are
    ``kept`` in this folder. Where that process dies, ``say`` is given a line, which the page has too in place of its
    charts.
    """
    templates = page_templates("runoff.report")
    script, script_hash = own_script(templates, "sort.js")
    for name in templates.list_templates(extensions=["html"]):
        templates.get_template(name)  # now, while what draws gets ready
    several = len(runs) > 1
    shown = [(run, sections(run, PAGE)) for run in runs]
    charts = [chart(run) for run, parts in shown for part in parts for chart in part.charts]
    said: list[str] = []
    drawn = iter(draw_or_say([figure for figure in charts if figure], said.append, kept, draw))
    figures = iter([figure and next(drawn) for figure in charts])
    for line in said:
        say(line)
    return templates.get_template("index.html").render(
        parts=[make_part(run, parts, number, figures, several) for number, (run, parts) in enumerate(shown, 1)],
        missing=said,
        overview=side_by_side(runs) if several else [],
        wording=wording,
        numbers=numbers,
        script=script,
        script_hash=script_hash,
    )


def make_part(
    run: StoredRun, shown: Sequence[Section], number: int, figures: Iterator[Figure | None], several: bool
) -> RunPart:
    """Collect what is shown of a run, with its figures, of which each chart takes the next.

    A section without anything to show is left out.
    """
    recommended = choose(run).recommended
    drawn = [(section, [figure for _ in section.charts if (figure := next(figures))]) for section in shown]
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


def highlights(run: StoredRun, recommended: Row) -> list[tuple[str, str]]:
    """Return the figures of the recommended contender that a reader wants first, each with what it is of."""
    shown = []
    if recommended.ratio and recommended.verdict in (FASTER, SLOWER):
        times, word = numbers.times(recommended.ratio.value).split()
        shown.append((times, f"{word} than {run.stratum.reference}"))
    for metric, what in HIGHLIGHTS:
        if (value := metric.read(recommended)) is not None:
            shown.append((numbers.figure(value, metric.unit), what or f"{wording.agrees(run)} with golden"))
    return shown
