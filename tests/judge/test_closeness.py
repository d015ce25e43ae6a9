"""How close the outputs of a model that is no classifier are to golden's, and when that is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.judge.closeness import compare_outputs, why_far

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
