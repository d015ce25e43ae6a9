"""Two compared runs in words: for a terminal, and as GitHub markdown."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import groupby

from runoff.compare.changes import (
    EXIT_MEANINGS,
    MISSING,
    NEW,
    NOTHING_WORSE,
    SECONDS,
    Change,
    Comparison,
    ReferenceChange,
)
from runoff.compare.outcome import limit, outcome
from runoff.judge.ratios import CONFIDENCE, EXPLORATORY, FASTER, FEWEST_LAUNCHES, INCONCLUSIVE, SLOWER
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.stored.schema import one_line
from runoff.stored.stratum import have_the_same_pictures
from runoff.text import numbers
from runoff.text.markdown import escape, note_lines, table_lines
from runoff.text.table import NAME, VERDICT, Column, Note, Table
from runoff.text.terminal import WIDTH, draw_table, make_console, print_notes

NEXT_BASELINE = (
    "race both in one run (--tree NAME=FOLDER or --environment NAME=PYTHON brings the second in as a contender), "
    "or measure a new baseline here and compare with that"
)


def render_comparison(found: Comparison, names: tuple[str, str], *, width: int = WIDTH, colour: bool = False) -> str:
    """Draw a comparison as text, at most ``width`` columns wide; ``names`` are those of the files, base and head."""
    text = io.StringIO()
    console = make_console(text, width=width, colour=colour)
    console.print(outcome(found), style="green" if found.exit_code == NOTHING_WORSE else "red")
    console.print()
    if found.changes:
        console.print(draw_table(grouped_table(found), width))
        console.print()
    print_notes(console, notes(found, names))
    return text.getvalue()


def render_markdown_comparison(found: Comparison, names: tuple[str, str]) -> str:
    """Write a comparison as GitHub markdown."""
    lines = [escape(outcome(found)), "", *table_lines(changes_table(found)), *note_lines(notes(found, names))]
    return "\n".join(lines) + "\n"


def changes_table(found: Comparison) -> Table:
    """Write the changes, one row each: metric, contender, both ratios, the change and what it shows."""
    figures = ("base\nratio", "head\nratio", f"change\n[{CONFIDENCE * 100:.3g} % interval]")
    names = (Column("metric", NAME), Column("contender", NAME))
    return Table(
        caption="",
        columns=(*names, *map(Column, figures), Column(VERDICT, VERDICT)),
        rows=tuple(
            (
                change.group,
                change.contender,
                f"{change.base:.3f}",
                f"{change.head:.3f}",
                numbers.growth_with_interval(change.change),
                f"{change.verdict}, beyond {limit(found.fail_above)}" if change.fails else change.verdict,
            )
            for change in found.changes
        ),
        classes=tuple(change_class(change) for change in found.changes),
    )


def grouped_table(found: Comparison) -> Table:
    """Write the changes with each metric as a heading above its contenders, which takes less room."""
    table = changes_table(found)
    rows: list[tuple[tuple[str, ...], str]] = []
    for group, lines in groupby(zip(table.rows, table.classes, strict=True), lambda line: line[0][0]):
        rows.append(((group, "", "", "", ""), "heading"))
        rows += [((f"  {contender}", *cells), kind) for (_, contender, *cells), kind in lines]
    return replace(
        table,
        columns=table.columns[1:],
        rows=tuple(cells for cells, _ in rows),
        classes=tuple(kind for _, kind in rows),
    )


def change_class(change: Change) -> str:
    """Return what a change is to the eye."""
    if change.fails:
        return "failing"
    return SLOWER if change.is_worse else FASTER if change.is_better else ""


def notes(found: Comparison, names: tuple[str, str]) -> list[Note]:
    """Say all that there is to say beneath the table."""
    said = [Note("differs", difference) for difference in found.differences]
    if found.differences:
        said.append(Note("next", NEXT_BASELINE))
    for name, run in (("base", found.base), ("head", found.head)):
        if name in found.invalid:
            said.append(Note(f"invalid {name}", wording.control_line(run)))
    if found.invalid:
        said.append(Note("next", wording.MEASURE_AGAIN))
    if found.changes:
        said.append(Note("changes", tally(found)))
    if found.changes and not have_the_same_pictures(found.base.stratum, found.head.stratum):
        said.append(Note("agreement", "is not compared: the runs show other pictures; give both the same --images"))
    said += [
        Note("agreement fell", f"{fall.contender}: {numbers.share(fall.base)} → {numbers.share(fall.head)}")
        for fall in found.falls
    ]
    said += absence_lines(found)
    said += unproven_lines(found)
    if found.references:
        said.append(reference_line(found))
    said += [Note("base", file_line(names[0], found.base)), Note("head", file_line(names[1], found.head))]
    said.append(Note(f"exit code {found.exit_code}", EXIT_MEANINGS[found.exit_code]))
    return said


def tally(found: Comparison) -> str:
    """Count the verdicts."""
    counts: dict[str, int] = {}
    for change in found.changes:
        counts[change.verdict] = counts.get(change.verdict, 0) + 1
    return ", ".join(f"{number} {verdict}" for verdict, number in counts.items())


def absence_lines(found: Comparison) -> list[Note]:
    """Say what only one run has and why, all that is missing from the same groups for the same reason together."""
    groups: dict[tuple[str, str, str | None], list[str]] = {}
    for absence in found.absences:
        groups.setdefault((absence.kind, absence.name, absence.reason), []).append(absence.group)
    names: dict[tuple[str, str, str | None], list[str]] = {}
    for (kind, name, reason), where in groups.items():
        names.setdefault((kind, ", ".join(where), reason), []).append(name)
    silent = {MISSING: "head", NEW: "base"}
    said = [
        Note(kind, f"{', '.join(who)} in {where}{f': {silent[kind]} says {reason}' if reason else ''}")
        for (kind, where, reason), who in names.items()
    ]
    said += [Note("renamed?", f"{each.old} → {each.new} in {each.group}") for each in found.renamings]
    if found.unrelated:
        pairs = ", ".join(f"{contender} in {group}" for group, contender in found.unrelated)
        said.append(Note("not compared", f"{pairs}: neither run has a ratio of it"))
    return said


def unproven_lines(found: Comparison) -> list[Note]:
    """Say which changes could hide a regression, and what would show it."""
    margin = limit(min(found.base.info.margin, found.head.info.margin))
    reasons = {
        EXPLORATORY: f"a run has fewer than {FEWEST_LAUNCHES} launches or no interval, so this never fails",
        INCONCLUSIVE: f"the interval is wider than {margin}, so a difference that matters could be in it",
    }
    said = []
    for verdict, reason in reasons.items():
        if number := sum(change.verdict == verdict for change in found.changes):
            said.append(Note("unproven", f"{number} {verdict}: {reason}; measure with more --launches"))
    return said


def reference_line(found: Comparison) -> Note:
    """Say how the reference's own medians changed."""
    changed = ", ".join(reference_change(each) for each in found.references)
    return Note(
        "reference",
        f"{found.head.stratum.reference}: {changed}. The machine's own speed is part of this, so it is for information "
        "and nothing of it is gated",
    )


def reference_change(each: ReferenceChange) -> str:
    """Write the reference's medians in one metric."""
    base, head = amount(each.base, each.unit), amount(each.head, each.unit)
    return f"{each.group} {base} → {head} ({numbers.growth(each.head / each.base)} %)"


def amount(value: float, unit: str) -> str:
    """Write a value in the unit that people read it in."""
    if unit == SECONDS:
        return f"{numbers.milliseconds(value)} ms" if value < 1 else f"{numbers.seconds(value)} s"
    return f"{numbers.megabytes(value)} MB" if unit == "bytes" else f"{value:.4g} {unit}"


def file_line(name: str, run: StoredRun) -> str:
    """Say what a file is: when and of which commit it was stored, and how much was measured."""
    commit = f", commit {run.commit.full_name}" if run.commit else ""
    amounts = f"{numbers.count(run.info.launches, 'launch', 'launches')} × {numbers.count(run.info.rounds, 'round')}"
    return f"{one_line(name)}: {wording.moment(run)}{commit}; {amounts}; {wording.place(run)}"
