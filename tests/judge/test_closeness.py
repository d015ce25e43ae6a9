"""How close the outputs of a model that is no classifier are to golden's, and when that is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.judge.closeness import compare_outputs, differences, rms, why_far

GOLDEN = {"mask": np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 2, 2), "best": np.arange(3).reshape(3, 1)}
ROUNDINGS = {"mask": 1e-6, "best": 0.0}
NAMES = ("a", "b", "c")


def compared(tolerance=None, **changes):
    """Compare golden with changes of its own outputs."""
    return compare_outputs(GOLDEN | changes, GOLDEN, ROUNDINGS, NAMES, tolerance)


def test_the_same_numbers_agree():
    """Where nothing differs every example agrees, and no error has a size in decibels."""
    found = compared()
    assert (found.share, found.decided_share, found.disagreeing) == (1.0, 1.0, ())
    assert [each.largest_difference for each in found.outputs] == [0.0, 0.0]
    assert [each.sqnr for each in found.outputs] == [None, None]
    assert why_far(found, "float32", None) is None


def test_a_hundred_roundings_are_allowed_and_no_more():
    """An output within 100 of golden's roundings is right, and one beyond is wrong with its name and both numbers."""
    assert why_far(compared(mask=GOLDEN["mask"] + np.float32(5e-5)), "float32", None) is None
    found = compared(mask=GOLDEN["mask"] + np.array([0, 0, 2e-3], np.float32).reshape(3, 1, 1))
    assert found.disagreeing == ("c",)
    assert found.share == pytest.approx(2 / 3)
    assert "output 'mask' differs from golden's by 0.002, more than the 0.0001" in why_far(found, "float32", None)


def test_whole_numbers_must_be_equal():
    """A class that is off by one is wrong, however close the rest is."""
    found = compared(best=np.array([[0], [2], [2]]))
    assert found.disagreeing == ("b",)
    assert why_far(found, "float32", None) == "output 'best' differs from golden's by 1, and it must be equal"


def test_reduced_precision_is_judged_by_a_tolerance_alone():
    """Its error is shown as a share of golden's root mean square and in decibels, and judged where a share is given."""
    off = {"mask": GOLDEN["mask"] * np.float32(1.1)}
    (mask, _) = compared(**off).outputs
    assert (mask.relative_rms, mask.sqnr) == (pytest.approx(0.1, rel=1e-3), pytest.approx(20, rel=1e-3))
    assert why_far(compared(**off), "int8", None) is None
    assert why_far(compared(0.2, **off), "int8", 0.2) is None
    assert why_far(compared(0.05, **off), "int8", 0.05) == (
        "output 'mask' is off by 10.00 % of golden's root mean square, and --tolerance allows 5.00 %"
    )


def test_numbers_that_are_not_finite_are_wrong_in_any_precision():
    """NaN and infinity never agree, and no difference is stored."""
    broken = GOLDEN["mask"].copy()
    broken[1, 0, 0] = np.nan
    found = compared(mask=broken)
    assert (found.largest_difference, found.disagreeing) == (None, ("b",))
    assert "not finite (NaN or infinity), on b" in why_far(found, "int8", None)
    assert (found.outputs[0].name, found.outputs[0].dtype) == ("mask", "float32")


def test_all_that_is_stored_of_equal_outputs():
    """It counts every example, has no difference, and names each output with its type and what it may differ by."""
    found = compared()
    assert (found.decided, found.images, found.largest_difference, found.rms_difference) == (3, 3, 0.0, None)
    assert found.noise == pytest.approx(1e-4)
    assert [(each.name, each.dtype) for each in found.outputs] == [("mask", "float32"), ("best", "int64")]


def test_the_largest_difference_is_that_of_the_worst_output():
    """Of a mask that is off by 0.5 and classes that are right it is 0.5, and the noise is the mask's."""
    found = compared(mask=GOLDEN["mask"] + np.float32(0.5))
    assert found.largest_difference == pytest.approx(0.5)
    assert found.noise == pytest.approx(1e-4)


def test_an_output_without_numbers_agrees():
    """Three examples in which nothing was detected are equal, by a tolerance too."""
    nothing = {"boxes": np.zeros((3, 0, 4), np.float32)}
    for tolerance in (None, 0.01):
        found = compare_outputs(nothing, nothing, {"boxes": 1e-6}, NAMES, tolerance)
        assert (found.share, found.largest_difference, found.disagreeing) == (1.0, 0.0, ())


def test_each_example_has_to_keep_the_tolerance():
    """Where one of three is off by all that it has and two are equal, that one disagrees."""
    found = compared(0.5, mask=GOLDEN["mask"] * np.array([1, 1, 3], np.float32).reshape(3, 1, 1))
    assert found.disagreeing == ("c",)


def test_an_error_of_just_the_tolerance_is_allowed():
    """Numbers of 2 that are all off by 1 are off by a half: right where a half is allowed, not where less is."""
    golden = {"all": np.full((3, 4), 2.0, np.float32)}
    given = {"all": np.full((3, 4), 3.0, np.float32)}
    for tolerance, share in ((0.5, 1.0), (0.499, 0.0)):
        found = compare_outputs(given, golden, {"all": 1e-6}, NAMES, tolerance)
        assert found.share == share
        assert (why_far(found, "int8", tolerance) is None) is (share == 1.0)


def test_decibels_are_twenty_a_power_of_ten():
    """An error of a hundredth is 40 dB down."""
    (mask, _) = compared(mask=GOLDEN["mask"] * np.float32(1.01)).outputs
    assert mask.sqnr == pytest.approx(40, rel=1e-3)


def test_a_root_mean_square_is_that_of_all_numbers_or_of_each_row():
    """Of 3 and 4 it is the root of 12.5, of one number itself, of nothing 0; float32 numbers may have huge squares."""
    assert float(rms(np.array([3.0, 4.0]))) == pytest.approx(12.5**0.5)
    assert rms(np.array([[3.0, 4.0], [0.0, 0.0]]), axis=1) == pytest.approx([12.5**0.5, 0.0])
    assert rms(np.array([[3.0], [-4.0]]), axis=1) == pytest.approx([3.0, 4.0])
    assert float(rms(np.zeros(0))) == 0.0
    assert float(rms(np.array([1e25], np.float32))) == pytest.approx(1e25)


def test_infinities_are_compared_without_a_warning():
    """Infinite numbers are off without end, the same ones too, and numpy says nothing of it."""
    infinite = np.full((1, 1), np.inf, np.float32)
    with np.errstate(invalid="raise"):
        assert differences(infinite, infinite).tolist() == [[np.inf]]


def test_what_is_said_of_an_output_is_whole():
    """A difference has what explains it and what to do, and of many examples three are named."""
    found = compared(mask=GOLDEN["mask"] + np.float32(0.5))
    assert why_far(found, "float32", None) == (
        "output 'mask' differs from golden's by 0.5, more than the 0.0001 that float32 arithmetic in any order "
        "explains; declare its true precision in its variant"
    )
    broken = {"all": np.full((4, 1), np.nan, np.float32)}
    found = compare_outputs(broken, {"all": np.ones((4, 1), np.float32)}, {"all": 1e-6}, ("a", "b", "c", "d"), None)
    assert why_far(found, "float32", None) == (
        "output 'all' holds numbers that are not finite (NaN or infinity), on a, b, c"
    )
