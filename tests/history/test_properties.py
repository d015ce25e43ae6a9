"""What holds of steps and histories whatever the numbers are, and in whatever order runs are found."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.history.lines import History, make_history
from runoff.history.past import PastRun, Value, past_run
from runoff.history.steps import find_steps
from runoff.stored.finding import Reading
from runoff.stored.run import parse_run
from runoff.stored.samples import INFERENCE
from tests.builders.histories import with_step
from tests.builders.strategies import fewer

stairs = st.lists(st.tuples(st.integers(15, 30), st.integers(-8, 8)), min_size=1, max_size=3)
"""How many values each level has, and how high it is, in steps of ten standard deviations."""
wholes = st.lists(st.integers(-1000, 1000), max_size=60)


def climb(levels: Sequence[tuple[int, int]], seed: int) -> list[float]:
    """Make a series of levels in normal noise, in whole numbers, so that nothing is rounded."""
    noise = np.random.RandomState(seed)
    return [float(1000 * level + round(100 * noise.standard_normal())) for count, level in levels for _ in range(count)]


@given(wholes, st.integers(-(10**6), 10**6), st.sampled_from([0.25, 1.0, 1024.0]))
def test_neither_the_level_nor_the_unit_of_a_series_moves_its_steps(values, level, unit):
    """What is added to all values, or multiplies them, moves no step: a ratio in logarithms or a size in bytes."""
    assert find_steps([unit * (value + level) for value in values]) == find_steps(values)


@given(stairs, st.integers(0, 2**32 - 1))
def test_a_series_upside_down_has_the_same_steps(levels, seed):
    """A fall is found where a rise would be."""
    values = climb(levels, seed)
    assert find_steps([-value for value in values]) == find_steps(values)


@given(stairs, st.integers(0, 2**32 - 1))
def test_a_series_in_reverse_has_the_mirrored_steps(levels, seed):
    """Seen from the end there are as many clear steps, each within two values of where it was."""
    values = climb(levels, seed)
    forwards, backwards = find_steps(values), find_steps(values[::-1])
    assert len(forwards) == len(backwards)
    for there, back in zip(forwards, reversed(backwards), strict=True):
        assert abs(len(values) - back - there) <= 2


RUNS = tuple(past_run(f"{number}.json", parse_run(run)) for number, run in enumerate(with_step(16, 8, 1.2)))


def history_of(runs: Sequence[PastRun]) -> History:
    """Draw the history of runs, which are read in the order of their commits."""
    return make_history(Reading(sorted(runs, key=lambda run: run.order), {}, {}))


WHOLE = history_of(RUNS)


@fewer
@given(st.permutations(RUNS))
def test_the_order_in_which_runs_are_found_changes_nothing(runs):
    """Files in another order give the same lines, steps and breaks."""
    assert history_of(runs) == WHOLE


@fewer
@given(st.floats(0.01, 100.0))
def test_a_line_of_another_unit_has_the_same_steps(unit):
    """Every value of a history in another unit changes levels by that factor, and neither steps nor changes."""
    runs = [
        dataclasses.replace(
            run,
            values={key: one if key[0] == INFERENCE else Value(unit * one.value) for key, one in run.values.items()},
        )
        for run in RUNS
    ]
    for before, after in zip(WHOLE.lines, history_of(runs).lines, strict=True):
        assert [step.first.place for step in after.steps] == [step.first.place for step in before.steps]
        factor = 1.0 if before.metric.unit == "" else unit
        for one, other in zip(before.levels, after.levels, strict=True):
            assert math.log(other.value / one.value) == pytest.approx(math.log(factor), abs=1e-9)
        for one, other in zip(before.steps, after.steps, strict=True):
            assert other.change.value == pytest.approx(one.change.value)


@fewer
@given(st.integers(1, 15))
def test_a_history_knows_nothing_of_the_runs_to_come(count):
    """What is left of a history without its last runs are lines of the earlier ones, each point as it was."""
    earlier = history_of(RUNS[:count])
    for line in earlier.lines:
        (whole,) = (one for one in WHOLE.lines if (one.contender, one.metric) == (line.contender, line.metric))
        assert line.points == whole.points[: len(line.points)]
