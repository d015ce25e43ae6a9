"""Two classifiers on the same pictures: the difference of their accuracies, and whether there is one. Pure functions.

``lost`` are pictures that golden names right and a contender wrong, ``gained`` the other way round; the drop in
accuracy is (lost - gained) / pictures, above zero where the contender is worse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from runoff.judge.ratios import CONFIDENCE

CORRECTION = 0.25
"""The continuity correction of the score statistic, in pictures.

Without it up to 2.95 % of contenders at the margin are called as good, where 2.5 % are allowed, and an eighth of a
picture is not enough either (docs/accuracy.md). More than it takes would make intervals wider than they need be.
"""
CUTS, PARTS = 8, 64
"""How often an end is searched for in so many parts of where it lies: to 64⁻⁸, a double's precision."""


@dataclass(frozen=True)
class Paired:
    """How many pictures two classifiers answered, and how many only one of them names right.

    Raises ValueError for numbers that can't be.
    """

    pictures: int
    """The pictures that both answered (pictures)."""
    lost: int
    """Those that golden alone names right (pictures)."""
    gained: int
    """Those that the contender alone names right (pictures)."""

    def __post_init__(self) -> None:
        """Refuse what can't be."""
        if min(self.lost, self.gained) < 0 or not 0 < self.pictures >= self.lost + self.gained:
            raise ValueError(f"{self.lost} lost and {self.gained} gained of {self.pictures} pictures can't be")

    @property
    def drop(self) -> float:
        """The accuracy that is lost, below zero where it is gained."""
        return (self.lost - self.gained) / self.pictures


def restricted_variance(
    lost: ArrayLike, gained: ArrayLike, pictures: ArrayLike, drop: ArrayLike
) -> NDArray[np.float64]:
    """Return the variance of a picture's loss less its gain, most likely where the true drop is the one given.

    Tango 1998 as below, equations 24 to 26, there with the opposite sign of the difference.
    """
    b, c, n, d = (np.asarray(value, dtype=np.float64) for value in (lost, gained, pictures, drop))
    linear, constant = -(b + c) + (2 * n - b + c) * d, -c * d * (1 - d)
    gains = (np.sqrt(np.maximum(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance: NDArray[np.float64] = np.maximum(0.0, 2 * gains + d * (1 - d))
    return variance


def score(
    lost: ArrayLike, gained: ArrayLike, pictures: ArrayLike, drop: ArrayLike, correction: float = CORRECTION
) -> NDArray[np.float64]:
    """Return the score statistic of the hypothesis that the true drop is the one given: far above 0 where it is more.

    It is standard normal where the hypothesis holds. T. Tango, "Equivalence test and confidence interval for the
    difference in proportions for the paired-sample design", Statistics in Medicine 17 (1998), 891-908; it is drawn
    towards 0 by the ``correction`` in pictures, 0 for the statistic as it was published.
    """
    n, expected = np.asarray(pictures, dtype=np.float64), np.asarray(drop, dtype=np.float64)
    beyond = np.asarray(lost, dtype=np.float64) - np.asarray(gained, dtype=np.float64) - n * expected
    beyond = np.sign(beyond) * np.maximum(0.0, np.abs(beyond) - correction)
    spread = np.sqrt(n * restricted_variance(lost, gained, n, expected))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic: NDArray[np.float64] = np.where(beyond == 0, 0.0, beyond / spread)
    return statistic


def drop_interval(
    paired: Paired, confidence: float = CONFIDENCE, correction: float = CORRECTION
) -> tuple[float, float]:
    """Return the interval of the true drop in accuracy: every drop that the score test does not reject.

    Tango 1998, as in ``score``. The statistic falls as the drop grows, so each end is found by cutting where it lies.
    """
    reach = float(special.ndtri((1 + confidence) / 2))

    def end(least: float, most: float, bound: float) -> float:
        for _ in range(CUTS):
            tried = np.linspace(least, most, PARTS + 1)
            above = int((score(paired.lost, paired.gained, paired.pictures, tried, correction) > bound).sum())
            least, most = float(tried[max(0, above - 1)]), float(tried[min(PARTS, above)])
        return (least + most) / 2

    return end(-1.0, paired.drop, reach), end(paired.drop, 1.0, -reach)


def mcnemar_p_value(paired: Paired) -> float:
    """Return the two-sided exact p-value that both classifiers are equally often right.

    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12 (1947), 153-157: the lost of all that only one names right have a binomial distribution.
    """
    fewer = min(paired.lost, paired.gained)
    return min(1.0, 2 * float(special.bdtr(fewer, paired.lost + paired.gained, 0.5)))
