"""Are steps found where they are, and nowhere else, in series whose truth is known?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.history.steps import (
    FEWEST,
    THRESHOLDS,
    candidates,
    clearness,
    find_steps,
    normal_scores,
    persistence,
    seeded_intervals,
    strengths,
    threshold,
)

numbers = st.lists(st.floats(-1e6, 1e6), max_size=80)


def series(*levels: tuple[int, float], noise: float = 0.01, seed: int = 1) -> list[float]:
    """Make a series of levels, each with how many values it has, in normal noise."""
    generator = np.random.RandomState(seed)
    return [level + noise * generator.standard_normal() for count, level in levels for _ in range(count)]


def test_a_step_is_found_at_its_first_value():
    """A change of five standard deviations after 30 values is one step at value 30, up or down."""
    assert find_steps(series((30, 0.0), (20, 0.05))) == [30]
    assert find_steps(series((30, 0.05), (20, 0.0))) == [30]


def test_a_step_that_is_soon_undone_is_two_steps():
    """A regression that lasted 12 of 200 runs is found with its end, though most of both sides is alike."""
    assert find_steps(series((100, 0.0), (12, 0.05), (88, 0.0))) == [100, 112]


def test_several_steps_are_found_in_order():
    """A staircase gives each of its steps."""
    assert find_steps(series((25, 0.0), (25, 0.05), (25, 0.1), (25, 0.05))) == [25, 50, 75]


@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 50, [1.0, 2.0] * 3, list(range(5))])
def test_few_or_equal_values_have_no_step(values):
    """Nothing is claimed of what can't show a step."""
    assert find_steps(values) == []


def test_outliers_are_no_step():
    """Two wild values, even side by side, don't make a level."""
    values = series((50, 0.0))
    values[20] = values[21] = 5.0
    assert find_steps(values) == []


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_refused(value):
    """A value that isn't finite is the caller's mistake."""
    with pytest.raises(ValueError, match="finite"):
        find_steps([1.0, value, 2.0])


@given(numbers)
def test_scores_depend_on_ranks_alone(values):
    """Growing every value in a way that keeps their order changes no score, and so no step."""
    ordered = np.array(values)
    if len(values) > 1 and ordered.min() < ordered.max():
        ranks = np.searchsorted(np.unique(ordered), ordered).astype(float)
        assert np.allclose(normal_scores(ordered), normal_scores(ranks))
        assert np.mean(normal_scores(ordered) ** 2) == pytest.approx(1.0)


@given(numbers)
def test_steps_leave_enough_on_both_sides(values):
    """Whatever the values, steps are in order and every level has enough of them."""
    bounds = [0, *find_steps(values), len(values)]
    if len(bounds) > 2:
        assert min(np.diff(bounds)) >= FEWEST


@given(st.integers(2 * FEWEST, 300))
def test_every_split_of_the_whole_is_a_candidate(count):
    """The whole series is among the intervals, and all intervals lie within it."""
    intervals = seeded_intervals(count)
    assert intervals[0] == (0, count)
    assert all(0 <= start < end <= count for start, end in intervals)
    starts, splits, ends = candidates(count)
    whole = splits[(starts == 0) & (ends == count)]
    assert list(whole) == list(range(FEWEST, count - FEWEST + 1))


def test_persistence_is_estimated_beside_steps():
    """An AR(1) series of 0.4 gives about that, with and without a step; independent values give next to none."""
    generator = np.random.RandomState(3)
    shocks = generator.standard_normal(2000)
    values = shocks.copy()
    for place in range(1, len(values)):
        values[place] += 0.4 * values[place - 1]
    assert persistence(values, []) == pytest.approx(0.4, abs=0.05)
    values[1000:] += 10
    assert persistence(values, [1000]) == pytest.approx(0.4, abs=0.05)
    assert persistence(shocks, []) < 0.05
    assert persistence(np.ones(50), []) == 0.0


def test_a_clear_split_is_clearer_than_its_strength():
    """What a difference explains is no noise: the nearer it is to explaining everything, the clearer it is."""
    assert clearness(1.0, 100) == pytest.approx(math.sqrt(98 / 99))
    assert clearness(5.0, 50) > 5.0
    assert clearness(math.sqrt(50), 50) == math.inf


@pytest.mark.parametrize("count", [20, 50, pytest.param(200, marks=pytest.mark.long)])
def test_the_limits_are_what_permuting_gives(count):
    """A permutation's strongest split exceeds the limit about as rarely as THRESHOLDS says: in 1 %."""
    generator = np.random.RandomState(5)
    scores = normal_scores(np.arange(count, dtype=float))
    permuted = np.array([generator.permutation(scores) for _ in range(4000)])
    exceeded = float(np.mean(strengths(permuted, candidates(count)).max(axis=-1) > threshold(count)))
    assert 0.005 <= exceeded <= 0.015


def test_limits_grow_with_the_count():
    """The more places there are to look at, the more is asked of each; beyond the table its ends hold."""
    counts = sorted(THRESHOLDS)
    limits = [threshold(count) for count in counts]
    assert limits == sorted(limits)
    assert threshold(counts[-1] * 10) == limits[-1]
