"""Ratios, intervals and verdicts: properties of any numbers, agreement with scipy, and simulated runs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.judge.ratios import (
    CONFIDENCE,
    FASTER,
    SLOWER,
    claim_p_values,
    difference_p_value,
    estimate,
    holm,
    launch_log_ratio,
    ratio_over_launches,
    verdict,
)

durations = st.floats(min_value=1e-6, max_value=1e4)
rounds = st.lists(st.tuples(durations, durations), min_size=1, max_size=30)
# Of a difference below 1e-154 the square is 0: there the values have no spread.
log_ratios = st.lists(st.floats(-3.0, 3.0).map(lambda value: round(value, 9)), min_size=2, max_size=20)
p_values = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.floats(0.0, 1.0), max_size=8)


def simulate_launch(random: np.random.Generator, true_log_ratio: float, rounds: int = 11) -> float:
    """Estimate one simulated launch: its own bias of 1 %, noise of 3 % a round, and one round in ten disturbed.

    What slows the machine slows both alike; a disturbance hits one of them and triples its time.
    """
    launch_bias = random.normal(0.0, 0.01)
    machine = np.exp(random.normal(0.0, 0.1, rounds))
    disturbed = np.where(random.random((2, rounds)) < 0.1, 3.0, 1.0)
    reference = 0.020 * machine * np.exp(random.normal(0.0, 0.03, rounds)) * disturbed[0]
    times = 0.020 * machine * np.exp(true_log_ratio + launch_bias + random.normal(0.0, 0.03, rounds)) * disturbed[1]
    return launch_log_ratio(times.tolist(), reference.tolist())


@given(rounds)
def test_equal_times_have_ratio_one(pairs: list[tuple[float, float]]) -> None:
    """A contender with the reference's own times has a log-ratio of exactly zero."""
    times = [time for time, _ in pairs]
    assert launch_log_ratio(times, times) == 0.0


@given(rounds, st.floats(1e-3, 1e3))
def test_unit_of_time_does_not_matter(pairs: list[tuple[float, float]], unit: float) -> None:
    """Counting both in another unit gives the same ratio."""
    times, reference = zip(*pairs, strict=True)
    rescaled = launch_log_ratio([unit * time for time in times], [unit * time for time in reference])
    assert rescaled == pytest.approx(launch_log_ratio(times, reference), abs=1e-9)


@given(rounds, st.floats(1e-3, 1e3))
def test_slower_by_a_factor_shows_the_factor(pairs: list[tuple[float, float]], factor: float) -> None:
    """Slowing the contender by a factor multiplies its ratio by that factor."""
    times, reference = zip(*pairs, strict=True)
    slowed = launch_log_ratio([factor * time for time in times], reference)
    assert slowed == pytest.approx(launch_log_ratio(times, reference) + math.log(factor), abs=1e-9)


@given(rounds)
def test_swapping_contender_and_reference_inverts_a_launch(pairs: list[tuple[float, float]]) -> None:
    """Seen from the other side, the log-ratio of a launch changes its sign and nothing else."""
    times, reference = zip(*pairs, strict=True)
    assert launch_log_ratio(reference, times) == pytest.approx(-launch_log_ratio(times, reference), abs=1e-12)


@given(log_ratios)
def test_swapping_contender_and_reference_inverts_the_interval(values: list[float]) -> None:
    """Seen from the other side, ratio and interval are the reciprocals, with the ends changing places."""
    there, back = ratio_over_launches(values), ratio_over_launches([-value for value in values])
    assert back.value == pytest.approx(1 / there.value)
    assert (there.low, there.high, back.low, back.high) != (None,) * 4
    assert math.log(back.low) == pytest.approx(-math.log(there.high), abs=1e-9)
    assert math.log(back.high) == pytest.approx(-math.log(there.low), abs=1e-9)


@given(rounds, st.integers(0, 2**32 - 1))
def test_order_of_rounds_does_not_matter(pairs: list[tuple[float, float]], seed: int) -> None:
    """Rounds may come in any order as long as they stay paired."""
    shuffled = [pairs[index] for index in np.random.default_rng(seed).permutation(len(pairs))]
    assert launch_log_ratio(*zip(*shuffled, strict=True)) == launch_log_ratio(*zip(*pairs, strict=True))


@pytest.mark.long
@given(log_ratios)
def test_interval_is_scipys(values: list[float]) -> None:
    """The interval is the one of scipy's one-sample t test, exponentiated."""
    from scipy import stats  # takes a second, which no test of the quick lane waits for

    found = ratio_over_launches(values)
    assert found.value == pytest.approx(math.exp(np.mean(values)))
    if np.ptp(values) > 1e-9:  # without any spread scipy warns of lost precision
        expected = stats.ttest_1samp(values, 0.0).confidence_interval(CONFIDENCE)
        assert math.log(found.low) == pytest.approx(expected.low, abs=1e-9)
        assert math.log(found.high) == pytest.approx(expected.high, abs=1e-9)


@pytest.mark.long
@given(log_ratios)
def test_p_value_is_scipys(values: list[float]) -> None:
    """The p-value is the one of scipy's one-sample t test."""
    from scipy import stats  # as above

    if np.ptp(values) > 1e-9:
        assert difference_p_value(estimate(values)) == pytest.approx(stats.ttest_1samp(values, 0.0).pvalue, abs=1e-12)


@given(log_ratios)
def test_interval_and_p_value_agree(values: list[float]) -> None:
    """The interval excludes 1 where, and only where, the p-value is below the level."""
    found, p_value = ratio_over_launches(values), difference_p_value(estimate(values))
    if abs(p_value - (1 - CONFIDENCE)) > 1e-6:
        assert (found.low > 1 or found.high < 1) == (p_value < 1 - CONFIDENCE)


@given(st.floats(-2.0, 2.0), st.floats(0.001, 0.1), st.integers(1, 10))
def test_more_launches_narrow_the_interval(mean: float, spread: float, pairs: int) -> None:
    """With the spread between launches unchanged, every two launches more give a narrower interval."""
    fewer = ratio_over_launches([mean - spread, mean + spread] * pairs)
    more = ratio_over_launches([mean - spread, mean + spread] * (pairs + 1))
    assert fewer.low < more.low < more.value < more.high < fewer.high


@given(p_values)
def test_holm_is_monotone_and_never_below_the_raw_value(raw: dict[str, float]) -> None:
    """Adjusted values keep the order of the raw ones, lie between them and 1, and stay within Bonferroni's."""
    adjusted = holm(raw)
    assert set(adjusted) == set(raw)
    for name, value in raw.items():
        assert value <= adjusted[name] <= min(1.0, len(raw) * value)
    for one, other in itertools.permutations(raw, 2):
        assert raw[one] > raw[other] or adjusted[one] <= adjusted[other]


@given(p_values)
def test_holm_does_not_depend_on_the_order_given(raw: dict[str, float]) -> None:
    """The same p-values in reverse order are adjusted alike."""
    assert holm(dict(reversed(raw.items()))) == holm(raw)


@pytest.mark.long
def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Over 2000 simulated runs of 8 noisy launches, the 95 % interval holds the true ratio in 93 to 97 % of them."""
    # The share of 2000 runs has a standard error of 0.5 %, so the bounds are four of them wide.
    random = np.random.default_rng(20240501)
    truth = math.log(0.8)
    covered = 0
    for _ in range(2000):
        found = ratio_over_launches([simulate_launch(random, truth) for _ in range(8)])
        covered += found.low <= math.exp(truth) <= found.high
    assert 0.93 <= covered / 2000 <= 0.97


@pytest.mark.full
@pytest.mark.long
def test_five_equal_contenders_raise_a_false_alarm_in_one_run_of_twenty_at_most() -> None:
    """Over 2000 simulated runs of five contenders as fast as the reference, at most 5 % of runs call any different."""
    # The contenders share the reference's noise, as real ones do. Three standard errors of a share of 5 % over 2000
    # runs (0.5 % each) are allowed for; without Holm's adjustment some 15 % of these runs would raise an alarm.
    random = np.random.default_rng(20240502)
    alarms = unadjusted = 0
    for _ in range(2000):
        reference = random.normal(0.0, 0.01, 8)
        launches = {name: (random.normal(0.0, 0.01, 8) - reference).tolist() for name in "abcde"}
        raw = {name: difference_p_value(estimate(values)) for name, values in launches.items()}
        adjusted = claim_p_values(raw)
        found = {verdict(ratio_over_launches(launches[name]), adjusted[name], control=None) for name in launches}
        alarms += bool(found & {FASTER, SLOWER})
        unadjusted += min(raw.values()) < 1 - CONFIDENCE
    assert alarms / 2000 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)
    assert unadjusted / 2000 > 0.10


def test_true_difference_is_found() -> None:
    """A contender that is 10 % faster, with launch noise of 1 %, is called faster in nearly every run."""
    random = np.random.default_rng(20240503)
    found = 0
    for _ in range(200):
        values = [simulate_launch(random, math.log(0.9)) for _ in range(8)]
        claim = claim_p_values({"it": difference_p_value(estimate(values))})["it"]
        found += verdict(ratio_over_launches(values), claim, control=None) == FASTER
    assert found >= 198
