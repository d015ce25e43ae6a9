"""What the gate takes into account: looks, margins, absences and agreements, of two runs that differ in just that."""

from __future__ import annotations

import dataclasses
import math

import pytest

from runoff.compare.changes import (
    MISSING,
    NEW,
    OTHERS,
    Absence,
    Change,
    Comparison,
    Fall,
    Renaming,
    agreement_falls,
    compare_runs,
    find_absences,
    probable_renamings,
)
from runoff.judge.ratios import FASTER, LESS, MORE, NO_DIFFERENCE, SLOWER, Ratio
from runoff.stored.run import StoredRun, parse_run
from tests.builders.stored_runs import about, make_comparable_run, spread

KEY = ("inference", "onnxruntime")
JUST_BEYOND = math.log(1.05) + 0.0159
"""A change that is beyond 5 % with a p-value of 0.005 where launches spread by 1 %: t = 2.98 on 14 degrees."""


def run_of(shift: float = 0.0, reach: float = 0.01, margin: float = 0.05, **options: float) -> StoredRun:
    """Return a run of one contender, with this mean log-ratio, spread and margin."""
    stored = make_comparable_run({KEY: spread(shift, reach)}, **options)
    about(stored)["margin"] = margin
    return parse_run(stored)


@pytest.mark.parametrize(("error_share", "fails"), [(1.0, True), (0.9, True), (0.5, False)])
def test_the_gate_spends_no_more_error_than_the_looks_left(error_share: float, fails: bool) -> None:
    """What is proven with all of the error is not where both runs stopped at looks that had half of it each."""
    base, head = (run_of(shift, error_share=error_share) for shift in (0.0, JUST_BEYOND))
    (change,) = compare_runs(base, head, 0.05).changes
    assert change.fails is fails


@pytest.mark.parametrize(("error_share", "verdict"), [(1.0, SLOWER), (0.9, SLOWER), (0.5, NO_DIFFERENCE)])
def test_a_claim_spends_no_more_error_than_the_looks_left(error_share: float, verdict: str) -> None:
    """A change with a p-value of 0.005, t = 3.33 on 14 degrees, is claimed at 1 % and not at a quarter of that."""
    base, head = (run_of(shift, error_share=error_share) for shift in (0.0, 0.0178))
    assert compare_runs(base, head).changes[0].verdict == verdict


@pytest.mark.parametrize("margins", [(0.05, 0.02), (0.02, 0.05)])
def test_the_stricter_of_two_margins_counts(margins: tuple[float, float]) -> None:
    """An interval of 2.3 % is narrow enough for 5 % and too wide for 2 %, whichever run asked for it."""
    base, head = (run_of(margin=margin) for margin in margins)
    assert compare_runs(base, head).changes[0].verdict == "inconclusive"
    assert compare_runs(run_of(), run_of()).changes[0].verdict == NO_DIFFERENCE


def test_a_change_that_fails_is_said_to_be_worse() -> None:
    """Its row has both ratios, the change, and the word for worse."""
    (change,) = compare_runs(run_of(), run_of(0.5), 0.05).changes
    assert (change.group, change.contender, change.fails, change.verdict) == (*KEY, True, SLOWER)
    assert (change.base, change.head) == (pytest.approx(1.0), pytest.approx(math.exp(0.5)))


@pytest.mark.parametrize(
    ("verdict", "worse"), [(SLOWER, True), (MORE, True), (FASTER, False), (LESS, False), (NO_DIFFERENCE, False)]
)
def test_slower_and_more_are_worse(verdict: str, worse: bool) -> None:
    """Less is better in every metric."""
    change = Change(*KEY, 1.0, 1.0, Ratio(1.0, 0.9, 1.1, 0.95, 8, 0.95), verdict, fails=False)
    assert change.is_worse is worse


def test_one_look_decides_for_all_changes() -> None:
    """Changes are judged by the least error that any of them has left."""
    other = ("inference", "tensorflow")
    stored = [make_comparable_run({KEY: spread(shift, 0.01), other: spread(0.1)}) for shift in (0.0, JUST_BEYOND)]
    assert compare_runs(*map(parse_run, stored), 0.04).changes[0].fails
    for run in stored:
        for one in run["benchmarks"]:
            if one["extra_info"]["contender"] == "tensorflow":
                one["extra_info"]["ratio"]["nominal_confidence"] = 0.99
    assert not compare_runs(*map(parse_run, stored), 0.05).changes[0].fails


def agreeing(**agreements: float | None) -> StoredRun:
    """Return a run whose benchmarks agree with golden by so much."""
    stored = make_comparable_run({("inference", name): spread(0.0) for name in agreements})
    for one in stored["benchmarks"]:
        name = one["extra_info"]["contender"]
        one["extra_info"]["agreement"] = agreements.get(name, 1.0)
    return parse_run(stored)


def test_falls_of_agreement_are_in_the_order_of_names() -> None:
    """Each contender that agrees less is named once; equal, better, new and unknown agreements are no falls."""
    base = agreeing(b=0.99, a=0.98, equal=0.97, better=0.96, unknown=0.95)
    head = agreeing(b=0.98, a=0.97, equal=0.97, better=0.97, unknown=None, fresh=0.5)
    assert agreement_falls(base, head) == (Fall("a", 0.98, 0.97), Fall("b", 0.99, 0.98))


def test_what_one_run_has_alone_is_absent_in_both_directions() -> None:
    """Missing from head and new in it, benchmarks of others as well, in this order."""
    base, head = (
        dataclasses.replace(
            parse_run(make_comparable_run({("inference", name): spread(0.0)})), others=(f"x::{name}", "y")
        )
        for name in ("old", "new")
    )
    found = find_absences(base, head, base.measures, head.measures)
    assert found == (
        Absence(MISSING, "inference", "old", None),
        Absence(NEW, "inference", "new", None),
        Absence(MISSING, OTHERS, "x::old", None),
        Absence(NEW, OTHERS, "x::new", None),
    )


def test_a_ratio_that_is_new_is_no_absence_of_the_benchmark() -> None:
    """A benchmark without a ratio in base and with one in head is told as new, since it was not compared before."""
    stored = make_comparable_run({KEY: spread(0.0)})
    base = make_comparable_run({KEY: spread(0.0)})
    base["benchmarks"][-1]["extra_info"]["ratio"] = None
    found = compare_runs(parse_run(base), parse_run(stored))
    assert found.absences == (Absence(NEW, *KEY, "measured, but without a ratio to pytorch"),)
    assert (found.changes, found.unrelated) == ((), [])


@pytest.mark.parametrize(
    ("absences", "renamings"),
    [
        ([(MISSING, "a", None), (NEW, "b", None)], (Renaming("g", "a", "b"),)),
        ([(NEW, "b", None), (MISSING, "a", None)], (Renaming("g", "a", "b"),)),
        ([(MISSING, "a", "it crashed"), (NEW, "b", None)], ()),
        ([(MISSING, "a", None)], ()),
        ([(NEW, "b", None)], ()),
        ([(MISSING, "a", None), (MISSING, "c", None), (NEW, "b", None)], ()),
        ([(MISSING, "a", None), (MISSING, "c", None), (NEW, "b", None), (NEW, "d", None)], ()),
    ],
)
def test_only_one_for_one_is_a_renaming(absences, renamings) -> None:
    """One missing and one new name of a group, neither with a reason."""
    assert probable_renamings([Absence(kind, "g", name, why) for kind, name, why in absences]) == renamings


def test_names_of_different_groups_are_no_renaming() -> None:
    """What is missing from one metric was not renamed into another."""
    assert probable_renamings([Absence(MISSING, "g", "a", None), Absence(NEW, "h", "b", None)]) == ()


def test_runs_that_are_not_compared_keep_what_was_asked() -> None:
    """The limit, the differences and which runs are invalid are in the comparison, and nothing else is."""
    stored = make_comparable_run({KEY: spread(0.0)})
    about(stored)["control"] |= {"low": 1.2, "high": 1.3}
    invalid = parse_run(stored)
    assert compare_runs(invalid, invalid, 0.1) == Comparison(invalid, invalid, 0.1, [], ["base", "head"])
    assert compare_runs(run_of(), invalid, 0.1).invalid == ["head"]
    assert compare_runs(run_of(), run_of(), 0.1).fail_above == 0.1
