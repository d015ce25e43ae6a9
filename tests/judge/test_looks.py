"""Going on until it is precise: looks fixed beforehand share one error, whichever of them a race stops at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special

from runoff.judge.ratios import (
    CONFIDENCE,
    LOOKS,
    Look,
    claim_p_values,
    difference_p_value,
    estimate,
    half_width,
    plan_looks,
    ratio_over_launches,
)

RUNS = 4000
Numbers = NDArray[np.float64]


def test_looks_of_the_usual_number_of_launches() -> None:
    """From 8 launches on there are eight looks until 137, each spending an eighth of the error."""
    looks = plan_looks(8)
    assert [look.launches for look in looks] == [8, 12, 18, 27, 41, 61, 92, 137]
    assert {look.error_share for look in looks} == {1 / 8}


@given(st.integers(1, 200))
def test_looks_spend_the_whole_error_once_and_grow(first: int) -> None:
    """However many launches the first has, shares add up to 1 and each look has more launches than the one before."""
    looks = plan_looks(first)
    assert len(looks) == LOOKS
    assert math.fsum(look.error_share for look in looks) == 1.0
    counts = [look.launches for look in looks]
    assert counts[0] == first
    assert counts == sorted(set(counts))


def test_a_share_of_the_error_widens_the_interval() -> None:
    """A look that may spend half of 5 % computes its interval at 97.5 % and still promises 95 %."""
    values = [0.08, 0.09, 0.10, 0.11, 0.12]
    alone, shared = ratio_over_launches(values), ratio_over_launches(values, error_share=0.5)
    stricter = ratio_over_launches(values, confidence=0.975)
    assert (shared.low, shared.high) == (stricter.low, stricter.high)
    assert (shared.confidence, shared.nominal_confidence) == (CONFIDENCE, 0.975)
    assert shared.low < alone.low < alone.high < shared.high


@pytest.mark.long
@pytest.mark.parametrize("precision", [0.003, 0.006, 0.012])
def test_stopping_when_precise_keeps_coverage_and_false_alarms(precision: float) -> None:
    """Of 4000 simulated runs that stop at the first precise look, at least 95 % hold the truth, at most 1 % alarm."""
    # Launches have a spread of 1 %, so that the precisions asked for are reached at all looks, from first to last.
    # Three standard errors of each share are allowed for.
    random = np.random.default_rng(20260301)
    looks = plan_looks(8)
    covered = alarms = 0
    for _ in range(RUNS):
        values = random.normal(0.0, 0.01, looks[-1].launches)
        for look in looks:
            seen = values[: look.launches]
            found = ratio_over_launches(seen, error_share=look.error_share)
            if half_width(found) <= precision:
                break
        covered += found.low <= 1 <= found.high
        claim = claim_p_values({"it": difference_p_value(estimate(seen))}, look.error_share)["it"]
        alarms += claim < 1 - CONFIDENCE
    assert covered / RUNS >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / RUNS)
    assert alarms / RUNS <= 0.01 + 3 * math.sqrt(0.01 * 0.99 / RUNS)


def simulated(looks: Sequence[Look], deviation: float) -> tuple[Numbers, Numbers]:
    """Return the log-ratios found at each look of simulated runs of equals, and how far Student's intervals reach."""
    values = np.random.default_rng(20260302).normal(0.0, deviation, (RUNS, looks[-1].launches))
    seen = [values[:, : look.launches] for look in looks]
    students = [
        special.stdtrit(look.launches - 1, 1 - (1 - CONFIDENCE) * look.error_share / 2) / math.sqrt(look.launches)
        for look in looks
    ]
    return np.array([each.mean(axis=1) for each in seen]), np.array(
        [student * each.std(axis=1, ddof=1) for student, each in zip(students, seen, strict=True)]
    )


def first_narrow(looks: Sequence[Look], deviation: float) -> tuple[float, float]:
    """Return the launches to ±2 % in the mean, all of them where no look is so narrow, and the share of runs it is."""
    narrow = simulated(looks, deviation)[1] <= math.log(1.02)
    found = narrow.any(axis=0)
    stopped = np.where(found, narrow.argmax(axis=0), len(looks) - 1)
    return float(np.mean([looks[at].launches for at in stopped])), float(found.mean())


@pytest.mark.parametrize(("deviation", "mean"), [(0.01, 8.2), (0.02, 13.8), (0.03, 25.1), (0.05, 62.1), (0.07, 121)])
def test_two_percent_is_reached_on_disturbed_machines_too(deviation: float, mean: float) -> None:
    """Up to a spread of 7 % between launches nearly all runs reach ±2 %, after as many launches as the docs say."""
    launches, reached = first_narrow(plan_looks(8), deviation)
    assert reached >= 0.99
    assert launches == pytest.approx(mean, rel=0.03)


def test_shares_that_fall_take_longer_where_it_takes_many_launches() -> None:
    """Halving what is left, eight looks take half as many launches again at 5 %, and seldom get there at 7 %."""
    looks = plan_looks(8)
    halved = [Look(look.launches, 1 / 2 ** min(number, LOOKS - 1)) for number, look in enumerate(looks, 1)]
    assert math.fsum(look.error_share for look in halved) == 1.0
    assert first_narrow(halved, 0.05)[0] > 1.5 * first_narrow(looks, 0.05)[0]
    assert first_narrow(halved, 0.07)[1] < 0.2


def test_looking_without_sharing_the_error_would_miss_more_often() -> None:
    """The same intervals at 95 % each, looked at until one excludes the truth, do so in over 8 % of 4000 runs."""
    missed = {}
    for called, looks in {
        "shared": plan_looks(8),
        "not": [replace(look, error_share=1.0) for look in plan_looks(8)],
    }.items():
        means, reaches = simulated(looks, 0.01)
        missed[called] = (np.abs(means) > reaches).any(axis=0).mean()
    assert missed["not"] > 0.08
    assert missed["shared"] <= 0.05


def test_half_width_is_the_reach_to_each_side() -> None:
    """An interval from 1/1.02 to 1.02 times the ratio reaches 2 % to each side; without an interval it is infinite."""
    values = [0.0, 0.0, 0.0]
    assert half_width(ratio_over_launches(values)) == 0.0
    assert half_width(ratio_over_launches([0.1])) == math.inf
    found = ratio_over_launches([0.08, 0.09, 0.10, 0.11, 0.12])
    assert found.value * (1 + half_width(found)) == pytest.approx(found.high)
