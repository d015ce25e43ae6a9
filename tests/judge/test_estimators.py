"""The estimators of ratios of quiet rounds and of levels, with their intervals: against numbers worked by hand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.judge.ratios import Ratio, ratio_over_launches
from runoff.judge.three_ratios import (
    QUIET_SHARE,
    SETTLED,
    Found,
    as_stored,
    bootstrap,
    jackknife,
    known,
    of_levels,
    of_quiet_rounds,
    quantile,
    quietest,
    three_ratios,
)


@given(st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=30), st.floats(0.0, 1.0))
def test_a_quantile_is_numpys(values: list[float], share: float) -> None:
    """It interpolates between order statistics as numpy does by default."""
    assert float(quantile(share)(np.array(values))) == pytest.approx(float(np.quantile(values, share)))


def test_the_quietest_rounds_are_those_that_took_both_together_the_least() -> None:
    """Of two runs of two launches with two rounds each, half are quiet: their mean log ratio is known."""
    times = np.log([[[1.0, 9.0], [4.0, 9.0]], [[8.0, 1.0], [8.0, 2.0]]])
    reference = np.log([[[2.0, 9.0], [2.0, 9.0]], [[8.0, 4.0], [8.0, 4.0]]])
    assert of_quiet_rounds(0.5)(times, reference) == pytest.approx([0.0, -math.log(8) / 2])
    assert of_quiet_rounds(0.25)(times, reference) == pytest.approx([-math.log(2), -math.log(4)])
    assert of_quiet_rounds(0.75, np.max)(times, reference) == pytest.approx([math.log(2), 0.0])


def test_a_ratio_of_levels_is_that_of_all_rounds_of_each_run() -> None:
    """The medians of two runs of two launches are taken over both launches, for each contender by itself."""
    times, reference = np.log([[[1.0, 2.0], [4.0, 8.0]], [[1.0, 1.0], [3.0, 3.0]]]), np.log(np.full((2, 2, 2), 4.0))
    found = of_levels(quantile(0.5))(times, reference)
    assert found == pytest.approx([math.log(8) / 2 - math.log(4), math.log(3) / 2 - math.log(4)])


def test_of_a_mean_the_jackknife_is_students_interval_over_launches() -> None:
    """Tukey's own case, for two runs at once: the standard error of the launches' means times Student's t."""
    random = np.random.default_rng(4)
    times, reference = random.normal(0.0, 0.1, (2, 2, 5, 8))
    found = jackknife(of_quiet_rounds(1.0), times, reference)
    for run in range(2):
        launches = (times[run] - reference[run]).mean(axis=-1).tolist()
        known = ratio_over_launches(launches)
        assert found.value[run] == pytest.approx(math.log(known.value))
        assert math.exp(found.value[run] + found.reach[run]) == pytest.approx(known.high)
        assert math.exp(found.value[run] - found.reach[run]) == pytest.approx(known.low)
    assert found.apart.tolist() == [0.0, 0.0]


def test_of_a_mean_the_bootstrap_is_nearly_students_interval_too() -> None:
    """With few launches as well: what drawing with replacement makes too narrow is undone."""
    times = np.random.default_rng(5).normal(0.0, 0.1, (4, 30))
    found = bootstrap(of_quiet_rounds(1.0), times, np.zeros_like(times), np.random.default_rng(0))
    known = ratio_over_launches(times.mean(axis=-1).tolist())
    assert float(found.reach) == pytest.approx(math.log(known.high / known.low) / 2, rel=0.05)


def test_an_estimate_is_stored_like_another_ratio() -> None:
    """It has its own value and ends, or none without a spread; the confidence and the launches are the other's."""
    like = Ratio(2.0, 1.5, 2.5, 0.95, 8, 0.975, verdict="")
    found = as_stored(Found(np.array(math.log(0.5)), np.array(math.log(1.1)), np.array(0.0)), like)
    assert isinstance(found, Ratio)
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5 / 1.1, 0.55))
    alone = as_stored(Found(np.array(math.log(0.5)), np.array(math.nan), np.array(math.nan)), like)
    assert alone == dataclasses.replace(like, value=math.exp(math.log(0.5)), low=None, high=None)


def test_what_yet_fewer_rounds_say_is_how_far_an_estimate_is_from_settled() -> None:
    """With the jackknife and the bootstrap alike it is the distance of the two estimates."""
    times, reference = np.random.default_rng(6).normal(0.0, 0.1, (2, 5, 30))
    quarter, tenth = of_quiet_rounds(0.25), of_quiet_rounds(0.1)
    expected = abs(float(quarter(times, reference) - tenth(times, reference)))
    drawn = bootstrap(quarter, times, reference, np.random.default_rng(0), deeper=tenth)
    assert [float(found.apart) for found in (jackknife(quarter, times, reference, deeper=tenth), drawn)] == [
        pytest.approx(expected)
    ] * 2


def test_an_interval_is_widened_where_an_estimate_is_not_settled_and_only_there() -> None:
    """It reaches further by the distance of yet fewer rounds, on each side."""
    apart = np.array([SETTLED, 2 * SETTLED, 0.0])
    found = Found(np.zeros(3), np.full(3, 0.1), apart)
    assert found.warned.tolist() == [False, True, False]
    assert found.widened.reach == pytest.approx([0.1, 0.1 + 2 * SETTLED, 0.1])
    assert found.widened.apart.tolist() == apart.tolist()


def test_one_launch_has_the_mean_of_its_quietest_quarter() -> None:
    """Without a spread its undisturbed ratio is the estimate itself."""
    times, reference = np.exp(np.random.default_rng(7).normal(0.0, 0.1, (2, 1, 48)))
    typical = Ratio(1.0, None, None, 0.95, 1, 0.95)
    found = three_ratios(typical, times.tolist(), reference.tolist())
    assert found is not None
    undisturbed = known(found.undisturbed)
    assert undisturbed is not None
    assert math.log(undisturbed.value) == pytest.approx(of_quiet_rounds(QUIET_SHARE)(np.log(times), np.log(reference)))


def test_the_quietest_rounds_are_a_share_of_all_and_at_least_one() -> None:
    """They are those that sorting puts first, in whatever order."""
    together = np.random.default_rng(8).normal(0.0, 1.0, 301)
    for share in (0.001, 0.01, 0.1, 0.25, 1.0):
        count = max(1, round(share * len(together)))
        assert set(quietest(together, share).tolist()) == set(np.argsort(together)[:count].tolist())
