"""What the doctor makes of a probe's readings: the pattern, and how wide a default run's interval would be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from runoff.doctor.disturbed import UNEVEN, judge_probe
from runoff.judge.disturbance import LEVELS, ONE_LEVEL
from runoff.judge.ratios import Ratio, half_width, ratio_over_launches
from runoff.measure.probe import Probed, Reading
from runoff.measure.race import LAUNCHES, ROUNDS

SHOWN = 12
"""Launches of a doctor's race."""
READ = 15
"""Readings in each."""
NOISE = 0.01


def probed(memory: NDArray[np.float64], arithmetic: float = 0.0) -> Probed:
    """Make a probe whose reads take so much longer, as logarithms by launch and reading."""
    return Probed(
        (0, 1),
        tuple(
            tuple(
                Reading(place, 0.1 * place, (math.exp(arithmetic) * 1e-3,) * 2, (math.exp(value) * 1e-3,) * 2, 0, 0.0)
                for place, value in enumerate(launch)
            )
            for launch in memory.tolist()
        ),
    )


def equals(random: np.random.Generator, launches: int = SHOWN) -> Ratio:
    """Make the ratio of two equals whose launches differ by half a per cent."""
    return ratio_over_launches(random.normal(0.0, 0.005, launches).tolist())


def reach(memory: NDArray[np.float64], random: np.random.Generator) -> float:
    """Return how far a default run is expected to reach."""
    expected = judge_probe(probed(memory), equals(random)).default_run
    assert expected is not None
    return half_width(expected)


def levels(launches: int, rounds: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Disturb half of the launches, whole ones, by the step of reads on the machine with two levels."""
    step = math.log(2.9 / 2.0) * (random.random((launches, 1)) < 0.5)
    return step + random.normal(0.0, NOISE, (launches, rounds))


def continuum(launches: int, rounds: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Disturb by a degree that each launch has for itself, and each round besides."""
    own = random.normal(0.0, 0.1, (launches, 1))
    return np.maximum(0.0, 0.3 + own + random.normal(0.0, 0.1, (launches, rounds)))


@pytest.mark.full
@pytest.mark.parametrize("disturb", [levels, continuum])
def test_the_interval_to_expect_is_that_of_runs_which_suffer_so(disturb) -> None:
    """Of simulated runs whose ratio moves by half of what disturbs the probe, the median reach is within a fifth."""
    random = np.random.default_rng(11)
    expected = np.median([reach(disturb(SHOWN, READ, random), random) for _ in range(60)])
    found = []
    for _ in range(300):
        medians = np.median(UNEVEN * disturb(LAUNCHES, ROUNDS, random), axis=1)
        found.append(half_width(ratio_over_launches((medians + random.normal(0.0, 0.005, LAUNCHES)).tolist())))
    assert expected == pytest.approx(np.median(found), rel=0.2)


def test_a_quiet_machine_expects_what_two_equals_show() -> None:
    """Where the probe is steady, nothing is added to what moves equals too, but for the probe's own noise."""
    random = np.random.default_rng(12)
    judged = judge_probe(probed(random.normal(0.0, NOISE, (SHOWN, READ))), equals(random))
    assert judged.found is not None
    assert judged.default_run is not None
    assert (judged.found.pattern, judged.readings, judged.reason) == (ONE_LEVEL, SHOWN * READ, None)
    assert half_width(judged.default_run) < 0.01


@pytest.mark.long
def test_levels_are_found_with_their_quiet_share() -> None:
    """What the probe of a run says of its machine, the doctor's says too."""
    memory = np.where(np.arange(SHOWN)[:, None] % 4 == 3, 0.37, 0.0)
    judged = judge_probe(
        probed(memory + np.random.default_rng(13).normal(0.0, NOISE, (SHOWN, READ))), equals(np.random.default_rng(14))
    )
    assert judged.found is not None
    assert (judged.found.pattern, judged.found.quiet_share) == (LEVELS, 0.75)


def test_few_launches_and_a_probe_that_cannot_run_promise_nothing() -> None:
    """Below the launches that a verdict takes, of the race or of the probe, no interval is expected."""
    random = np.random.default_rng(15)
    memory = levels(SHOWN, READ, random)
    assert judge_probe(probed(memory), equals(random, launches=4)).default_run is None
    assert judge_probe(probed(memory[:4]), equals(random)).default_run is None
    without = judge_probe(Probed((), ((),) * SHOWN, "only one processor may be used here"), equals(random))
    assert (without.found, without.default_run, without.readings) == (None, None, 0)
    assert without.reason == "only one processor may be used here"
