"""What holds of verdicts, changes, shares and diagnostics whatever the numbers are.

Properties of single launches, of Student's intervals and of Holm's adjustment are in test_ratios_simulated.py, those of
a change's estimate in test_run_changes.py.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runoff.judge.diagnostics import drift, follow_each_other, lag_one_autocorrelation
from runoff.judge.ratios import (
    EXPLORATORY,
    FASTER,
    INCONCLUSIVE,
    INVALID,
    NO_DIFFERENCE,
    SLOWER,
    Ratio,
    change_between,
    claim_p_values,
    control_is_valid,
    difference_p_value,
    estimate_behind,
    excess_p_value,
    half_width,
    holm,
    interval,
    is_beyond,
    is_pinned_down,
    launch_log_ratio,
    ratio_over_launches,
    verdict,
)
from runoff.judge.standings import Rules, judge
from tests.builders.strategies import durations, error_shares, log_ratios, names, p_values, ratios

WORDS = (FASTER, SLOWER)
OPPOSITE = {FASTER: SLOWER, SLOWER: FASTER}
margins = st.floats(0.001, 2.0)
races = st.dictionaries(names, log_ratios(least=5, most=8, reach=0.3, spread=1e-3), min_size=1, max_size=4)
controls = st.none() | log_ratios(least=5, most=8, reach=0.1, spread=1e-3).map(ratio_over_launches)


def verdicts(judged: Mapping[str, Ratio]) -> dict[str, str]:
    """Return what was said of each contender."""
    return {name: ratio.verdict for name, ratio in judged.items()}


def numbers_of(ratio: Ratio) -> list[float]:
    """Return a ratio with the ends of its interval, where it has one."""
    return [number for number in (ratio.value, ratio.low, ratio.high) if number is not None]


def same_interval(one: Ratio, other: Ratio) -> bool:
    """Whether two ratios are equal but for rounding."""
    return numbers_of(one) == pytest.approx(numbers_of(other), rel=1e-9)


def inverse(ratio: Ratio) -> Ratio:
    """Return a ratio seen from the other side."""
    low, high = (None if end is None else 1 / end for end in (ratio.high, ratio.low))
    return dataclasses.replace(ratio, value=1 / ratio.value, low=low, high=high)


@given(races, controls, st.data())
def test_the_order_of_contenders_and_launches_changes_no_verdict(races, control, data):
    """Contenders in another order, and launches in another order, are judged alike."""
    judged = judge(races, Rules(), WORDS, control)
    contenders = data.draw(st.permutations(list(races)))
    shuffled = {name: data.draw(st.permutations(races[name])) for name in contenders}
    again = judge(shuffled, Rules(), WORDS, control)
    assert verdicts(again) == verdicts(judged)
    assert all(same_interval(again[name], judged[name]) for name in races)


@given(races, controls)
def test_a_contenders_name_changes_no_verdict(races, control):
    """Renaming contenders gives each the verdict that it had under its old name."""
    renamed = {f"{name}@elsewhere": values for name, values in races.items()}
    judged, again = judge(races, Rules(), WORDS, control), judge(renamed, Rules(), WORDS, control)
    assert again == {f"{name}@elsewhere": ratio for name, ratio in judged.items()}


@given(
    st.lists(st.lists(st.tuples(durations, durations, durations), min_size=1, max_size=4), min_size=5, max_size=6),
    st.floats(1e-3, 1e3),
)
def test_a_clock_of_another_unit_changes_no_verdict(launches, unit):
    """Scaling every time of a race by one factor changes no ratio, no interval and no verdict."""

    def judged(scale: float) -> Ratio:
        columns = [[[scale * value for value in column] for column in zip(*launch, strict=True)] for launch in launches]
        values = [launch_log_ratio(times, reference) for times, reference, _ in columns]
        control = ratio_over_launches([launch_log_ratio(second, reference) for _, reference, second in columns])
        return judge({"it": values}, Rules(), WORDS, control)["it"]

    plain, scaled = judged(1.0), judged(unit)
    assume(half_width(plain) > 1e-6)  # of times without any spread, rounding is all that differs
    assert same_interval(plain, scaled)
    assert scaled.verdict == plain.verdict


@given(races, controls)
def test_a_race_seen_from_the_other_side_has_the_opposite_words(races, control):
    """With every log-ratio's sign changed, faster is slower and nothing else is said."""
    judged = judge(races, Rules(), WORDS, control)
    mirrored = {name: [-value for value in values] for name, values in races.items()}
    again = judge(mirrored, Rules(), WORDS, control and inverse(control))
    assert verdicts(again) == {name: OPPOSITE.get(word, word) for name, word in verdicts(judged).items()}


@given(races, log_ratios(least=5, most=8, reach=0.3), controls)
def test_another_contender_never_makes_a_claim(races, newcomer, control):
    """What is not claimed of few contenders is not claimed when one more is judged with them."""
    judged, again = (
        judge(races, Rules(), WORDS, control),
        judge({**races, "newcomer": newcomer}, Rules(), WORDS, control),
    )
    for name in races:
        assert judged[name].verdict in WORDS or again[name].verdict not in WORDS


@given(races, controls, margins, margins)
def test_a_larger_margin_never_makes_doubt(races, control, one, other):
    """With a larger margin no run becomes invalid, no control too imprecise, and no verdict inconclusive."""
    small, large = sorted((one, other))
    for ratio in (ratio_over_launches(values) for values in races.values()):
        assert control_is_valid(ratio, large) or not control_is_valid(ratio, small)
        assert is_pinned_down(ratio, large) or not is_pinned_down(ratio, small)
    before, after = (verdicts(judge(races, Rules(margin), WORDS, control)) for margin in (small, large))
    for name in races:
        assert after[name] == before[name] or (before[name], after[name]) in {
            (INCONCLUSIVE, NO_DIFFERENCE),
            *((INVALID, word) for word in (FASTER, SLOWER, INCONCLUSIVE, NO_DIFFERENCE)),
        }


@given(ratios(), st.floats(0.0, 1.0), ratios(), margins)
def test_a_claim_agrees_with_the_interval_and_goes_beyond_the_control(ratio, p_value, control, margin):
    """Whatever is claimed has five launches, a small p-value, a valid control and an interval beyond the control's."""
    said = verdict(ratio, p_value, control=control, margin=margin)
    if said in WORDS:
        assert ratio.launches >= 5
        assert p_value < 0.05
        assert control_is_valid(control, margin)
        assert is_beyond(ratio, control)
        assert said == (FASTER if ratio.value < 1 else SLOWER)
    else:
        assert (said == INVALID) == (not control_is_valid(control, margin))
        assert said != EXPLORATORY or ratio.launches < 5


@given(log_ratios(), st.floats(0.5, 0.999), st.floats(0.5, 0.999), error_shares, error_shares)
def test_more_confidence_and_a_smaller_share_of_the_error_widen(values, one, other, share, another):
    """An interval of more confidence, or at a look with less of the error, holds the one of less, or of more."""
    low, high = sorted((one, other))
    narrow, wide = ratio_over_launches(values, low), ratio_over_launches(values, high)
    assert wide.low <= narrow.low <= narrow.high <= wide.high
    less, more = sorted((share, another))
    wide, narrow = ratio_over_launches(values, 0.95, less), ratio_over_launches(values, 0.95, more)
    assert wide.low <= narrow.low <= narrow.high <= wide.high


@given(ratios())
def test_a_stored_ratio_gives_back_its_interval(ratio):
    """The estimate that is read from a ratio has the very interval that the ratio has."""
    found = interval(estimate_behind(ratio), ratio.nominal_confidence)
    if ratio.low is None:
        assert found is None
    else:
        assert found == pytest.approx((ratio.low, ratio.high), rel=1e-9)


@given(ratios(), ratios())
def test_swapping_two_runs_inverts_their_change(base, head):
    """Seen from the other run, a change and its interval are the reciprocals, at the same confidence."""
    there, back = change_between(base, head), change_between(head, base)
    assert same_interval(back, inverse(there))
    assert (back.launches, back.nominal_confidence) == (there.launches, there.nominal_confidence)


@given(ratios())
def test_a_ratio_has_not_changed_from_itself(ratio):
    """The change from a ratio to itself is 1, and its interval lies around that."""
    change = change_between(ratio, ratio)
    assert change.value == 1.0
    assert change.low is None or change.low <= 1.0 <= change.high


@given(ratios(least=2), margins, margins)
def test_exceeding_more_is_proven_less(ratio, one, other):
    """The larger the excess that is asked about, the larger the p-value; a sign makes no difference to a difference."""
    found = estimate_behind(ratio)
    small, large = sorted((one, other))
    assert 0.0 <= excess_p_value(found, small) <= excess_p_value(found, large) <= 1.0
    mirrored = dataclasses.replace(found, mean=-found.mean)
    assert difference_p_value(mirrored) == difference_p_value(found) <= 1.0


@given(p_values, error_shares, st.data())
def test_claims_never_fall_below_raw_p_values_and_keep_their_order(raw, share, data):
    """Adjusting raises p-values, keeps their order, and never lowers one because another was higher."""
    adjusted = claim_p_values(raw, share)
    assert all(raw[name] <= holm(raw)[name] <= adjusted[name] <= 1.0 for name in raw)
    in_order = sorted(raw, key=raw.__getitem__)
    assert [adjusted[name] for name in in_order] == sorted(adjusted.values())
    if raw:
        name = data.draw(st.sampled_from(sorted(raw)))
        higher = claim_p_values({**raw, name: data.draw(st.floats(raw[name], 1.0))}, share)
        assert all(higher[other] >= adjusted[other] for other in raw)


@given(ratios(least=2))
def test_a_reach_is_the_same_from_both_sides(ratio):
    """A ratio and its inverse reach equally far to each side, and not below nothing."""
    assert half_width(ratio) >= 0.0
    assert half_width(inverse(ratio)) == pytest.approx(half_width(ratio), rel=1e-9, abs=1e-12)


series = st.lists(st.integers(-1000, 1000).map(float), min_size=1, max_size=40)


@given(series, st.integers(-1000, 1000), st.sampled_from([0.25, 1.0, 8.0]))
def test_a_level_and_a_unit_change_no_dependence(values, level, unit):
    """Launches follow each other or not whatever is added to all of them, and in whatever unit."""
    moved = [unit * (value + level) for value in values]
    assert lag_one_autocorrelation(moved) == pytest.approx(lag_one_autocorrelation(values), abs=1e-9)
    assert -1.0 <= lag_one_autocorrelation(values) <= 1.0
    assert lag_one_autocorrelation(values[::-1]) == pytest.approx(lag_one_autocorrelation(values), abs=1e-9)


@given(st.floats(-1e3, 1e3), st.integers(1, 60))
def test_equal_launches_never_follow_each_other(value, count):
    """Launches without any spread show no dependence, however their mean is rounded."""
    assert lag_one_autocorrelation([value] * count) == 0.0
    assert not follow_each_other([value] * count)


@given(st.lists(durations, min_size=4, max_size=30).filter(lambda values: len(values) % 2 == 0))
def test_drift_seen_backwards_is_its_inverse(values):
    """A series in reverse drifts by the inverse."""
    assert drift(values[::-1]) == pytest.approx(1 / drift(values))


@given(log_ratios(least=1), st.floats(-2.0, 2.0))
def test_a_constant_factor_multiplies_a_ratio_and_its_interval(values, shift):
    """A contender that is slower by one factor in every launch has that factor in its ratio and in both ends."""
    plain, slowed = ratio_over_launches(values), ratio_over_launches([value + shift for value in values])
    assert numbers_of(slowed) == pytest.approx([math.exp(shift) * number for number in numbers_of(plain)], rel=1e-9)
