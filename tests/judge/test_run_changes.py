"""The change between two runs: Welch's test on what their intervals were computed from."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.judge.ratios import (
    CONFIDENCE,
    Estimate,
    change_estimate,
    difference_p_value,
    estimate,
    estimate_behind,
    excess_p_value,
    interval,
    ratio_over_launches,
)

log_ratios = st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=20).filter(lambda values: np.ptp(values) > 1e-6)


@given(log_ratios, st.sampled_from([1.0, 0.5, 0.0625]))
def test_an_interval_gives_back_its_estimate(values: list[float], error_share: float) -> None:
    """Whatever look a stored ratio is of, its mean, error and degrees of freedom are read back from it."""
    back, found = estimate_behind(ratio_over_launches(values, error_share=error_share)), estimate(values)
    assert (back.mean, back.degrees) == (pytest.approx(found.mean, abs=1e-12), found.degrees)
    assert back.error == pytest.approx(found.error, rel=1e-9)


@pytest.mark.long
@given(log_ratios, log_ratios)
def test_a_change_is_welchs_test(base: list[float], head: list[float]) -> None:
    """Difference, interval and both p-values are those of scipy's t test with unequal variances."""
    from scipy import stats  # takes a second, which no test of the quick lane waits for

    found = change_estimate(ratio_over_launches(base), ratio_over_launches(head))
    expected = stats.ttest_ind(head, base, equal_var=False)
    low, high = interval(found, CONFIDENCE)
    theirs = expected.confidence_interval(CONFIDENCE)
    assert (math.log(low), math.log(high)) == (
        pytest.approx(theirs.low, abs=1e-7),
        pytest.approx(theirs.high, abs=1e-7),
    )
    assert difference_p_value(found) == pytest.approx(expected.pvalue, abs=1e-7)
    moved = stats.ttest_ind([value - math.log(1.05) for value in head], base, equal_var=False, alternative="greater")
    assert excess_p_value(found, 0.05) == pytest.approx(moved.pvalue, abs=1e-7)


@given(log_ratios, log_ratios)
def test_swapping_base_and_head_inverts_the_change(base: list[float], head: list[float]) -> None:
    """Seen from the other run, the change has the other sign and the same certainty."""
    there = change_estimate(ratio_over_launches(base), ratio_over_launches(head))
    back = change_estimate(ratio_over_launches(head), ratio_over_launches(base))
    assert (back.mean, back.error, back.degrees) == pytest.approx((-there.mean, there.error, there.degrees))


def test_a_run_of_one_launch_proves_nothing() -> None:
    """Where either run has no interval, the change has a size and neither an interval nor a small p-value."""
    found = change_estimate(ratio_over_launches([0.1]), ratio_over_launches([0.5, 0.51, 0.52]))
    assert (found.mean, math.isnan(found.error)) == (pytest.approx(0.41), True)
    assert interval(found, CONFIDENCE) is None
    assert (difference_p_value(found), excess_p_value(found, 0.05)) == (1.0, 1.0)


def test_runs_without_any_spread_are_certain() -> None:
    """Sizes that never vary differ certainly, or certainly not, and exceed a margin or don't."""
    base, head = ratio_over_launches([0.0] * 8), ratio_over_launches([0.1] * 8)
    found = change_estimate(base, head)
    assert (difference_p_value(found), excess_p_value(found, 0.05), excess_p_value(found, 0.2)) == (0.0, 0.0, 1.0)
    assert difference_p_value(change_estimate(base, base)) == 1.0


def test_the_gate_at_its_margin_fails_as_often_as_it_says() -> None:
    """A true change of exactly the margin is called beyond it, at 1 %, in about 1 % of 4000 simulated pairs of runs."""
    random = np.random.default_rng(20260401)
    failed = 0
    for _ in range(4000):
        base = ratio_over_launches(random.normal(0.0, 0.01, 8).tolist())
        head = ratio_over_launches(random.normal(math.log(1.05), 0.02, 8).tolist())
        failed += excess_p_value(change_estimate(base, head), 0.05) < 0.01
    assert failed / 4000 <= 0.01 + 3 * math.sqrt(0.01 * 0.99 / 4000)


def test_no_degrees_no_p_value() -> None:
    """An estimate whose error nothing tells shows nothing."""
    assert difference_p_value(Estimate(1.0, math.nan, 0)) == 1.0
