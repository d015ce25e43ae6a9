"""The shift function of two contenders: the ratio of their quantiles, over all quantiles.

Doksum, "Empirical probability plots and statistical inference for nonlinear models in the two-sample case", Annals of
Statistics 2, 1974: how far each quantile of one distribution is from the same quantile of another. Of the logarithms of
times it is a ratio. Where two contenders suffer alike it is level; where one suffers more it rises or falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runoff.judge.three_ratios import SEED, Numbers, Times, bootstrap, flat

SHARES = tuple(round(0.02 * place, 2) for place in range(1, 50))
"""The quantiles, from 2 to 98 %."""


@dataclass(frozen=True)
class Shift:
    """The ratio of one quantile, with its interval; None where one launch tells no spread."""

    share: float
    value: float
    low: float | None
    high: float | None


def shift_function(
    times: Sequence[Sequence[float]], reference: Sequence[Sequence[float]], shares: Sequence[float] = SHARES
) -> tuple[Shift, ...]:
    """Return the ratios of the quantiles of all rounds, given launch by launch, each with a pointwise 95 % interval.

    It is that of the bootstrap over launches, in which both contenders keep the launches that they had together.
    Raises ValueError for other launches and for times that are not positive numbers.
    """
    values = np.asarray([times, reference], dtype=np.float64)
    if values.ndim != 3 or not values.size or not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError("a shift function needs the same number of positive times in each launch of both")

    def quantiles(own: Times, other: Times) -> Numbers:
        return np.moveaxis(np.quantile(flat(own), shares, axis=-1) - np.quantile(flat(other), shares, axis=-1), 0, -1)

    own, other = np.log(values)
    if len(own) == 1:
        return tuple(
            Shift(*pair, None, None) for pair in zip(shares, np.exp(quantiles(own, other)).tolist(), strict=True)
        )
    found = bootstrap(quantiles, own, other, np.random.default_rng(SEED))
    columns = (np.exp(found.value + side * found.reach).tolist() for side in (0, -1, 1))
    return tuple(Shift(*row) for row in zip(shares, *columns, strict=True))
