"""How steps are found: the parts of the method, each by an example worked by hand or a series of known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runoff.history.steps import (
    MOST_PERSISTENCE,
    candidates,
    clearness,
    divide,
    find_steps,
    normal_scores,
    persistence,
    seeded_intervals,
    settle,
    strengths,
    strongest_split,
    threshold,
)


def autoregressive(seed: int, share: float) -> np.ndarray:
    """Make 50 values of which each passes a share of its deviation on to the next, without a step."""
    shocks = np.random.RandomState(seed).standard_normal(100)
    for place in range(1, len(shocks)):
        shocks[place] += share * shocks[place - 1]
    return shocks[50:]


@pytest.mark.parametrize("seed", [1, 4, 8, 9, 17])
def test_values_that_follow_each_other_make_no_step(seed: int) -> None:
    """Where each value shares half of its deviation with the next, what looks like a level is none."""
    values = autoregressive(seed, 0.5)
    assert divide(values, 1.0) != []
    assert find_steps(values) == []


def test_more_is_asked_where_means_spread_further() -> None:
    """A step that is clear among independent values is not where means spread three times as far."""
    values = np.concatenate([np.zeros(15), np.full(15, 2.0)]) + np.random.RandomState(3).standard_normal(30)
    assert len(divide(values, 1.0)) == 1
    assert divide(values, 3.0) == []


def test_a_step_is_put_where_it_divides_its_surroundings_best() -> None:
    """A second step that a short interval put at 51 is at 50 by all that lies between its neighbours."""
    random = np.random.RandomState(2)
    parts = [0.01 * random.standard_normal(count) + level for count, level in ((40, 0.0), (10, 0.03), (50, 0.0))]
    values = np.concatenate(parts)
    assert divide(values, 1.0) == [40, 51]
    assert settle(values, [40, 51]) == find_steps(values) == [40, 50]


def test_steps_are_settled_one_after_another_within_their_neighbours() -> None:
    """Two steps that were put beside their places come to them; none leaves less than three values on a side."""
    values = np.array([0.0] * 6 + [5.0] * 6 + [9.0] * 6)
    assert settle(values, [4, 13]) == [6, 12]
    assert settle(values[3:9], [3]) == [3]


def test_the_intervals_are_halves_that_overlap() -> None:
    """Of six values only the whole; of twelve three of nine and three of six or seven, as shorter ones by √½ are."""
    assert seeded_intervals(6) == [(0, 6)]
    assert seeded_intervals(12) == [(0, 12), (0, 9), (1, 11), (3, 12), (0, 7), (2, 9), (5, 12)]


def test_every_candidate_leaves_three_values_on_both_sides() -> None:
    """Seven values can be divided after three and after four."""
    starts, splits, ends = candidates(7)
    assert list(zip(starts.tolist(), splits.tolist(), ends.tolist(), strict=True)) == [(0, 3, 7), (0, 4, 7)]


def test_scores_are_normal_quantiles_of_ranks() -> None:
    """Three, one and two twice: the ends are as far from the middle, ties share its score, and the mean square is 1."""
    found = normal_scores(np.array([3.0, 1.0, 2.0, 2.0]))
    assert found == pytest.approx([math.sqrt(2), -math.sqrt(2), 0.0, 0.0])
    quarter, eighth = 0.6744898, 1.1503494  # normal quantiles of 6/8 and 7/8; of four ranks they are 5/8 and 7/8
    five_eighths = 0.3186394
    scale = math.sqrt((2 * eighth**2 + 2 * five_eighths**2) / 4)
    assert normal_scores(np.array([4.0, 3.0, 2.0, 1.0]))[:2] == pytest.approx([eighth / scale, five_eighths / scale])
    assert quarter > five_eighths


@pytest.mark.parametrize(
    ("values", "place", "strength"),
    [
        pytest.param([0.0] * 3 + [1.0] * 3, 3, 2 / math.sqrt(2 / 3), id="three and three"),
        pytest.param([1.0] * 4 + [0.0] * 4, 4, 2 / math.sqrt(2 / 4), id="four and four, downwards"),
        pytest.param([0.0, 0.0, 1.0, 1.0, 1.0], 0, 0.0, id="too few"),
        pytest.param([1.0] * 8, 0, 0.0, id="all equal"),
    ],
)
def test_the_strongest_split_is_where_mean_scores_differ_most(values: list[float], place: int, strength: float) -> None:
    """Of two halves with scores of -1 and 1 the means differ by 2, in standard errors of √(1/n + 1/n)."""
    found = strongest_split(np.array(values))
    assert (found[0], found[1]) == (place, pytest.approx(strength))


def test_strengths_are_by_row() -> None:
    """Several series are looked at at once, each by itself."""
    rows = np.array([[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])
    places = tuple(np.array([place]) for place in (0, 2, 4))
    assert strengths(rows, places)[:, 0] == pytest.approx([2.0, 0.0])


def test_clearness_is_students_t() -> None:
    """Three standard errors among twelve leave (12 - 9) / 10 of the variance: 3 / √0.3."""
    assert clearness(3.0, 12) == pytest.approx(3 / math.sqrt(0.3))
    assert clearness(4.0, 12) == math.inf


def test_limits_between_the_known_ones_are_linear_in_the_logarithm() -> None:
    """Nine lies between eight and ten by ln(9/8) of ln(10/8)."""
    assert (threshold(8), threshold(20), threshold(5)) == (2.351, 3.263, 2.351)
    assert threshold(9) == pytest.approx(2.351 + (2.689 - 2.351) * math.log(9 / 8) / math.log(10 / 8))


def test_persistence_is_the_autocorrelation_with_its_bias_put_back() -> None:
    """Scores of -1 and 1 in pairs have r = 1/9 · (5 - 4); (1 + 4r) / 10 for each level is put back."""
    pairs = np.array([1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0])
    scores = normal_scores(pairs - np.median(pairs))
    plain = float(np.mean(scores[1:] * scores[:-1]))
    assert persistence(pairs, []) == pytest.approx(plain + (1 + 4 * plain) / 10)
    shifted = np.concatenate([pairs, pairs + 100])
    both = normal_scores(np.concatenate([pairs - np.median(pairs)] * 2))
    plain = float(np.mean(both[1:] * both[:-1]))
    assert persistence(shifted, [10]) == pytest.approx(plain + 2 * (1 + 4 * plain) / 20)


def test_persistence_has_its_bounds() -> None:
    """What turns back at once shares nothing, and what hardly moves shares 0.8 at most."""
    assert persistence(np.array([0.0, 1.0] * 20), []) == 0.0
    assert persistence(np.arange(60.0), []) == MOST_PERSISTENCE == 0.8
