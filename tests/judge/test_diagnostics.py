"""What raw times show beside the ratio: percentiles with their samples, drift, and launches that follow each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.judge.diagnostics import (
    DOUBT,
    drift,
    follow_each_other,
    lag_one_autocorrelation,
    percentiles,
    samples_needed,
)

durations = st.floats(min_value=1e-6, max_value=1e4)


def test_percentiles_of_known_values() -> None:
    """Of the numbers 1 to 1001 the percentiles are read off, all with enough samples."""
    found = percentiles([float(value) for value in range(1, 1002)])
    assert found == pytest.approx({"p50": 501.0, "p90": 901.0, "p95": 951.0, "p99": 991.0})


def test_a_percentile_is_withheld_where_too_few_samples_bound_it() -> None:
    """With 298 samples p99 is withheld and with 299, which is what it needs, it is not."""
    few, enough = percentiles([1.0] * 298), percentiles([1.0] * 299)
    assert (few["p99"], samples_needed(0.99)) == (None, 299)
    assert (few["p95"], enough["p99"]) == (1.0, 1.0)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.95, 0.99])
def test_samples_needed_are_the_fewest_that_bound_the_quantile(quantile: float) -> None:
    """The largest of so many samples lies above the quantile with 95 % probability; of one fewer, it does not."""
    needed = samples_needed(quantile)
    assert 1 - quantile**needed >= 0.95
    assert 1 - quantile ** (needed - 1) < 0.95


@pytest.mark.parametrize("values", [[], [1.0, 0.0], [1.0, -1.0], [1.0, math.nan], [1.0, math.inf]])
def test_percentiles_of_what_is_no_duration_are_refused(values: list[float]) -> None:
    """No values, zero, negative and not finite ones are refused."""
    with pytest.raises(ValueError, match=r"^percentiles need at least one value, all finite and above zero$"):
        percentiles(values)


@given(st.lists(durations, min_size=5, max_size=60), st.floats(1e-3, 1e3))
def test_percentiles_rise_and_scale_with_the_unit(values: list[float], unit: float) -> None:
    """Higher percentiles are never smaller, and another unit multiplies each."""
    found = [value for value in percentiles(values).values() if value is not None]
    scaled = [value for value in percentiles([unit * each for each in values]).values() if value is not None]
    assert found == sorted(found)
    assert scaled == pytest.approx([unit * value for value in found])


def test_autocorrelation_of_a_known_series() -> None:
    """Five values worked by hand: (2+0+0+2) / (4+1+0+1+4)."""
    assert lag_one_autocorrelation([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(0.4)
    assert lag_one_autocorrelation([3.0, 3.0, 3.0]) == 0.0


def test_equal_launches_whose_mean_is_rounded_do_not_follow_each_other() -> None:
    """Of 19 equal values whose mean is rounded to its neighbour, the deviations are all alike and show nothing."""
    values = [862.7865270296661] * 19
    assert values[0] != np.mean(values)
    assert lag_one_autocorrelation(values) == 0.0
    assert not follow_each_other(values)


def test_independent_launches_are_rarely_called_dependent() -> None:
    """Of 4000 simulated runs of 8 and of 20 independent launches at most 1.5 % are warned of (1 % is aimed at)."""
    random = np.random.default_rng(20260101)
    for count in (8, 20):
        warned = sum(follow_each_other(random.normal(size=count).tolist()) for _ in range(4000))
        assert warned / 4000 <= DOUBT + 0.005


def test_launches_that_follow_each_other_are_found() -> None:
    """A steady climb over 8 launches, and a random walk over 40, are nearly always found."""
    random = np.random.default_rng(20260102)
    climbs = sum(follow_each_other((np.arange(20) + random.normal(scale=0.5, size=20)).tolist()) for _ in range(200))
    walks = sum(follow_each_other(np.cumsum(random.normal(size=40)).tolist()) for _ in range(200))
    assert climbs >= 195
    assert walks >= 190


def test_too_few_launches_are_never_called_dependent() -> None:
    """Three launches tell nothing about their order."""
    assert not follow_each_other([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([], 1.0, id="nothing"),
        pytest.param([1.0, 1.0, 9.0], 1.0, id="too few to tell"),
        pytest.param([2.0] * 4, 1.0, id="steady"),
        pytest.param([2.0, 2.0, 3.0, 3.0], 1.5, id="slower"),
        pytest.param([2.0, 2.0, 1.0, 1.0], 0.5, id="faster"),
        pytest.param([2.0, 2.0, 3.0, 3.0, 3.0], 1.5, id="odd count"),
        pytest.param([2.0, 2.0, 99.0, 2.0, 2.0, 2.0], 1.0, id="one outlier"),
    ],
)
def test_drift_compares_the_halves(values: list[float], expected: float) -> None:
    """Drift is the second half's median over the first's, and 1 where there are too few values."""
    assert drift(values) == pytest.approx(expected)


@given(st.lists(durations, min_size=4, max_size=30), st.floats(1e-3, 1e3))
def test_drift_does_not_depend_on_the_unit(values: list[float], unit: float) -> None:
    """Drift is a ratio: the unit of time does not matter."""
    assert drift([unit * value for value in values]) == pytest.approx(drift(values))
