"""What holds of comparisons whatever changed; the inverse and the machine's speed are in test_changes.py."""

from __future__ import annotations

import dataclasses
import math

from hypothesis import given
from hypothesis import strategies as st

from runoff.compare.changes import Change, compare_runs
from runoff.compare.within import compare_within
from runoff.errors import Exit
from runoff.judge.ratios import FASTER, LESS, MORE, NO_DIFFERENCE, SLOWER
from runoff.stored.run import StoredRun, parse_run
from tests.builders.stored_runs import about, make_comparable_run
from tests.builders.strategies import fewer, log_ratios

CLAIMS = {FASTER, SLOWER, LESS, MORE}
contenders = st.sampled_from(["a", "b", "c"])
keys = st.tuples(st.sampled_from(["inference", "peak-memory"]), contenders)
launches = log_ratios(least=5, most=6, reach=0.5, spread=1e-3)
measured = st.dictionaries(keys, st.tuples(launches, launches), min_size=1, max_size=3)
limits = st.none() | st.floats(0.0, 0.5)


def runs_of(pairs, renamed=None, margin=0.05) -> tuple[StoredRun, StoredRun]:
    """Make the runs before and after, some contenders under other names."""
    names = renamed or {}
    runs = []
    for side in (0, 1):
        stored = make_comparable_run(
            {(group, names.get(name, name)): pair[side] for (group, name), pair in pairs.items()}
        )
        about(stored)["margin"] = margin
        runs.append(parse_run(stored))
    return runs[0], runs[1]


def by_key(found, names=None) -> dict[tuple[str, str], Change]:
    """Return the changes by group and contender, with old names for new ones."""
    old = {new: name for name, new in (names or {}).items()}
    return {
        (change.group, old.get(change.contender, change.contender)): dataclasses.replace(
            change, contender=old.get(change.contender, change.contender)
        )
        for change in found.changes
    }


@fewer
@given(measured, limits)
def test_every_comparison_has_an_exit_code_with_a_meaning(pairs, limit):
    """Whatever changed, the outcome is one of those that are promised, and a run has not changed from itself."""
    base, head = runs_of(pairs)
    found = compare_runs(base, head, limit)
    assert found.exit_code in Exit
    assert (found.exit_code == Exit.WORSE) == any(change.fails for change in found.changes)
    assert compare_runs(head, head, limit).exit_code == Exit.DONE


@fewer
@given(measured, limits, st.permutations(["a", "b", "c"]))
def test_the_names_and_the_order_of_contenders_change_no_verdict(pairs, limit, names):
    """Contenders that are called otherwise, and so stand in another order, are judged alike."""
    renamed = dict(zip(["a", "b", "c"], [f"new-{name}" for name in names], strict=True))
    found = compare_runs(*runs_of(pairs), limit)
    again = compare_runs(*runs_of(dict(reversed(pairs.items())), renamed), limit)
    assert by_key(again, renamed) == by_key(found)
    assert again.exit_code == found.exit_code


@fewer
@given(measured, st.floats(0.0, 0.5), st.floats(0.0, 0.5))
def test_allowing_more_never_fails_what_passed(pairs, one, other):
    """What passes a limit passes every larger one, and without a limit nothing fails."""
    small, large = sorted((one, other))
    strict, loose, without = (by_key(compare_runs(*runs_of(pairs), limit)) for limit in (small, large, None))
    for key in strict:
        assert strict[key].fails or not loose[key].fails
        assert not without[key].fails


@fewer
@given(measured, st.floats(0.01, 0.3), st.floats(0.01, 0.3))
def test_a_larger_margin_makes_no_change_inconclusive(pairs, one, other):
    """With a larger margin, claims stay and what showed no difference still shows none."""
    small, large = sorted((one, other))
    before, after = (by_key(compare_runs(*runs_of(pairs, margin=margin))) for margin in (small, large))
    for key, change in before.items():
        if change.verdict in CLAIMS | {NO_DIFFERENCE}:
            assert after[key].verdict == change.verdict


@fewer
@given(measured, st.tuples(launches, launches))
def test_another_contender_never_makes_a_change_a_claim(pairs, newcomer):
    """What is not claimed of few changes is not claimed when one more is judged with them."""
    few = by_key(compare_runs(*runs_of(pairs)))
    many = by_key(compare_runs(*runs_of({**pairs, ("inference", "newcomer"): newcomer})))
    for key, change in few.items():
        assert change.verdict in CLAIMS or many[key].verdict not in CLAIMS


@given(launches, st.floats(-0.5, 0.5))
def test_trees_of_one_run_differ_by_their_own_ratio(values, shift):
    """Raced in one run, the change between two trees is the ratio of the one to the other, interval and all."""
    moved = [value + shift for value in values]
    stored = make_comparable_run({("inference", "pytorch@new"): moved})
    run = parse_run(stored)
    (change,) = compare_within(run).changes
    ratio = run.measures["inference", "pytorch@new"].ratio
    assert ratio is not None
    assert math.isclose(change.change.value, ratio.value)
    assert math.isclose(change.change.low or 0.0, ratio.low or 0.0, rel_tol=1e-9)
    assert math.isclose(change.change.high or 0.0, ratio.high or 0.0, rel_tol=1e-9)
