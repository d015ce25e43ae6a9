"""Can golden be believed? Outputs in float32 against another implementation's: pure functions of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Arrays

EXPLAINED = 1e-3
EXPLAINED_IN_HALF = 0.1
"""The share of an output's largest number that float32 can explain, and what float16 or bfloat16 inside can.

Where both are right they differ by 1e-7 to 1e-5 of it; a mistake, such as normalising by a batch's own statistics,
makes a tenth or more. The limit is in the middle, so that neither a deep model nor a small mistake is taken for the
other. Numbers of 16 bits round several thousand times as far.
"""


@dataclass(frozen=True)
class Witness:
    """Another runtime's answer next to an unchecked golden."""

    by: str
    """The runtime."""
    difference: float | None = None
    """How far it is off, by an output's largest number (share); none where there is no answer."""
    reason: str = ""
    """Why there is no answer."""


@dataclass(frozen=True)
class Check:
    """How golden was checked."""

    by: str
    """What checked it."""
    examples: int = 0
    """On how many examples (examples)."""
    difference: float | None = None
    """How far it was off at most, by an output's largest number (share); none where it is unchecked."""
    reason: str = ""
    """Why golden is unchecked; empty where it was checked."""
    witness: Witness | None = None
    """Another runtime's answer, where golden is unchecked."""


def difference_share(golden: Arrays, others: Arrays) -> tuple[str, float]:
    """Return the output that differs most from golden's, and by which share of its largest number.

    Whole numbers that differ, another shape and what is not finite differ without end.
    """
    shares = {name: share_of(array, others[name]) for name, array in golden.items()}
    worst = max(shares, key=lambda name: shares[name])
    return worst, shares[worst]


def share_of(golden: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the largest difference between two arrays as a share of the first one's largest number."""
    if golden.shape != np.shape(other) or not np.isfinite(other).all():
        return np.inf
    difference = largest_difference(golden, other)
    if difference == 0:
        return 0.0
    largest = largest_number(golden)
    return difference / largest if golden.dtype.kind == "f" and largest else np.inf


def largest_difference(golden: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the largest difference between two arrays of one shape."""
    return float(np.abs(golden.astype(np.float64) - np.asarray(other, np.float64)).max(initial=0.0))


def largest_number(array: NDArray[Any]) -> float:
    """Return the largest absolute number of an array."""
    return float(np.abs(array.astype(np.float64)).max(initial=0.0))


def half_step(array: NDArray[Any]) -> float:
    """Return half the distance of an array's largest number to the next of its type: nothing is stored more exactly.

    It is 0 for whole numbers, which have to be equal.
    """
    if array.dtype.kind != "f":
        return 0.0
    return float(np.spacing(np.abs(array).max(initial=0))) / 2


def why_unbelievable(golden: Arrays, exact: Arrays, *, half: bool) -> str:
    """Say why golden and what should be exact can't both be right, nothing where they can."""
    name, share = difference_share(golden, exact)
    explained = EXPLAINED_IN_HALF if half else EXPLAINED
    if share < explained:
        return ""
    by = (
        "in shape or in whole numbers, or is not finite" if np.isinf(share) else f"by {share:.2g} of its largest number"
    )
    return f"output {name!r} differs {by}, which rounding does not explain"
