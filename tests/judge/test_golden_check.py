"""Whether golden can be believed, from hand-made outputs."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.judge.golden_check import (
    EXPLAINED,
    EXPLAINED_IN_HALF,
    difference_share,
    half_step,
    largest_difference,
    largest_number,
    share_of,
    why_unbelievable,
)

SCORES = np.array([[1.0, -4.0]], np.float32)
PLACES = np.array([[7, 9]])
SHIFT = np.array([[0.002, 0.001]])


def test_a_difference_is_a_share_of_the_largest_number():
    """Of numbers up to 4, one that is off by 0.002 is off by a two-thousandth."""
    assert share_of(SCORES, SCORES + SHIFT) == pytest.approx(0.0005)
    assert largest_difference(SCORES, SCORES - SHIFT) == pytest.approx(0.002)
    assert (largest_number(SCORES), largest_number(np.zeros((1, 0), np.float32))) == (4.0, 0.0)


@pytest.mark.parametrize(
    ("golden", "other"),
    [
        (PLACES, PLACES + 1),
        (SCORES, SCORES[0]),
        (SCORES, SCORES * np.nan),
        (SCORES, SCORES * np.inf),
        (np.zeros((1, 2), np.float32), SCORES),
    ],
    ids=["whole numbers", "another shape", "NaN", "infinity", "against zeros"],
)
def test_what_is_no_rounding_differs_without_end(golden, other):
    """Whole numbers that differ, other shapes, and what is not finite have no share."""
    assert share_of(golden, other) == np.inf


@pytest.mark.parametrize(
    "array",
    [SCORES, PLACES, np.zeros((1, 2), np.float32), np.zeros((1, 0), np.float32)],
    ids=["numbers", "whole numbers", "zeros", "nothing"],
)
def test_equal_arrays_do_not_differ(array):
    """What is equal differs by nothing, zeros and nothing at all included."""
    assert share_of(array, array.astype(np.float64)) == 0.0


def test_the_output_that_differs_most_is_named():
    """Of several outputs the worst one decides."""
    golden = {"scores": SCORES, "places": PLACES, "same": SCORES}
    assert difference_share(golden, golden | {"scores": SCORES * 1.5}) == ("scores", 0.5)
    assert difference_share(golden, golden | {"scores": SCORES * 1.5, "places": PLACES + 1}) == ("places", np.inf)


@pytest.mark.parametrize(("half", "explained"), [(False, EXPLAINED), (True, EXPLAINED_IN_HALF)])
def test_golden_is_believed_as_far_as_rounding_explains(half, explained):
    """A difference below the limit is rounding, and one at it or above is said with the output and its share."""
    golden, exact = {"scores": np.array([[1.0]])}, np.array([[1.0]])
    assert why_unbelievable(golden, {"scores": exact + 0.99 * explained}, half=half) == ""
    just = exact / explained
    assert why_unbelievable({"scores": just}, {"scores": just - 1}, half=half) != ""
    reason = why_unbelievable(golden, {"scores": exact + 2 * explained}, half=half)
    assert reason == (
        f"output 'scores' differs by {2 * explained:.2g} of its largest number, which rounding does not explain"
    )


def test_whole_numbers_that_differ_are_not_believed():
    """What can't be said as a share is said in words."""
    assert why_unbelievable({"places": PLACES}, {"places": PLACES + 1}, half=False) == (
        "output 'places' differs in shape or in whole numbers, or is not finite, which rounding does not explain"
    )


def test_half_a_step_is_what_is_lost_by_storing():
    """At 4 the next float32 number is 2^-21 away, at 0 hardly anything, and whole numbers lose nothing."""
    assert half_step(SCORES) == 2.0**-22
    assert 0 < half_step(np.zeros((1, 2), np.float32)) < 1e-44
    assert half_step(np.array([1.0], np.float16)) == 2.0**-11
    assert 0 < half_step(np.zeros((1, 0), np.float32)) < 1e-44
    assert half_step(PLACES) == half_step(np.array([True])) == 0.0
