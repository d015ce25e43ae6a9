"""The shift function: level where two suffer alike, rising where one does not, with bands that hold what is known."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.judge.shift import SHARES, shift_function

LAUNCHES, ROUNDS = 8, 30


def rounds(random: np.random.Generator, launch: float = 0.01, noise: float = 0.02) -> np.ndarray:
    """Draw log times whose launches and rounds differ so much."""
    return random.normal(0.0, launch, (LAUNCHES, 1)) + random.normal(0.0, noise, (LAUNCHES, ROUNDS))


def shift(own: np.ndarray, other: np.ndarray, shares=SHARES):
    """Return the shift function of log times."""
    return shift_function(np.exp(own).tolist(), np.exp(other).tolist(), shares)


def test_a_contender_that_is_always_so_much_faster_has_a_level_line() -> None:
    """The ratio of every quantile is that factor, from 2 to 98 %, and nothing is uncertain about it."""
    base = rounds(np.random.default_rng(1))
    line = shift(base + np.log(0.7), base)
    assert [at.share for at in line] == list(SHARES)
    assert [at.value for at in line] == pytest.approx([0.7] * len(line))
    assert all(at.low == pytest.approx(0.7) == at.high for at in line)


def test_one_that_suffers_less_falls_to_the_right() -> None:
    """With two levels that the reference alone has, its fastest rounds give one ratio and its slowest another."""
    random = np.random.default_rng(2)
    disturbed = np.where(np.arange(LAUNCHES)[:, None] % 2 == 1, 0.2, 0.0)
    own, other = rounds(random) + np.log(0.75), rounds(random) + disturbed
    low, high = shift(own, other, (0.1, 0.9))
    assert low.value == pytest.approx(0.75, rel=0.03)
    assert high.value == pytest.approx(0.75 * np.exp(-0.2), rel=0.03)


def test_bands_hold_what_is_known_about_as_often_as_they_should() -> None:
    """Of simulated pairs of equals the pointwise bands hold 1 in 90 to 99 % of runs, at the median and beside it."""
    random = np.random.default_rng(3)
    shares = (0.1, 0.5, 0.9)
    lines = [shift(rounds(random), rounds(random), shares) for _ in range(200)]
    for place in range(len(shares)):
        held = np.mean([line[place].low <= 1 <= line[place].high for line in lines])
        assert 0.9 <= held <= 0.99


def test_the_same_rounds_give_the_same_band() -> None:
    """What is drawn is drawn with a fixed seed."""
    random = np.random.default_rng(4)
    own, other = rounds(random), rounds(random)
    assert shift(own, other) == shift(own, other)


def test_one_launch_has_a_line_without_a_band() -> None:
    """A single launch tells no spread between launches."""
    (at,) = shift_function([[0.01, 0.02, 0.03]], [[0.02, 0.04, 0.06]], (0.5,))
    assert (at.value, at.low, at.high) == (pytest.approx(0.5), None, None)


@pytest.mark.parametrize(
    ("times", "reference"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([[]], [[]], id="no round"),
        pytest.param([[0.1, 0.0]], [[0.1, 0.1]], id="no time"),
        pytest.param([[0.1, float("nan")]], [[0.1, 0.1]], id="no number"),
    ],
)
def test_what_has_no_shift_function_is_refused(times, reference) -> None:
    """Nothing, and what is no time, is an error with what was expected."""
    with pytest.raises(
        ValueError,
        match=r"^a shift function needs the same number of positive times in each launch of both$",
    ):
        shift_function(times, reference)


def test_bands_reach_as_far_to_either_side() -> None:
    """In logarithms the value is in the middle of its band."""
    random = np.random.default_rng(6)
    for at in shift(rounds(random), rounds(random), (0.1, 0.5, 0.9)):
        assert at.low < at.value < at.high
        assert at.low * at.high == pytest.approx(at.value**2)
