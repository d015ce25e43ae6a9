"""Simulated probes: no level is invented, two are found where there are two, and a continuum is called so."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from runoff.judge.disturbance import CONTINUUM, LEVELS, ONE_LEVEL, find_pattern
from trust.disturbance import BOTH_SEEN, CONTINUA, ONE, persistent, simulate_probes, times_of, two_levels
from trust.settings import QUICK

ROUNDS = 240
RUNS = 8
"""Few: trust/ simulates ten times as many."""


def patterns(draw, runs: int = RUNS) -> list[str]:
    """Draw runs of a simulated machine, and give what is found in each."""
    random = np.random.default_rng(20261127)
    return [find_pattern(times_of(draw(random, ROUNDS))).name for _ in range(runs)]


@pytest.mark.long
@pytest.mark.parametrize("machine", ONE)
def test_one_level_stays_one(machine: str) -> None:
    """Skewed, heavy-tailed and autocorrelated noise of one level is hardly ever taken for two."""
    assert patterns(ONE[machine]).count(LEVELS) <= 1


@pytest.mark.long
@pytest.mark.parametrize("machine", CONTINUA)
def test_a_continuum_is_called_so(machine: str) -> None:
    """Times that move far and gradually are neither steady nor two levels."""
    assert patterns(CONTINUA[machine]).count(CONTINUUM) >= RUNS - 1


@pytest.mark.long
@pytest.mark.parametrize(("dwell", "quiet"), [(1, 0.5), (5, 0.05), (5, 0.95), (60, 0.25), (60, 0.5)])
def test_two_levels_are_found(dwell: float, quiet: float) -> None:
    """Whether they last a second or a minute, and whether one is rare, both levels are seen."""
    found = patterns(lambda random, rounds: two_levels(random, rounds, dwell, quiet), 4)
    assert found.count(LEVELS) >= 3


def test_the_quiet_rounds_of_two_levels_are_the_lower_ones() -> None:
    """Which rounds were quiet is found to within one in a hundred."""
    values = two_levels(np.random.default_rng(5), ROUNDS, 10, 0.5)
    found = find_pattern(times_of(values))
    assert np.mean(np.asarray(found.quiet) == (values < np.log(1.45) / 2)) > 0.99
    assert found.times == pytest.approx(1.45, rel=0.02)


def test_what_is_drawn_is_what_it_is_said_to_be() -> None:
    """A simulated run sees both levels, and autocorrelated noise has its variance and persistence."""
    values = two_levels(np.random.default_rng(1), ROUNDS, 20, 0.05)
    assert BOTH_SEEN <= np.mean(values > np.log(1.45) / 2) <= 1 - BOTH_SEEN
    drawn = persistent(np.random.default_rng(1), 20_000, 0.8)
    assert np.var(drawn) == pytest.approx(1.0, abs=0.1)
    assert np.corrcoef(drawn[1:], drawn[:-1])[0, 1] == pytest.approx(0.8, abs=0.02)


@pytest.mark.full
def test_the_experiment_counts_what_is_found() -> None:
    """The shares of each machine's runs are counted over the three patterns, and two levels by how long they last."""
    settings = dataclasses.replace(QUICK, launches=5, rounds=10)
    found = simulate_probes(settings, lambda text: None)
    assert set(found["machines"]) == {*ONE, *CONTINUA}
    for machine in found["machines"].values():
        assert machine[ONE_LEVEL] + machine[LEVELS] + machine[CONTINUUM] == 1.0
    assert [len(row["found"]) for row in found["levels"]] == [5] * 4
