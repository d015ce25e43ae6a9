"""Whether several models say the same of several contenders: what rankings have in common, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runoff.judge.ratios import CONFIDENCE

Numbers = NDArray[np.float64]
PERMUTATIONS = 9_999
RESAMPLES = 2_000
SEED = 0
"""What is drawn is the same each time: a page made again says the same."""


@dataclass(frozen=True)
class Interval:
    """An estimate with the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Concordance:
    """How much the rankings of ``models`` have in common: Kendall's W is 1 where all are the same, about 0 by chance.

    ``p_value`` is the chance of this much or more where every ranking is drawn at random.
    """

    w: float
    p_value: float
    models: int


def friedman(ranked: Numbers) -> Numbers:
    """Return Friedman's statistic of rankings, one a row; any axes may come before these two.

    It is not corrected for ties, which makes it smaller where there are some. Friedman, "The use of ranks to avoid the
    assumption of normality implicit in the analysis of variance", JASA 32, 1937; the formula as Demšar has it in
    "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006.
    """
    models, contenders = ranked.shape[-2:]
    means = ranked.mean(axis=-2)
    spread = (means**2).sum(axis=-1) - contenders * (contenders + 1) ** 2 / 4
    statistic: Numbers = 12 * models / (contenders * (contenders + 1)) * spread
    return statistic


def concordance(ranked: Numbers) -> Concordance:
    """Return Kendall's W of rankings, one a row, with the p-value of Friedman's test.

    The statistic's distribution comes from rankings permuted within each row, so that it holds for few rows too; the
    observed one counts among them, and no p-value is zero. Kendall and Babington Smith, "The problem of m rankings",
    Annals of Mathematical Statistics 10, 1939. Raises ValueError for fewer than two rows or columns.
    """
    models, contenders = ranked.shape
    if min(models, contenders) < 2:
        raise ValueError(f"rankings take two rows and two columns or more: {models} and {contenders}")
    observed = float(friedman(ranked))
    generator = np.random.default_rng(SEED)
    permuted = generator.permuted(np.broadcast_to(ranked, (PERMUTATIONS, models, contenders)), axis=-1)
    as_high = int((friedman(permuted) >= observed - 1e-9).sum())
    return Concordance(observed / (models * (contenders - 1)), (as_high + 1) / (PERMUTATIONS + 1), models)


def kendall_tau(values: Numbers) -> float:
    """Return Kendall's tau-b of two columns, NaN where one of them is constant.

    Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945. An interval over families asks for it
    thousands of times, and scipy's finds a p-value each time, too.
    """
    first, second = (np.sign(column[:, None] - column[None, :]) for column in values.T)
    pairs = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / pairs) if pairs else float("nan")


def over_families(families: Sequence[Numbers], statistic: Callable[[Numbers], Numbers | float]) -> tuple[Interval, ...]:
    """Return a statistic of rows with its 95 % intervals, one for each number that it gives.

    Rows of one family have much in common, so whole families are drawn with replacement, and the interval has the
    middle 95 % of what the draws give. Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section
    3.8. With one family there is nothing to draw from: the interval is the point itself.
    """
    generator = np.random.default_rng(SEED)
    found = np.atleast_1d(np.asarray(statistic(np.concatenate(families)), dtype=np.float64))
    drawn = []
    for _ in range(RESAMPLES):
        chosen = generator.integers(len(families), size=len(families))
        drawn.append(np.atleast_1d(statistic(np.concatenate([families[place] for place in chosen]))))
    low, high = np.nanquantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    return tuple(Interval(*map(float, ends)) for ends in zip(found, low, high, strict=True))
