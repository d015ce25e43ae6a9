"""Going on until it is precise: looks fixed beforehand share one error, whichever of them a race stops at."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.judge.ratios import (
    CONFIDENCE,
    LOOKS,
    claim_p_values,
    difference_p_value,
    estimate,
    half_width,
    plan_looks,
    ratio_over_launches,
)

RUNS = 4000


def test_looks_of_the_usual_number_of_launches() -> None:
    """From 8 launches on: 8, 12, 18, 27 and 41, the first spending half of the error."""
    looks = plan_looks(8)
    assert [look.launches for look in looks] == [8, 12, 18, 27, 41]
    assert [look.error_share for look in looks] == [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 16]


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
@pytest.mark.parametrize("precision", [0.004, 0.008, 0.02])
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


@pytest.mark.full
@pytest.mark.long
def test_looking_without_sharing_the_error_would_miss_more_often() -> None:
    """The same intervals at 95 % each, looked at until one excludes the truth, do so in over 8 % of 4000 runs."""
    random = np.random.default_rng(20260302)
    looks = plan_looks(8)
    shared = unshared = 0
    for _ in range(RUNS):
        values = random.normal(0.0, 0.01, looks[-1].launches)
        found = [
            (
                ratio_over_launches(values[: look.launches]),
                ratio_over_launches(values[: look.launches], error_share=look.error_share),
            )
            for look in looks
        ]
        unshared += any(not plain.low <= 1 <= plain.high for plain, _ in found)
        shared += any(not careful.low <= 1 <= careful.high for _, careful in found)
    assert unshared / RUNS > 0.08
    assert shared / RUNS <= 0.05


def test_half_width_is_the_reach_to_each_side() -> None:
    """An interval from 1/1.02 to 1.02 times the ratio reaches 2 % to each side; without an interval it is infinite."""
    values = [0.0, 0.0, 0.0]
    assert half_width(ratio_over_launches(values)) == 0.0
    assert half_width(ratio_over_launches([0.1])) == math.inf
    found = ratio_over_launches([0.08, 0.09, 0.10, 0.11, 0.12])
    assert found.value * (1 + half_width(found)) == pytest.approx(found.high)
