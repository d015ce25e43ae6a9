"""Shares with their intervals: how many of so many, and what the true share may be. Pure functions of numbers."""

from __future__ import annotations

import math

from scipy import special

from runoff.judge.ratios import CONFIDENCE

FEW = 15
"""Below so many of either kind Wilson's interval holds the truth too seldom, down to 84 %, and the exact one is taken.

``docs/accuracy.md`` has the figures: with this bound coverage is 93.2 % at least, whatever the share.
"""


def share_interval(hits: int, tried: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return the 95 % interval of a share by Wilson's score.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212.
    Raises ValueError where nothing was tried.
    """
    if tried < 1:
        raise ValueError("a share needs something that was tried")
    share, square = hits / tried, z * z
    middle = (share + square / (2 * tried)) / (1 + square / tried)
    half = z / (1 + square / tried) * math.sqrt(share * (1 - share) / tried + square / (4 * tried * tried))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))  # both rounded


def exact_interval(hits: int, tried: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the interval of a share that is never too narrow, by the binomial distribution itself.

    Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika
    26 (1934), 404-413; the limits are quantiles of beta distributions. Raises ValueError where nothing was tried.
    """
    if tried < 1:
        raise ValueError("a share needs something that was tried")
    outside = (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(special.betaincinv(hits, tried - hits + 1, outside))
    high = 1.0 if hits == tried else float(special.betaincinv(hits + 1, tried - hits, 1 - outside))
    return low, high


def safe_interval(hits: int, tried: int) -> tuple[float, float]:
    """Return the 95 % interval of a share: Wilson's, and the exact one where fewer than ``FEW`` hit or missed.

    A good classifier misses so few pictures that Wilson's interval alone would be too narrow. Raises ValueError where
    nothing was tried.
    """
    return (exact_interval if min(hits, tried - hits) < FEW else share_interval)(hits, tried)
