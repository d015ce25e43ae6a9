"""What a ratio can be: intervals of launches that differ widely end there, and a stored one beyond it is refused."""

from __future__ import annotations

import math

SMALLEST_RATIO, LARGEST_RATIO = 1e-200, 1e200
"""An interval that reaches so far says nothing, and neither would one that reaches further."""
LARGEST_COUNT = 10**12
"""More launches than anybody has time for."""


def ratio_of(log_ratio: float) -> float:
    """Return the ratio with this logarithm, or the bound that it is beyond."""
    furthest = math.log(LARGEST_RATIO)
    return within_bounds(math.exp(min(max(log_ratio, -furthest), furthest)))


def within_bounds(ratio: float) -> float:
    """Return a ratio, or the bound that it is beyond."""
    return min(max(ratio, SMALLEST_RATIO), LARGEST_RATIO)
