"""Is every change between two runs judged by its interval, and does the gate fail on proof alone?"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.compare.changes import (
    MISSING,
    NEW,
    OTHERS,
    Absence,
    Fall,
    Renaming,
    compare_runs,
)
from runoff.compare.comparison import render_comparison
from runoff.errors import Exit
from runoff.stored.run import StoredRun, parse_run
from tests.builders.stored_runs import about, came_of, make_comparable_run, ratio, spread

INFERENCE = ("inference", "onnxruntime")
PEAK = ("peak-memory", "onnxruntime")
LAUNCHES = {INFERENCE: spread(-0.58), PEAK: spread(0.2), ("inference", "tensorflow"): spread(0.1)}
log_ratios = st.lists(st.floats(-1.0, 1.0), min_size=5, max_size=12).filter(lambda values: np.ptp(values) > 1e-3)


def run_of(changed=None, **options) -> StoredRun:
    """Return a run of two contenders, some of its log-ratios changed."""
    return parse_run(make_comparable_run(LAUNCHES | (changed or {}), **options))


def change_of(found, key=INFERENCE):
    """Find one change."""
    (change,) = (change for change in found.changes if (change.group, change.contender) == key)
    return change


def test_a_run_has_not_changed_from_itself():
    """A run against itself has every change at 1, with no difference shown."""
    found = compare_runs(run_of(), run_of(), 0.0)
    assert found.exit_code == Exit.DONE
    assert [change.change.value for change in found.changes] == [1.0] * 3
    assert {change.verdict for change in found.changes} == {"no difference shown"}


@pytest.mark.parametrize(
    ("factor", "fail_above", "verdict", "code"),
    [
        (1.10, 0.05, "slower", Exit.WORSE),
        (1.04, 0.05, "slower", Exit.DONE),
        (1.10, None, "slower", Exit.DONE),
        (0.90, 0.05, "faster", Exit.DONE),
        (1.04, 0.0, "slower", Exit.WORSE),
    ],
)
def test_the_gate_is_a_proof_beyond_its_limit(factor, fail_above, verdict, code):
    """With narrow intervals a change is named, and fails only where it is beyond what is allowed."""
    head = run_of({INFERENCE: spread(-0.58 + math.log(factor))})
    found = compare_runs(run_of(), head, fail_above)
    change = change_of(found)
    assert (change.verdict, found.exit_code) == (verdict, code)
    assert change.fails == (code == Exit.WORSE)
    assert change.change.low < factor < change.change.high


def test_metrics_without_seconds_are_less_or_more():
    """A change of memory is said in its own words."""
    head = run_of({PEAK: spread(0.2 + math.log(1.1))})
    assert change_of(compare_runs(run_of(), head), PEAK).verdict == "more"
    assert change_of(compare_runs(head, run_of()), PEAK).verdict == "less"


def test_wide_intervals_prove_nothing():
    """A change of 10 % that launches do not agree on is inconclusive and does not fail."""
    head = run_of({INFERENCE: spread(-0.58 + math.log(1.1), reach=0.3)})
    found = compare_runs(run_of(), head, 0.05)
    assert (change_of(found).verdict, found.exit_code) == ("inconclusive", Exit.DONE)


@pytest.mark.parametrize("count", [1, 4])
def test_few_launches_are_exploratory(count):
    """However much worse, a change of fewer than five launches in either run never fails."""
    few = run_of({INFERENCE: spread(0.5, count=count)})
    for base, head in ((run_of(), few), (few, run_of())):
        found = compare_runs(base, head, 0.05)
        assert (change_of(found).verdict, change_of(found).fails) == ("exploratory", False)
        assert found.exit_code == Exit.DONE


def test_the_words_are_adjusted_for_all_changes_together():
    """A change that is claimed among few is not claimed among many."""
    reach, shift = 0.01, 0.0187
    few = {("inference", "a"): spread(0.0, reach)}
    many = few | {("inference", f"b{number}"): spread(0.0, reach) for number in range(40)}
    verdicts = []
    for launches in (few, many):
        base = parse_run(make_comparable_run(launches))
        head = parse_run(make_comparable_run(launches | {("inference", "a"): spread(shift, reach)}))
        verdicts.append(change_of(compare_runs(base, head), ("inference", "a")).verdict)
    assert verdicts == ["slower", "no difference shown"]


@given(log_ratios, log_ratios)
def test_swapping_base_and_head_inverts_the_changes(before, after):
    """Seen from the other run every change is its inverse, with the same certainty and the opposite word."""
    base, head = run_of({INFERENCE: before}), run_of({INFERENCE: after})
    there, back = change_of(compare_runs(base, head)), change_of(compare_runs(head, base))
    assert back.change.value == pytest.approx(1 / there.change.value)
    assert back.change.low == pytest.approx(1 / there.change.high)
    assert back.change.high == pytest.approx(1 / there.change.low)
    opposite = {"faster": "slower", "slower": "faster"}
    assert back.verdict == opposite.get(there.verdict, there.verdict)


@given(st.floats(0.01, 100.0), st.floats(-3.0, 3.0))
def test_only_ratios_count(machine, shift):
    """A machine of another speed, or a reference slower in both runs by the same factor, changes no change."""
    head = {INFERENCE: spread(-0.5, 0.01), PEAK: spread(0.3, 0.01)}
    moved = {key: [value + shift for value in values] for key, values in (LAUNCHES | head).items()}
    origin = {key: [value + shift for value in values] for key, values in LAUNCHES.items()}
    expected = compare_runs(run_of(), run_of(head), 0.05)
    found = compare_runs(
        parse_run(make_comparable_run(origin)), parse_run(make_comparable_run(moved, machine=machine)), 0.05
    )
    for one, other in zip(expected.changes, found.changes, strict=True):
        assert (one.verdict, one.fails) == (other.verdict, other.fails)
        assert one.change.value == pytest.approx(other.change.value)
        assert one.change.high == pytest.approx(other.change.high)


def test_the_looks_of_both_runs_widen_a_change():
    """Where runs stopped at looks that had half of the error each, a change is judged by a quarter of it."""
    change = change_of(compare_runs(run_of(error_share=0.5), run_of(error_share=0.5))).change
    assert (change.confidence, change.nominal_confidence) == (0.95, pytest.approx(0.9875))


def test_a_lower_agreement_always_fails():
    """Agreement that fell is a regression without any limit given; one that rose is none."""
    fallen = make_comparable_run(LAUNCHES)
    for one in fallen["benchmarks"]:
        if one["extra_info"]["contender"] == "tensorflow":
            one["extra_info"]["agreement"] = 0.98
    head = parse_run(fallen)
    found = compare_runs(run_of(), head)
    assert (found.falls, found.exit_code) == ((Fall("tensorflow", 1.0, 0.98),), Exit.WORSE)
    assert compare_runs(head, run_of()).exit_code == Exit.DONE


def test_agreement_is_compared_between_runs_of_the_same_pictures_alone():
    """On other pictures another agreement is no fall, and the comparison says that it left agreement out."""
    other = make_comparable_run(LAUNCHES)
    for one in other["benchmarks"]:
        one["extra_info"]["agreement"] = 0.98
    about(other)["images"]["sha256"] = "99" * 32
    found = compare_runs(run_of(), parse_run(other))
    assert (found.falls, found.exit_code) == ((), Exit.DONE)
    said = "agreement: is not compared: the runs show other pictures"
    assert said in render_comparison(found, ("base.json", "head.json"))
    assert said not in render_comparison(compare_runs(run_of(), run_of()), ("base.json", "head.json"))


def test_a_contender_that_became_wrong_agrees_less():
    """One that is not timed any more because it is wrong is both a regression and missing."""
    head = make_comparable_run(LAUNCHES)
    about(head)["contenders"]["tensorflow"] = came_of("wrong", "check", "Top-1 differs on 12 of 83 pictures")
    found = compare_runs(run_of(), parse_run(head))
    assert found.falls == (Fall("tensorflow", 1.0, 0.5),)
    assert [absence.reason for absence in found.absences] == ["wrong at check: Top-1 differs on 12 of 83 pictures"]
    assert found.exit_code == Exit.WORSE


def test_what_only_one_run_has_is_named_with_the_reason():
    """A missing benchmark has the reason that head gives, a new one that of base, and the others are compared."""
    base = make_comparable_run(LAUNCHES | {("inference", "newcomer"): spread(0.0)})
    about(base)["contenders"]["newcomer"] = came_of("skipped", None, "not installed")
    head = make_comparable_run(LAUNCHES | {("inference", "newcomer"): spread(0.0)})
    about(head)["contenders"]["tensorflow"] = came_of("conversion failed", "convert", "Resize")
    found = compare_runs(parse_run(base), parse_run(head))
    assert set(found.absences) == {
        Absence(MISSING, "inference", "tensorflow", "conversion failed at convert: Resize"),
        Absence(NEW, "inference", "newcomer", "skipped: not installed"),
    }
    assert found.renamings == ()
    assert len(found.changes) == 2
    assert found.exit_code == Exit.OTHER_BENCHMARKS


def test_a_probable_renaming_is_seen():
    """One missing and one new name in a group are probably one; two new ones are not guessed about."""
    renamed = LAUNCHES | {("inference", "tf"): LAUNCHES["inference", "tensorflow"]}
    del renamed["inference", "tensorflow"]
    found = compare_runs(run_of(), parse_run(make_comparable_run(renamed)))
    assert found.renamings == (Renaming("inference", "tensorflow", "tf"),)
    more = parse_run(make_comparable_run(renamed | {("inference", "tf2"): spread(0.0)}))
    assert compare_runs(run_of(), more).renamings == ()


def test_benchmarks_of_others_may_not_disappear_either():
    """A benchmark that is not Runoff's is missed too, and seen where it is probably renamed."""
    base, head = (dataclasses.replace(run_of(), others=(f"tests/x.py::{name}",)) for name in ("test_a", "test_b"))
    found = compare_runs(base, head)
    assert found.exit_code == Exit.OTHER_BENCHMARKS
    assert found.renamings == (Renaming(OTHERS, "tests/x.py::test_a", "tests/x.py::test_b"),)


def test_a_lost_ratio_is_missing_and_one_that_never_was_is_said():
    """Figures that can't be compared are never passed over in silence."""
    head = make_comparable_run(LAUNCHES)
    for one in head["benchmarks"]:
        if one["extra_info"]["contender"] == "tensorflow":
            one["extra_info"]["ratio"] = None
    lost = parse_run(head)
    found = compare_runs(run_of(), lost)
    assert found.absences == (Absence(MISSING, "inference", "tensorflow", "measured, but without a ratio to pytorch"),)
    assert compare_runs(lost, lost).unrelated == [("inference", "tensorflow")]


def test_the_reference_is_shown_and_not_gated():
    """A machine half as fast changes the reference's medians and nothing that is judged."""
    found = compare_runs(run_of(), run_of(machine=2.0), 0.0)
    assert [(group, base.median, head.median) for (group, _), base, head in found.references] == [
        ("inference", 0.025, 0.05),
        ("peak-memory", 400e6, 800e6),
    ]
    assert found.exit_code == Exit.DONE


def test_another_stratum_or_an_invalid_run_is_not_compared():
    """Neither passes nor fails: there are no changes, and the baseline goes before validity."""
    invalid = make_comparable_run({INFERENCE: spread(0.5)})
    about(invalid)["control"] |= {"low": 1.2, "high": 1.3}
    other = make_comparable_run({INFERENCE: spread(0.5)})
    about(other)["stratum"]["threads"] = 4
    found = compare_runs(run_of(), parse_run(invalid), 0.0)
    assert (found.exit_code, found.invalid, found.changes) == (Exit.INVALID_RUN, ["head"], ())
    found = compare_runs(parse_run(invalid), parse_run(other), 0.0)
    assert (found.exit_code, found.invalid, found.changes) == (Exit.NO_BASELINE, ["base"], ())


def test_failing_goes_before_missing():
    """A run that is both worse and without a benchmark is told as worse."""
    worse = parse_run(make_comparable_run({INFERENCE: spread(0.0)}))
    assert compare_runs(run_of(), worse, 0.05).exit_code == Exit.WORSE
    assert compare_runs(run_of(), worse).exit_code == Exit.OTHER_BENCHMARKS


def test_a_run_invalid_in_its_verdicts_is_invalid():
    """Rows that were called invalid when they were stored stay so."""
    stored = make_comparable_run(LAUNCHES)
    stored["benchmarks"][1]["extra_info"]["ratio"] = ratio(0.5, "invalid run")
    assert compare_runs(parse_run(stored), run_of()).exit_code == Exit.INVALID_RUN
