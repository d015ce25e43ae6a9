"""The slope that the page's soak reports: right on simulated memory, and sure of itself as often as it should be."""

from __future__ import annotations

import numpy as np
import pytest

from tests.webui.proof.soak import BLOCKS, slope_of

SECONDS = np.arange(600) * 5.0


def simulated(growth: float, persistence: float, generator: np.random.RandomState) -> np.ndarray:
    """Simulate readings of memory: megabytes an hour on top of noise that remembers its last value."""
    noise = np.zeros(len(SECONDS))
    for number, shock in enumerate(generator.normal(0, 1, len(SECONDS))):
        noise[number] = persistence * noise[number - 1] + shock if number else shock
    return 200 + growth * SECONDS / 3600 + noise


def test_a_straight_line_has_its_slope():
    """Two megabytes an hour are two, without an interval of any length."""
    found = slope_of(SECONDS, 100 + 2 * SECONDS / 3600)
    assert (found.value, found.low, found.high) == pytest.approx((2, 2, 2))


@pytest.mark.parametrize("persistence", [0.0, 0.8])
def test_the_interval_holds_the_growth_as_often_as_it_says(persistence):
    """In 400 simulated hours 95 % of the intervals hold the growth, also where readings are much like those before."""
    generator = np.random.RandomState(1)
    slopes = [slope_of(SECONDS, simulated(3.0, persistence, generator)) for _ in range(400)]
    held = np.mean([slope.low <= 3.0 <= slope.high for slope in slopes])
    assert 0.92 <= held <= 0.98


def test_too_few_readings_are_refused():
    """A process that was there for a moment has no slope."""
    with pytest.raises(ValueError, match="too few"):
        slope_of(SECONDS[: BLOCKS - 1], SECONDS[: BLOCKS - 1])
