"""Shares with their intervals: how many of so many, and what the true share may be. Pure functions of numbers."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from functools import partial

from scipy import special

from runoff.judge.ratios import CONFIDENCE

HALVINGS = 50
"""How often an end is searched for in half of where it lies: to 2⁻⁵⁰ of that."""


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


def blaker_interval(hits: int, tried: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the interval of a share that is never too narrow, and no wider than it takes.

    It lies within Clopper and Pearson's. H. Blaker, "Confidence curves and improved exact confidence intervals for
    discrete distributions", Canadian Journal of Statistics 28 (2000), 783-798; where the shares that are accepted leave
    a gap, the gap belongs to the interval. Raises ValueError where nothing was tried.
    """
    return blaker_low(hits, tried, confidence), 1 - blaker_low(tried - hits, tried, confidence)


def blaker_low(hits: int, tried: int, confidence: float) -> float:
    """Return the least share that Blaker's interval accepts.

    A share is accepted where outcomes that are as unlikely as this one have more than 5 % together: so many hits or
    more, and ``few`` or less, which are no likelier. ``few`` grows with the share in steps. Between two of them the
    outcomes in the middle first gain and then lose probability, so that the end lies at a step, or once between two (J.
    Klaschka, "BlakerCI", technical report 1099 of the Institute of Computer Science in Prague, 2010).
    """
    least, most = exact_interval(hits, tried, confidence)[0], hits / tried
    if hits == 0:
        return least

    def upper(share: float) -> float:
        return float(special.bdtrc(hits - 1, tried, share))

    def lower(share: float, few: int) -> float:
        return float(special.bdtr(few, tried, share)) if few >= 0 else 0.0

    def is_beyond_step(few: int, share: float) -> bool:
        return lower(share, few + 1) <= upper(share)

    def is_accepted(few: int, share: float) -> bool:
        return upper(share) + lower(share, few) > 1 - confidence

    few = bisect_left(range(hits), True, key=lambda number: lower(least, number) > upper(least)) - 1
    while True:
        step = last_before(partial(is_beyond_step, few), least, most)
        if is_accepted(few, step):
            return last_before(partial(is_accepted, few), least, step)
        few += 1
        if is_accepted(few, step):
            return step
        least = step


def last_before(holds: Callable[[float], bool], least: float, most: float) -> float:
    """Return the last share before something holds, just below ``most`` where it never does, by halving.

    An end that lies just there, as of two tails of the same size at a half, belongs to the interval so.
    """
    for _ in range(HALVINGS):
        middle = (least + most) / 2
        least, most = (least, middle) if holds(middle) else (middle, most)
    return least
