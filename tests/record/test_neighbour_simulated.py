"""What a neighbour costs, of simulated launches whose truth is known: the intervals hold it as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runoff.judge.ratios import CONFIDENCE
from runoff.measure.service.neighbour import NEIGHBOURS, QUIET, NeighbourRecord
from runoff.record.service import neighbour_cost

EFFECTS = (1.0, 1.35, 0.99, 1.05)
LAUNCHES, ROUNDS = 5, 12


def simulate_launch(random: np.random.Generator) -> NeighbourRecord:
    """Simulate a launch on a machine that is slower in some rounds than in others, each time with noise of its own.

    The neighbour costs a launch 2 % more or less than it does in the mean, and one time in ten is disturbed.
    """
    machine = 0.020 * np.exp(random.normal(0.0, 0.3, ROUNDS))

    def times(effect: float) -> tuple[float, ...]:
        disturbed = np.where(random.random(ROUNDS) < 0.1, 2.0, 1.0)
        return tuple((effect * machine * disturbed * np.exp(random.normal(0.0, 0.03, ROUNDS))).tolist())

    effects = np.exp(np.log(EFFECTS) + random.normal(0.0, 0.02, len(EFFECTS)))
    rounds = {each.name: times(effect) for each, effect in zip(NEIGHBOURS, effects, strict=True)}
    return NeighbourRecord({QUIET: times(1.0), **rounds}, 1, one_core=False)


@pytest.mark.long
def test_intervals_of_a_neighbours_cost_hold_the_truth() -> None:
    """Over simulated runs 93 to 97 % of the intervals do, at no cost, a small one and a great one."""
    random = np.random.default_rng(17)
    held = np.zeros(len(EFFECTS))
    runs = 800
    for _ in range(runs):
        found = neighbour_cost([simulate_launch(random) for _ in range(LAUNCHES)])
        held += [
            slowdown.times.low <= effect <= slowdown.times.high
            for slowdown, effect in zip(found.slowdowns, EFFECTS, strict=True)
        ]
    assert held.sum() / (runs * len(EFFECTS)) == pytest.approx(CONFIDENCE, abs=0.02)
    assert held / runs == pytest.approx(CONFIDENCE, abs=0.03), held


def test_what_slows_a_round_as_a_whole_is_no_neighbours_cost() -> None:
    """On a machine that gets ten times slower within a launch, a neighbour that costs nothing costs nothing."""
    machine = tuple(0.01 * math.exp(place * math.log(10) / ROUNDS) for place in range(ROUNDS))
    record = NeighbourRecord(dict.fromkeys((QUIET, *(each.name for each in NEIGHBOURS)), machine), 1, False)
    found = neighbour_cost([record])
    assert found.largest == pytest.approx(1.0)
    assert (found.cpus, found.one_core) == (1, False)
    assert neighbour_cost([record, record]).largest == pytest.approx(1.0)
