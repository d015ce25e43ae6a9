"""Two compared runs in words, for a terminal and as GitHub markdown: the outcome in a sentence, a table, notes."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from itertools import groupby

from runoff.compare.accuracies import AccuracyChange, why_not_compared
from runoff.compare.changes import (
    MISSING,
    NEW,
    SECONDS,
    Change,
    Comparison,
    Pair,
)
from runoff.errors import Exit
from runoff.files.names import shown
from runoff.judge.ratios import CONFIDENCE, EXPLORATORY, FASTER, FEWEST_LAUNCHES, INCONCLUSIVE, LESS, SLOWER
from runoff.stored import wording
from runoff.stored.info import NO_COMMIT
from runoff.stored.model import model_title
from runoff.stored.run import StoredRun
from runoff.stored.stratum import have_the_same_pictures
from runoff.text import numbers
from runoff.text.markdown import escape, note_lines, table_lines
from runoff.text.table import NAME, VERDICT, Column, Note, Table
from runoff.text.terminal import WIDTH, draw_table, make_console, print_notes

UNDISTURBED = "the change in the quietest quarter of the rounds, beside that of the typical ratio, which decides"
UNDISTURBED_CHANGE = "undisturbed\nchange"
NEXT_BASELINE = (
    "race both in one run (--tree NAME=FOLDER or --environment NAME=PYTHON brings the second in as a contender), "
    "or measure a new baseline here and compare with that"
)


def render_comparison(found: Comparison, names: tuple[str, str], *, width: int = WIDTH, colour: bool = False) -> str:
    """Draw a comparison as text, at most ``width`` columns wide; ``names`` are those of the files, base and head."""
    text = io.StringIO()
    console = make_console(text, width=width, colour=colour)
    console.print(outcome(found), style="green" if found.exit_code == Exit.DONE else "red")
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


def outcome(found: Comparison) -> str:
    """Say in a sentence what came of the comparison."""
    if found.differences:
        different = ", ".join(dict.fromkeys(difference.partition(":")[0] for difference in found.differences))
        return f"There is no comparable baseline, so nothing is compared: the runs differ in {different}."
    if found.invalid:
        which = "Both runs are" if len(found.invalid) > 1 else f"The {found.invalid[0]} run is"
        return f"{which} invalid by the control, so nothing passes and nothing fails."
    if worse := [*failures(found), *less_right(found)]:
        return f"Worse: {numbers.first_few(worse, between='; ')}."
    if found.absences:
        return f"Not all could be compared: {absence_counts(found)}. {outcome_of_changes(found)}"
    return outcome_of_changes(found)


def less_right(found: Comparison) -> list[str]:
    """Name the contenders that agree less with golden, and those that are shown to be right less often."""
    return [
        *(f"{fall.contender} agrees less with golden" for fall in found.falls),
        *(f"{change.contender} is right less often" for change in found.accuracies if change.is_worse),
    ]


def failures(found: Comparison) -> list[str]:
    """Name the changes that fail."""
    return [
        f"{change.group} of {change.contender} is {change.verdict} "
        f"by {numbers.growth(change.change.value).lstrip('+')} %, proven to be beyond {limit(found.fail_above)}"
        for change in found.changes
        if change.fails
    ]


def absence_counts(found: Comparison) -> str:
    """Count what only one run has."""
    counts = Counter(absence.kind for absence in found.absences)
    return " and ".join(
        f"{numbers.count(counts[kind], 'benchmark is', 'benchmarks are')} {kind}"
        for kind in (MISSING, NEW)
        if counts[kind]
    )


def outcome_of_changes(found: Comparison) -> str:
    """Say what the ratios that both runs have show, where none of them fails."""
    total = numbers.count(len(found.changes), "change")
    worse = sum(change.is_worse for change in found.changes)
    if not found.changes:
        return "The runs have no ratio in common."
    if worse:
        bound = (
            "no limit was given (--fail-above), so none fails"
            if found.fail_above is None
            else f"none is proven to be beyond {limit(found.fail_above)}"
        )
        return f"{worse} of {total} {'is' if worse == 1 else 'are'} for the worse; {bound}."
    if all(change.verdict in (EXPLORATORY, INCONCLUSIVE) for change in found.changes):
        return f"Nothing is proven, for better or worse, in {total}."
    return f"Nothing is shown to be worse in {total}."


def limit(fail_above: float | None) -> str:
    """Write the share that a ratio may grow by."""
    return numbers.bound(fail_above or 0.0)


def changes_table(found: Comparison) -> Table:
    """Write the changes, one row each: metric, contender, both ratios, the change and what it shows."""
    figures = ("base\nratio", "head\nratio", f"change\n[{CONFIDENCE * 100:.3g} % interval]")
    names = (Column("metric", NAME), Column("contender", NAME))
    undisturbed = (Column(UNDISTURBED_CHANGE),) if any(change.undisturbed for change in found.changes) else ()
    return Table(
        caption="",
        columns=(*names, *map(Column, figures), *undisturbed, Column(VERDICT, VERDICT)),
        rows=tuple(
            (
                change.group,
                change.contender,
                f"{change.base:.3f}",
                f"{change.head:.3f}",
                numbers.growth_with_interval(change.change),
                *([numbers.growth_with_reach(change.undisturbed)] if undisturbed else []),
                f"{change.verdict}, beyond {limit(found.fail_above)}" if change.fails else change.verdict,
            )
            for change in found.changes
        ),
        classes=tuple(change_class(change) for change in found.changes),
        droppable=(UNDISTURBED_CHANGE,),
    )


def grouped_table(found: Comparison) -> Table:
    """Write the changes with each metric as a heading above its contenders, which takes less room."""
    table = changes_table(found)
    rows: list[tuple[tuple[str, ...], str]] = []
    for group, lines in groupby(zip(table.rows, table.classes, strict=True), lambda line: line[0][0]):
        rows.append(((group, *[""] * (len(table.columns) - 2)), "heading"))
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
    return SLOWER if change.is_worse else FASTER if change.verdict in (FASTER, LESS) else ""


def notes(found: Comparison, names: tuple[str, str]) -> list[Note]:
    """Say all that there is to say beneath the table."""
    beneath = [Note("differs", difference) for difference in found.differences]
    if found.differences:
        beneath.append(Note("next", NEXT_BASELINE))
    for name, run in (("base", found.base), ("head", found.head)):
        if name in found.invalid:
            beneath.append(Note(f"invalid {name}", wording.control_line(run)))
    if found.invalid:
        beneath.append(Note("next", wording.MEASURE_AGAIN))
    if found.doubt:
        beneath.append(Note("doubt", found.doubt))
    if found.changes:
        verdicts = Counter(change.verdict for change in found.changes)
        beneath.append(Note("changes", ", ".join(f"{number} {verdict}" for verdict, number in verdicts.items())))
        if any(change.undisturbed for change in found.changes):
            beneath.append(Note("undisturbed", UNDISTURBED))
        if not have_the_same_pictures(found.base.stratum, found.head.stratum):
            pictures = "is not compared: the runs show other pictures; give both the same --images"
            beneath.append(Note("agreement", pictures))
    beneath += [
        Note("agreement fell", f"{fall.contender}: {numbers.share(fall.base)} → {numbers.share(fall.head)}")
        for fall in found.falls
    ]
    beneath += [*accuracy_notes(found), *absence_notes(found), *unproven_notes(found)]
    if found.references:
        changed = ", ".join(reference_change(pair) for pair in found.references)
        speed = "The machine's own speed is part of this, so it is for information and nothing of it is gated"
        beneath.append(Note("reference", f"{found.head.stratum.reference}: {changed}. {speed}"))
    beneath += [Note("base", file_line(names[0], found.base)), Note("head", file_line(names[1], found.head))]
    return [*beneath, Note(f"exit code {found.exit_code:d}", found.exit_code.meaning)]


def accuracy_notes(found: Comparison) -> list[Note]:
    """Say how the answers on labelled pictures changed, or why they are not compared."""
    beneath = [Note("accuracy", accuracy_text(change)) for change in found.accuracies]
    if found.changes and (reason := why_not_compared(found.base, found.head)):
        beneath.append(Note("accuracy", reason))
    return beneath


def accuracy_text(change: AccuracyChange) -> str:
    """Say how the answers of a contender on labelled pictures changed."""
    lost, gained = change.paired.lost, change.paired.gained
    drop = f"{numbers.points(change.paired.drop)} [{numbers.points(change.low)}, {numbers.points(change.high)}]"
    shown = "right less often" if change.is_worse else "no drop shown"
    return f"{change.contender}: {lost} pictures lost and {gained} gained, a drop of {drop} points: {shown}"


def absence_notes(found: Comparison) -> list[Note]:
    """Say what only one run has and why, all that is missing from the same groups for the same reason together."""
    groups: dict[tuple[str, str, str | None], list[str]] = {}
    for absence in found.absences:
        groups.setdefault((absence.kind, absence.name, absence.reason), []).append(absence.group)
    names: dict[tuple[str, str, str | None], list[str]] = {}
    for (kind, name, reason), where in groups.items():
        names.setdefault((kind, ", ".join(where), reason), []).append(name)
    silent = {MISSING: "head", NEW: "base"}
    absent = [
        Note(kind, f"{', '.join(who)} in {where}{f': {silent[kind]} says {reason}' if reason else ''}")
        for (kind, where, reason), who in names.items()
    ]
    absent += [Note("renamed?", f"{name.old} → {name.new} in {name.group}") for name in found.renamings]
    if found.unrelated:
        pairs = ", ".join(f"{contender} in {group}" for group, contender in found.unrelated)
        absent.append(Note("not compared", f"{pairs}: neither run has a ratio of it"))
    return absent


def unproven_notes(found: Comparison) -> list[Note]:
    """Say which changes could hide a regression, and what would show it."""
    margin = limit(min(found.base.info.margin, found.head.info.margin))
    reasons = {
        EXPLORATORY: f"a run has fewer than {FEWEST_LAUNCHES} launches or no interval, so this never fails",
        INCONCLUSIVE: f"the interval is wider than {margin}, so a difference that matters could be in it",
    }
    verdicts = Counter(change.verdict for change in found.changes)
    return [
        Note("unproven", f"{verdicts[verdict]} {verdict}: {reason}; measure with more --launches")
        for verdict, reason in reasons.items()
        if verdicts[verdict]
    ]


def reference_change(pair: Pair) -> str:
    """Write the reference's medians in one metric."""
    (group, _), base, head = pair
    medians = f"{amount(base.median, head.unit)} → {amount(head.median, head.unit)}"
    return f"{group} {medians} ({numbers.growth(head.median / base.median)} %)"


def amount(value: float, unit: str) -> str:
    """Write a value in the unit that people read it in."""
    if unit == SECONDS:
        return f"{numbers.milliseconds(value)} ms" if value < 1 else f"{numbers.seconds(value)} s"
    return f"{numbers.megabytes(value)} MB" if unit == "bytes" else f"{value:.4g} {unit}"


def file_line(name: str, run: StoredRun) -> str:
    """Say what a file is: when and of which commit it was stored, and how much was measured."""
    commit = f", commit {run.commit.full_name}" if run.commit else f", {NO_COMMIT}"
    model = f"; {model_title(run.model)}" if run.model else ""
    amounts = f"{numbers.count(run.info.launches, 'launch', 'launches')} × {numbers.count(run.info.rounds, 'round')}"
    return f"{shown(name)}: {wording.moment(run)}{commit}; {amounts}; {wording.place(run)}{model}"
