"""How disturbed a machine was: what is quiet, what is a level, and what is said of few or equal rounds."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.judge import disturbance as judge
from runoff.judge.disturbance import (
    CONTINUUM,
    FEWEST_ROUNDS,
    LEVELS,
    ONE_LEVEL,
    UNKNOWN,
    Disturbance,
    disturbance,
    find_pattern,
)
from tests.builders.strategies import durations
from tests.project.test_layers import loaded_after

ROUNDS = 240


def noise(seed: int = 1, spread: float = 0.01) -> np.ndarray:
    """Give the times of a machine with one level, in seconds."""
    return 0.001 * np.exp(np.random.default_rng(seed).normal(0.0, spread, ROUNDS))


def two_levels(first: int, step: float = 1.4) -> list[float]:
    """Give times that are at their usual level for so many rounds and then at a higher one."""
    return (noise() * np.where(np.arange(ROUNDS) < first, 1.0, step)).tolist()


def test_equal_times_are_one_level_and_all_quiet() -> None:
    """Where every round takes the same, nothing was disturbed."""
    found = find_pattern([0.001] * ROUNDS)
    assert (found.name, found.times, set(found.quiet)) == (ONE_LEVEL, 1.0, {True})


def test_a_little_noise_is_one_level_and_nearly_all_quiet() -> None:
    """Noise of 1 % leaves every round quiet."""
    found = find_pattern(noise().tolist())
    assert found.name == ONE_LEVEL
    assert 1.02 < found.times < 1.03
    assert all(found.quiet)


def test_two_levels_say_which_rounds_were_quiet_and_how_far_they_are_apart() -> None:
    """Rounds of the lower level are quiet, and the others take so many times as long."""
    found = find_pattern(two_levels(60))
    assert found.name == LEVELS
    assert found.quiet == (True,) * 60 + (False,) * 180
    assert found.times == pytest.approx(1.4, rel=0.01)


@pytest.mark.parametrize(("rounds", "name"), [(FEWEST_ROUNDS - 1, UNKNOWN), (FEWEST_ROUNDS, LEVELS)])
def test_few_rounds_have_no_pattern(rounds: int, name: str) -> None:
    """Below a number of rounds nothing is looked for; the quiet ones are still those near the fastest."""
    times = (noise()[:rounds] * np.where(np.arange(rounds) < 20, 1.0, 1.5)).tolist()
    found = find_pattern(times)
    assert found.name == name
    assert found.quiet == (True,) * 20 + (False,) * (rounds - 20)


def test_levels_that_hardly_differ_are_one() -> None:
    """A step of 4 % is none that matters, however clear it is."""
    times = (0.001 * np.exp(np.where(np.arange(ROUNDS) < 100, 0.0, math.log(1.04)))).tolist()
    assert find_pattern(times).name == ONE_LEVEL


def test_rounds_that_come_and_go_at_random_are_no_level() -> None:
    """Two values in turns that nothing keeps in place are the noise of a disturbed machine."""
    random = np.random.default_rng(3)
    found = find_pattern((noise() * np.where(random.random(ROUNDS) < 0.5, 1.0, 1.4)).tolist())
    assert found.name == CONTINUUM
    assert 1.3 < found.times < 1.5
    assert 0.4 < np.mean(found.quiet) < 0.6


def test_a_few_outliers_do_not_hide_levels() -> None:
    """Single rounds that take a hundred times as long leave the two levels as they are."""
    times = two_levels(100)
    times[50] *= 100
    times[200] *= 100
    assert find_pattern(times).quiet[:50] == (True,) * 50
    assert find_pattern(times).name == LEVELS


@pytest.mark.parametrize("times", [[], [0.0], [-1.0, 1.0], [math.nan], [math.inf, 1.0]])
def test_what_is_no_time_is_refused(times: list[float]) -> None:
    """No rounds, and times that can't be, have no pattern."""
    with pytest.raises(ValueError, match="at least one time"):
        find_pattern(times)


@given(st.lists(durations, min_size=1, max_size=FEWEST_ROUNDS - 1), st.floats(1e-3, 1e3))
def test_the_unit_of_time_does_not_matter(times: list[float], unit: float) -> None:
    """Counted in another unit, the same rounds are as many times as long, and some are quiet."""
    found, other = find_pattern(times), find_pattern([time * unit for time in times])
    assert other.times == pytest.approx(found.times)
    assert found.times >= 1.0
    assert any(found.quiet)


def test_of_two_kinds_of_work_the_one_that_shows_more_speaks() -> None:
    """A continuum says more than levels, and these more than one; a round is quiet where it is for both."""
    steady, levels = noise(2).tolist(), two_levels(60)
    wide = noise(3, spread=0.2).tolist()
    found = disturbance({"arithmetic": steady, "memory": levels})
    assert (found.pattern, found.kind, found.quiet_share) == (LEVELS, "memory", 0.25)
    assert disturbance({"arithmetic": levels, "memory": wide}).kind == "memory"
    both = disturbance({"arithmetic": steady, "memory": wide})
    assert (both.pattern, both.kind) == (CONTINUUM, "memory")
    assert (both.times, both.quiet_share) == (find_pattern(wide).times, np.mean(find_pattern(wide).quiet))


def test_of_two_kinds_alike_the_one_that_is_slowed_more_speaks() -> None:
    """Two steady kinds of work are told by the noisier one."""
    found = disturbance({"arithmetic": noise(2, 0.02).tolist(), "memory": noise(3).tolist()})
    assert isinstance(found, Disturbance)
    assert (found.pattern, found.kind, found.quiet_share) == (ONE_LEVEL, "arithmetic", 1.0)


def test_the_answer_is_the_same_each_time() -> None:
    """What is fitted begins from a fixed seed."""
    times = two_levels(90)
    assert find_pattern(times) == find_pattern(times)


def test_levels_are_looked_for_without_the_library_where_there_is_no_spread(monkeypatch) -> None:
    """A machine whose rounds differ by less than a level's least step needs no model."""
    monkeypatch.setattr(judge, "fitted", None)
    assert find_pattern(noise(spread=0.005).tolist()).name == ONE_LEVEL


@pytest.mark.long
def test_the_library_is_loaded_by_who_looks_for_levels_alone() -> None:
    """Neither this module nor what reads stored runs loads scikit-learn, which takes a second."""
    assert "sklearn" not in loaded_after("import runoff.judge.disturbance, runoff.stored.run")


def test_what_an_import_puts_into_the_environment_is_taken_out(monkeypatch) -> None:
    """Only what is new is taken out of the environment."""
    monkeypatch.setenv("KMP_KEPT", "1")
    with judge.environment_kept():
        monkeypatch.setenv("KMP_NEW", "2")
    assert os.environ["KMP_KEPT"] == "1"
    assert "KMP_NEW" not in os.environ


@pytest.mark.long
def test_the_library_leaves_the_environment_as_it_was() -> None:
    """Workers that start after levels were looked for inherit what the user set, and nothing of scikit-learn's."""
    program = """
import os, numpy
from runoff.judge.disturbance import fitted
before = dict(os.environ)
fitted(numpy.linspace(0.0, 1.0, 50), 1, 0.01)
assert dict(os.environ) == before, set(os.environ) - set(before)
"""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KMP_")}
    done = subprocess.run([sys.executable, "-c", program], env=plain, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
