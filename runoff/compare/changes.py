"""What changed between two stored runs: pure, from two runs to what there is to say about them and an exit code."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runoff.judge.ratios import (
    CONFIDENCE,
    EXPLORATORY,
    FASTER,
    LESS,
    MORE,
    SLOWER,
    Estimate,
    Ratio,
    change_estimate,
    claim_p_values,
    difference_p_value,
    excess_p_value,
    interval,
    shared_error,
    verdict,
)
from runoff.stored import wording
from runoff.stored.rows import Measure
from runoff.stored.run import StoredRun
from runoff.stored.stratum import have_the_same_pictures, stratum_differences

NOTHING_WORSE, WORSE, UNREADABLE, OTHER_BENCHMARKS, NO_BASELINE, INVALID_RUN = range(6)
EXIT_MEANINGS: Mapping[int, str] = {
    NOTHING_WORSE: "nothing is proven to be worse by more than --fail-above; without it, no ratio fails",
    WORSE: "a ratio is proven to be worse by more than --fail-above, or agreement with golden fell",
    UNREADABLE: "a file can't be read or written, or the command line is wrong",
    OTHER_BENCHMARKS: "a benchmark is missing, new or renamed; in the others nothing fails",
    NO_BASELINE: "no comparable baseline: the runs are of different strata",
    INVALID_RUN: "a run is invalid by its control: no pass, no fail",
}

MISSING = "missing"
NEW = "new"
SECONDS = "seconds"
OTHERS = "benchmarks that are not Runoff's"

Key = tuple[str, str]
"""Group and contender."""


@dataclass(frozen=True)
class Change:
    """How a contender's ratio in one metric changed: ``change`` is head / base with Welch's interval."""

    group: str
    contender: str
    base: float
    head: float
    change: Ratio
    verdict: str
    fails: bool

    @property
    def is_worse(self) -> bool:
        """Whether it is claimed to be slower or more; less is better in every metric so far."""
        return self.verdict in (SLOWER, MORE)

    @property
    def is_better(self) -> bool:
        """Whether it is claimed to be faster or less."""
        return self.verdict in (FASTER, LESS)


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
class ReferenceChange:
    """The reference's medians in one metric, in its unit; the machine's own speed is part of them."""

    group: str
    unit: str
    base: float
    head: float


@dataclass(frozen=True)
class Comparison:
    """All there is to say about two runs; nothing is compared where they differ in stratum or one is invalid.

    ``invalid`` names the runs that are (base, head), ``unrelated`` the benchmarks without a ratio in either run.
    """

    base: StoredRun
    head: StoredRun
    fail_above: float | None
    differences: Sequence[str] = ()
    invalid: Sequence[str] = ()
    changes: Sequence[Change] = ()
    falls: Sequence[Fall] = ()
    absences: Sequence[Absence] = ()
    renamings: Sequence[Renaming] = ()
    references: Sequence[ReferenceChange] = ()
    unrelated: Sequence[Key] = ()

    @property
    def exit_code(self) -> int:
        """What the command says to a CI: a comparison that can't be made goes before one that fails."""
        if self.differences:
            return NO_BASELINE
        if self.invalid:
            return INVALID_RUN
        if self.falls or any(change.fails for change in self.changes):
            return WORSE
        return OTHER_BENCHMARKS if self.absences else NOTHING_WORSE


def compare_runs(base: StoredRun, head: StoredRun, fail_above: float | None = None) -> Comparison:
    """Compare two runs by their ratios to the reference; ``fail_above`` is the share that a ratio may grow by."""
    differences = stratum_differences(base.stratum, head.stratum)
    invalid = [name for name, run in (("base", base), ("head", head)) if not run.is_valid]
    if differences or invalid:
        return Comparison(base, head, fail_above, differences, invalid)
    before, after = figures(base), figures(head)
    both = [key for key in after if key in before]
    compared = [(key, before[key], after[key]) for key in both if key[1] != head.stratum.reference]
    absences = absent(base, head, before, after)
    return Comparison(
        base,
        head,
        fail_above,
        changes=judge_changes(compared, fail_above, min(base.info.margin, head.info.margin)),
        falls=agreement_falls(base, head) if have_the_same_pictures(base.stratum, head.stratum) else (),
        absences=absences,
        renamings=probable_renamings(absences),
        references=[
            ReferenceChange(key[0], after[key].unit, before[key].median, after[key].median)
            for key in both
            if key[1] == head.stratum.reference
        ],
        unrelated=[key for key, earlier, later in compared if not (earlier.ratio or later.ratio)],
    )


def figures(run: StoredRun) -> dict[Key, Measure]:
    """Return a run's measures without those of contenders that turned out wrong or broke down."""
    unusable = {row.contender for row in run.rows} - set(run.stratum.contenders)
    return {key: measure for key, measure in run.measures.items() if key[1] not in unusable}


def judge_changes(
    pairs: Sequence[tuple[Key, Measure, Measure]], fail_above: float | None, margin: float
) -> tuple[Change, ...]:
    """Judge the change of every ratio that both runs have, all together as one suite."""
    found = [
        (key, after.unit, before.ratio, after.ratio) for key, before, after in pairs if before.ratio and after.ratio
    ]
    estimates = [change_estimate(before, after) for _, _, before, after in found]
    shares = [shared_error(before, after) for _, _, before, after in found]
    claims = claims_of([difference_p_value(estimate) for estimate in estimates], shares)
    limit = fail_above if fail_above is not None else math.inf
    excesses = claims_of([excess_p_value(estimate, limit) for estimate in estimates], shares)
    changes = []
    for (key, unit, before, after), estimate, share, claim, excess in zip(
        found, estimates, shares, claims, excesses, strict=True
    ):
        change = change_ratio(before, after, estimate, share)
        direction = (FASTER, SLOWER) if unit == SECONDS else (LESS, MORE)
        said = verdict(change, claim, control=None, margin=margin, words=direction)
        fails = said != EXPLORATORY and excess < 1 - CONFIDENCE
        said = direction[1] if fails else said
        changes.append(Change(*key, before.value, after.value, change, said, fails))
    return tuple(changes)


def claims_of(p_values: Sequence[float], shares: Sequence[float]) -> list[float]:
    """Adjust the p-values of all changes together; the looks that the runs stopped at are the same for all."""
    numbered = {str(number): p_value for number, p_value in enumerate(p_values)}
    return list(claim_p_values(numbered, min(shares, default=1.0)).values())


def change_ratio(base: Ratio, head: Ratio, estimate: Estimate, share: float) -> Ratio:
    """Return a change as a ratio with its interval, over as many launches as the run with fewer has."""
    nominal = 1 - (1 - CONFIDENCE) * share
    low, high = interval(estimate, nominal) or (None, None)
    return Ratio(head.value / base.value, low, high, CONFIDENCE, min(base.launches, head.launches), nominal)


def agreement_falls(base: StoredRun, head: StoredRun) -> tuple[Fall, ...]:
    """Find the contenders that agree with golden less than they did, those that are now too wrong to be timed too."""
    agreements = [
        (row.contender, row.agreement, after.agreement)
        for row in base.rows
        for after in head.rows
        if after.contender == row.contender
    ]
    agreements += [
        (key[1], base.measures[key].agreement, measure.agreement)
        for key, measure in head.measures.items()
        if key in base.measures
    ]
    falls = {
        Fall(contender, before, after)
        for contender, before, after in agreements
        if before is not None and after is not None and after < before
    }
    return tuple(sorted(falls, key=lambda fall: (fall.contender, fall.head)))


def absent(
    base: StoredRun, head: StoredRun, before: Mapping[Key, Measure], after: Mapping[Key, Measure]
) -> tuple[Absence, ...]:
    """Find what only one run has, and say what the other says about it; one that lost its ratio is missing too."""
    found = []
    for kind, here, there, run in ((MISSING, before, after, head), (NEW, after, before, base)):
        for key, measure in here.items():
            if key not in there:
                found.append(Absence(kind, *key, why_absent(run, key[1])))
            elif measure.ratio and not there[key].ratio:
                found.append(Absence(kind, *key, f"measured, but without a ratio to {run.stratum.reference}"))
    for kind, names, others in ((MISSING, base.others, head.others), (NEW, head.others, base.others)):
        found += [Absence(kind, OTHERS, name, None) for name in names if name not in others]
    return tuple(found)


def why_absent(run: StoredRun, contender: str) -> str | None:
    """Return the reason that a run has for a contender without figures, None where it has none."""
    return next((wording.why_unmeasured(row) for row in run.rows if row.contender == contender), None)


def probable_renamings(absences: Sequence[Absence]) -> tuple[Renaming, ...]:
    """Find the groups where one name is missing and one is new; what is missing for a known reason was not renamed."""
    found = []
    for group in dict.fromkeys(absence.group for absence in absences):
        unknown = [absence for absence in absences if absence.group == group and absence.reason is None]
        missing, new = ([absence.name for absence in unknown if absence.kind == kind] for kind in (MISSING, NEW))
        if len(missing) == len(new) == 1:
            found.append(Renaming(group, missing[0], new[0]))
    return tuple(found)
