"""What came of comparing two runs, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from runoff.compare.changes import MISSING, NEW, Absence, Comparison
from runoff.judge.ratios import EXPLORATORY, INCONCLUSIVE
from runoff.text import numbers


def outcome(found: Comparison) -> str:
    """Say in a sentence what came of the comparison."""
    if found.differences:
        different = ", ".join(dict.fromkeys(difference.partition(":")[0] for difference in found.differences))
        return f"There is no comparable baseline, so nothing is compared: the runs differ in {different}."
    if found.invalid:
        which = "Both runs are" if len(found.invalid) > 1 else f"The {found.invalid[0]} run is"
        return f"{which} invalid by the control, so nothing passes and nothing fails."
    if worse := [*failures(found), *(f"{fall.contender} agrees less with golden" for fall in found.falls)]:
        return f"Worse: {numbers.first_few(worse, between='; ')}."
    if found.absences:
        return f"Not all could be compared: {absence_counts(found.absences)}. {outcome_of_changes(found)}"
    return outcome_of_changes(found)


def failures(found: Comparison) -> list[str]:
    """Name the changes that fail."""
    return [
        f"{change.group} of {change.contender} is {change.verdict} "
        f"by {numbers.growth(change.change.value).lstrip('+')} %, proven to be beyond {limit(found.fail_above)}"
        for change in found.changes
        if change.fails
    ]


def absence_counts(absences: Sequence[Absence]) -> str:
    """Count what only one run has."""
    counts = ((kind, sum(absence.kind == kind for absence in absences)) for kind in (MISSING, NEW))
    return " and ".join(
        f"{numbers.count(number, 'benchmark is', 'benchmarks are')} {kind}" for kind, number in counts if number
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
