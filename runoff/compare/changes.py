"""What changed between two stored runs: pure, from two runs to what there is to say about them and an exit code."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runoff.compare.accuracies import AccuracyChange, accuracy_changes
from runoff.errors import Exit
from runoff.judge.ratios import (
    CONFIDENCE,
    EXPLORATORY,
    FASTER,
    LESS,
    MORE,
    SLOWER,
    Ratio,
    change_between,
    change_estimate,
    claim_p_values,
    difference_p_value,
    excess_p_value,
    shared_error,
    verdict,
)
from runoff.stored import wording
from runoff.stored.benchmarks import ACCURACY
from runoff.stored.processor import processor_doubt
from runoff.stored.rows import Measure
from runoff.stored.run import StoredRun
from runoff.stored.stratum import have_the_same_pictures, stratum_differences

MISSING = "missing"
NEW = "new"
SECONDS = "seconds"
OTHERS = "benchmarks that are not Runoff's"

Key = tuple[str, str]
"""Group and contender."""
Pair = tuple[Key, Measure, Measure]
"""What both runs measured, in base and in head."""


@dataclass(frozen=True)
class Change:
    """How a contender's ratio in one metric changed: ``change`` is head / base with Welch's interval.

    ``undisturbed`` is the same of the undisturbed ratio where both runs have it; nothing is judged by it.
    """

    group: str
    contender: str
    base: float
    head: float
    change: Ratio
    verdict: str
    fails: bool
    undisturbed: Ratio | None = None

    @property
    def is_worse(self) -> bool:
        """Whether it is claimed to be slower or more; less is better in every metric so far."""
        return self.verdict in (SLOWER, MORE)


@dataclass(frozen=True)
class Fall:
    """An agreement with golden that is lower than it was, as fractions."""

    contender: str
    base: float
    head: float


@dataclass(frozen=True)
class Absence:
    """A benchmark that only one run has: missing from head or new in it, with the reason where the run says one."""

    kind: str
    group: str
    name: str
    reason: str | None


@dataclass(frozen=True)
class Renaming:
    """A missing and a new benchmark of one group that are probably the same."""

    group: str
    old: str
    new: str


@dataclass(frozen=True)
class Comparison:
    """All there is to say about two runs; nothing is compared where they differ in stratum or one is invalid.

    ``invalid`` names the runs that are (base, head), ``references`` are the reference's own measures, in which the
    machine's speed is too, ``unrelated`` the benchmarks without a ratio in either run, and ``doubt`` says what keeps it
    open whether both ran on one processor.
    """

    base: StoredRun
    head: StoredRun
    fail_above: float | None
    differences: Sequence[str] = ()
    invalid: Sequence[str] = ()
    changes: Sequence[Change] = ()
    falls: Sequence[Fall] = ()
    accuracies: Sequence[AccuracyChange] = ()
    absences: Sequence[Absence] = ()
    renamings: Sequence[Renaming] = ()
    references: Sequence[Pair] = ()
    unrelated: Sequence[Key] = ()
    doubt: str | None = None

    @property
    def exit_code(self) -> Exit:
        """What the command says to a CI: a comparison that can't be made goes before one that fails."""
        if self.differences:
            return Exit.NO_BASELINE
        if self.invalid:
            return Exit.INVALID_RUN
        less_right = self.falls or any(change.is_worse for change in self.accuracies)
        if less_right or any(change.fails for change in self.changes):
            return Exit.WORSE
        return Exit.OTHER_BENCHMARKS if self.absences else Exit.DONE


def compare_runs(base: StoredRun, head: StoredRun, fail_above: float | None = None) -> Comparison:
    """Compare two runs by their ratios to the reference; ``fail_above`` is the share that a ratio may grow by."""
    differences = stratum_differences(base.stratum, head.stratum)
    invalid = [name for name, run in (("base", base), ("head", head)) if not run.is_valid]
    if differences or invalid:
        return Comparison(base, head, fail_above, differences, invalid)
    before, after = figures(base), figures(head)
    pairs = [(key, before[key], measure) for key, measure in after.items() if key in before]
    reference = head.stratum.reference
    compared = [pair for pair in pairs if pair[0][1] != reference]
    absences = find_absences(base, head, before, after)
    return Comparison(
        base,
        head,
        fail_above,
        changes=judge_changes(compared, fail_above, min(base.info.margin, head.info.margin)),
        falls=agreement_falls(base, head) if have_the_same_pictures(base.stratum, head.stratum) else (),
        accuracies=accuracy_changes(base, head),
        absences=absences,
        renamings=probable_renamings(absences),
        references=[pair for pair in pairs if pair[0][1] == reference],
        unrelated=[key for key, earlier, later in compared if not (earlier.ratio or later.ratio)],
        doubt=processor_doubt({"base": base.stratum.processor, "head": head.stratum.processor}),
    )


def figures(run: StoredRun) -> dict[Key, Measure]:
    """Return a run's measures without those of contenders that turned out wrong or broke down.

    Accuracy has no ratio: it is compared picture by picture.
    """
    return {
        key: measure for key, measure in run.measures.items() if key[1] in run.stratum.contenders and key[0] != ACCURACY
    }


def judge_changes(pairs: Sequence[Pair], fail_above: float | None, margin: float) -> tuple[Change, ...]:
    """Judge the change of every ratio that both runs have, all together as one suite.

    The looks that the runs stopped at are the same for all changes.
    """
    ratios = {
        key: (before.ratio, after.ratio, after.unit) for key, before, after in pairs if before.ratio and after.ratio
    }
    estimates = {key: change_estimate(before, after) for key, (before, after, _) in ratios.items()}
    share = min((shared_error(before, after) for before, after, _ in ratios.values()), default=1.0)
    claims = claim_p_values({key: difference_p_value(estimate) for key, estimate in estimates.items()}, share)
    undisturbed = {
        key: change_between(before.undisturbed, after.undisturbed)
        for key, before, after in pairs
        if before.undisturbed and after.undisturbed
    }
    limit = fail_above if fail_above is not None else math.inf
    excesses = claim_p_values({key: excess_p_value(estimate, limit) for key, estimate in estimates.items()}, share)
    changes = []
    for key, (before, after, unit) in ratios.items():
        change = change_between(before, after)
        words = (FASTER, SLOWER) if unit == SECONDS else (LESS, MORE)
        shown = verdict(change, claims[key], control=None, margin=margin, words=words)
        fails = shown != EXPLORATORY and excesses[key] < 1 - CONFIDENCE
        judged = words[1] if fails else shown
        changes.append(Change(*key, before.value, after.value, change, judged, fails, undisturbed.get(key)))
    return tuple(changes)


def agreement_falls(base: StoredRun, head: StoredRun) -> tuple[Fall, ...]:
    """Find the contenders that agree with golden less than they did, those that are now too wrong to be timed too."""
    before, after = agreements(base), agreements(head)
    falls = {
        Fall(key[1], before[key], agreement)
        for key, agreement in after.items()
        if key in before and agreement < before[key]
    }
    return tuple(sorted(falls, key=lambda fall: (fall.contender, fall.head)))


def agreements(run: StoredRun) -> dict[Key, float]:
    """Return the agreements with golden that a run stores, those of contenders and those of each benchmark."""
    stored = {("", row.contender): row.agreement for row in run.rows}
    stored |= {key: measure.agreement for key, measure in run.measures.items()}
    return {key: agreement for key, agreement in stored.items() if agreement is not None}


def find_absences(
    base: StoredRun, head: StoredRun, before: Mapping[Key, Measure], after: Mapping[Key, Measure]
) -> tuple[Absence, ...]:
    """Find what only one run has, and say what the other says about it; one that lost its ratio is missing too."""
    absences = []
    for kind, here, there, run in ((MISSING, before, after, head), (NEW, after, before, base)):
        reasons = {row.contender: wording.why_unmeasured(row) for row in run.rows}
        for key, measure in here.items():
            if key not in there:
                absences.append(Absence(kind, *key, reasons.get(key[1])))
            elif measure.ratio and not there[key].ratio:
                absences.append(Absence(kind, *key, f"measured, but without a ratio to {run.stratum.reference}"))
    for kind, names, others in ((MISSING, base.others, head.others), (NEW, head.others, base.others)):
        absences += [Absence(kind, OTHERS, name, None) for name in names if name not in others]
    return tuple(absences)


def probable_renamings(absences: Sequence[Absence]) -> tuple[Renaming, ...]:
    """Find the groups where one name is missing and one is new; what is missing for a known reason was not renamed."""
    renamings = []
    for group in dict.fromkeys(absence.group for absence in absences):
        unknown = [absence for absence in absences if absence.group == group and absence.reason is None]
        missing, new = ([absence.name for absence in unknown if absence.kind == kind] for kind in (MISSING, NEW))
        if len(missing) == len(new) == 1:
            renamings.append(Renaming(group, missing[0], new[0]))
    return tuple(renamings)
