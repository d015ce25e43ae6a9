"""The comparison: one row a contender, the same on a terminal, on the page and in Markdown."""

from __future__ import annotations

from collections.abc import Callable

from runoff.answer.choice import Selection, choose
from runoff.answer.recommendation import STAR
from runoff.report.blocks import MARKDOWN, TERMINAL, Section
from runoff.report.sections.percentiles import withheld
from runoff.stored import wording
from runoff.stored.model import SPEED_ONLY
from runoff.stored.precision import precision_line
from runoff.stored.probe import probe_line
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun
from runoff.stored.undisturbed import ratios_line, widened_line
from runoff.text import numbers
from runoff.text.table import FIGURE, NAME, VERDICT, WORDS, Column, Note, Table, plain_notes

MEDIAN = "median\nms"
FRONT, MISSES = "front", "misses"
MARKS = (STAR, FRONT, numbers.NOTHING, MISSES)
"""What is in the column of the choice, the best first."""
DROPPABLE = ("artifact\nMB", "deploy\nMB", "of\npeak", "beside a\nneighbour ×", "p95\nms", "choice", "cold\nstart s")

Read = Callable[[Row], float | None]


def comparison_section(run: StoredRun) -> Section:
    """Compare all contenders, say why one was not measured, what the control showed, and what is withheld."""
    reasons = [(row.contender, wording.why_unmeasured(row)) for row in run.rows]
    notes = [Note(contender, reason) for contender, reason in reasons if reason]
    if not run.raced:
        return Section("comparison", "Comparison", notes=tuple(notes), shown_in=(TERMINAL, MARKDOWN))
    measured = {row.contender: row.percentiles for row in run.timed if row.percentiles}
    meaning = filter(None, [wording.speed_only_line(run), wording.agreement_meaning(run), wording.unchecked_line(run)])
    noise = [wording.control_line(run), widened_line(run), precision_line(run), probe_line(run.info.probe)]
    sentences = [*meaning, *filter(None, [ratios_line(run), *noise]), *(f"{line}." for line in withheld(measured))]
    return Section("comparison", "Comparison", comparison_table(run), (*notes, *plain_notes(sentences)))


def comparison_table(run: StoredRun) -> Table:
    """Write a row for each contender; what was measured of no contender has no column."""
    choice = choose(run)
    speed_only = f"; {SPEED_ONLY}, with random weights" if run.model and run.model.speed_only else ""
    undisturbed = [row.undisturbed for row in run.rows]
    two = any(undisturbed)
    typical = f"{'typical ratio' if two else 'ratio to reference'}\n{wording.interval_heading(run)}".strip()
    columns = [
        (Column("contender", NAME), [row.contender for row in run.rows]),
        figures(run, MEDIAN, numbers.milliseconds, lambda row: row.median),
        figures(run, "p95\nms", numbers.milliseconds, lambda row: wording.percentile(row, "p95")),
        (
            Column(typical, values=tuple(row.ratio.value if row.ratio else None for row in run.rows)),
            [numbers.ratio(row.ratio) for row in run.rows],
        ),
        (
            Column(
                "undisturbed\nratio", values=tuple(one.value if (one := row.undisturbed) else None for row in run.rows)
            ),
            [numbers.ratio_with_reach(row.undisturbed) for row in run.rows],
        ),
        figures(run, "cold\nstart s", numbers.seconds, lambda row: row.cold_start),
        figures(run, "peak\nMB", numbers.megabytes, lambda row: row.peak),
        figures(run, wording.agrees(run).replace(" ", "\n"), numbers.share, lambda row: row.agreement),
        figures(run, "artifact\nMB", numbers.megabytes, lambda row: row.artifact),
        figures(run, "deploy\nMB", numbers.megabytes, lambda row: row.footprint),
        figures(run, "of\npeak", numbers.percent, lambda row: row.of_peak),
        figures(run, "beside a\nneighbour ×", numbers.factor, lambda row: row.neighbour),
        (
            Column("choice", WORDS, tuple(float(MARKS.index(mark(row, choice))) for row in run.rows)),
            [mark(row, choice) for row in run.rows],
        ),
        (Column(VERDICT, VERDICT), [wording.verdict(row) for row in run.rows]),
    ]
    shown = [
        (column, cells)
        for column, cells in columns
        if column.kind in (NAME, VERDICT) or any(cell != numbers.NOTHING for cell in cells)
    ]
    return Table(
        caption=f"One inference of a batch of one, a cold start, peak memory and agreement, by contender{speed_only}",
        columns=tuple(column for column, _ in shown),
        rows=tuple(zip(*(cells for _, cells in shown), strict=True)),
        classes=tuple(wording.verdict_class(row) for row in run.rows),
        droppable=DROPPABLE,
        sorted_by=MEDIAN,
    )


def figures(run: StoredRun, heading: str, write: Callable[[float | None], str], read: Read) -> tuple[Column, list[str]]:
    """Return the column of a figure that a row has, or has not, and its cells."""
    values = tuple(read(row) for row in run.rows)
    return Column(heading, FIGURE, values), [write(value) for value in values]


def mark(row: Row, choice: Selection) -> str:
    """Mark the recommended contender, those on the Pareto front, and those that miss a limit."""
    if row is choice.recommended:
        return STAR
    if row in choice.front:
        return FRONT
    missed = choice.recommended and row in choice.candidates and row not in choice.meeting
    return MISSES if missed else numbers.NOTHING
