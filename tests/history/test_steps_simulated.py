"""How often is a step claimed that isn't there, and how often is one found that is? Simulated, with fixed seeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from runoff.history.steps import find_steps
from tests.lanes import in_full

pytestmark = pytest.mark.long

SERIES = 1000
LENGTH = 50
MOST_FALSE_ALARMS = 0.02

SHAPE = (SERIES, LENGTH)
"""All series are drawn at once, one a row."""
Noise = Callable[[np.random.RandomState], NDArray[np.float64]]


def persistent(share: float) -> Noise:
    """Make noise of which every value passes a share of its deviation on to the next."""

    def make(generator: np.random.RandomState) -> NDArray[np.float64]:
        shocks = generator.standard_normal((SERIES, LENGTH + 50))
        for place in range(1, shocks.shape[1]):
            shocks[:, place] += share * shocks[:, place - 1]
        return shocks[:, 50:] * np.sqrt(1 - share**2)

    return make


def bursts(generator: np.random.RandomState) -> NDArray[np.float64]:
    """Make noise that is three times as wide in a tenth of the values, as beside a neighbour that comes and goes."""
    wide = generator.random_sample(SHAPE) < 0.1
    return generator.standard_normal(SHAPE) * np.where(wide, 3.0, 1.0)


NOISES: dict[str, Noise] = {
    "normal": lambda generator: generator.standard_normal(SHAPE),
    "t with 3 degrees": lambda generator: generator.standard_t(3, SHAPE),
    "Cauchy": lambda generator: generator.standard_cauchy(SHAPE),
    "log-normal": lambda generator: generator.lognormal(0.0, 1.0, SHAPE),
    "two levels at random": lambda generator: generator.standard_normal(SHAPE) + 4 * generator.randint(0, 2, SHAPE),
    "rounded": lambda generator: np.round(generator.standard_normal(SHAPE)),
    "bursts": bursts,
    "persistent by 0.2": persistent(0.2),
    "persistent by 0.3": persistent(0.3),
}


@pytest.mark.parametrize("noise", NOISES)
def test_false_alarms_are_rare(noise):
    """In series of 50 without a step, of whatever noise, at most 2 % have one claimed."""
    generator = np.random.RandomState(11)
    alarms = sum(bool(find_steps(values)) for values in 0.01 * NOISES[noise](generator))
    assert alarms / SERIES <= MOST_FALSE_ALARMS


@pytest.mark.parametrize(
    ("step", "at", "least"),
    [(0.02, 25, 0.85), (0.05, 43, 0.9), *in_full((0.03, 25, 0.97), (0.05, 25, 0.99), (0.03, 40, 0.93))],
)
def test_steps_are_found(step, at, least):
    """Steps of 2, 3 and 5 % in noise of 1 % are found, at most two runs off, also when only a few runs follow."""
    generator = np.random.RandomState(12)
    series = 0.01 * generator.standard_normal(SHAPE)
    series[:, at:] += step
    found = sum(any(abs(place - at) <= 2 for place in find_steps(values)) for values in series)
    assert found / SERIES >= least
