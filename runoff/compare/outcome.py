"""What came of comparing two runs, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from runoff.compare.changes import MISSING, NEW, Absence, Comparison
from runoff.judge.ratios import EXPLORATORY, INCONCLUSIVE
from runoff.report.sections import words

FIRST_FEW = 3


def outcome(found: Comparison) -> str:
    """Say in a sentence what came of the comparison."""
    if found.differences:
        different = ", ".join(dict.fromkeys(difference.partition(":")[0] for difference in found.differences))
        return f"There is no comparable baseline, so nothing is compared: the runs differ in {different}."
    if found.invalid:
        which = "Both runs are" if len(found.invalid) > 1 else f"The {found.invalid[0]} run is"
        return f"{which} invalid by the control, so nothing passes and nothing fails."
    if worse := [*failures(found), *(f"{fall.contender} agrees less with golden" for fall in found.falls)]:
        return f"Worse: {shortly(worse)}."
    if found.absences:
        return f"Not all could be compared: {absence_counts(found.absences)}. {outcome_of_changes(found)}"
    return outcome_of_changes(found)


def failures(found: Comparison) -> list[str]:
    """Name the changes that fail."""
    return [
        f"{change.group} of {change.contender} is {change.verdict} by {growth(change.change.value).lstrip('+')} %, "
        f"proven to be beyond {limit(found.fail_above)}"
        for change in found.changes
        if change.fails
    ]


def absence_counts(absences: Sequence[Absence]) -> str:
    """Count what only one run has."""
    counts = ((kind, sum(absence.kind == kind for absence in absences)) for kind in (MISSING, NEW))
    return " and ".join(
        f"{words.count(number, 'benchmark is', 'benchmarks are')} {kind}" for kind, number in counts if number
    )


def outcome_of_changes(found: Comparison) -> str:
    """Say what the ratios that both runs have show, where none of them fails."""
    total = words.count(len(found.changes), "change", "changes")
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


def shortly(parts: Sequence[str]) -> str:
    """List the first few of many."""
    more = len(parts) - FIRST_FEW
    return "; ".join([*parts[:FIRST_FEW], *([f"and {more} more"] if more > 0 else [])])


def growth(ratio: float) -> str:
    """Write by how many per cent a ratio is above or below 1; what rounds to nothing has no sign."""
    written = f"{(ratio - 1) * 100:+.1f}"
    return "0.0" if float(written) == 0 else written


def limit(fail_above: float | None) -> str:
    """Write the share that a ratio may grow by."""
    return f"{(fail_above or 0.0) * 100:.3g} %"
