"""What raw times show beside the ratio: percentiles, drift, autocorrelation. Pure functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from runoff.judge.ratios import CONFIDENCE

QUANTILES = (0.5, 0.9, 0.95, 0.99)
DOUBT = 0.01
"""The chance of a warning about autocorrelation where there is none."""


@dataclass(frozen=True)
class Percentile:
    """A percentile of the raw times; withheld (``value`` None) where fewer than the ``needed`` samples are there."""

    name: str
    value: float | None
    needed: int


def percentiles(values: Sequence[float]) -> tuple[Percentile, ...]:
    """Give p50, p90, p95 and p99 of the raw times, by linear interpolation between order statistics.

    Raises ValueError without values, or for values that are not positive numbers.
    """
    array = np.asarray(values, dtype=np.float64)
    if not array.size or not np.isfinite(array).all() or (array <= 0).any():
        raise ValueError("percentiles need at least one value, all finite and above zero")
    return tuple(
        Percentile(
            f"p{quantile * 100:.0f}",
            float(np.quantile(array, quantile)) if array.size >= samples_needed(quantile) else None,
            samples_needed(quantile),
        )
        for quantile in QUANTILES
    )


def samples_needed(quantile: float) -> int:
    """Count the samples whose largest lies above the true quantile with 95 % confidence: fewer don't bound it at all.

    Wilks, "Determination of Sample Sizes for Setting Tolerance Limits", Annals of Mathematical Statistics 12, 1941.
    """
    return math.ceil(round(math.log(1 - CONFIDENCE) / math.log(quantile), 9))


def drift(values: Sequence[float]) -> float:
    """Give how much slower the second half is than the first: the ratio of their medians, 1.0 below four values."""
    if len(values) < 4:
        return 1.0
    half = len(values) // 2
    return float(np.median(values[half:]) / np.median(values[:half]))


def lag_one_autocorrelation(values: Sequence[float]) -> float:
    """Give the correlation of each value with the next one, 0.0 for values without spread.

    Box, Jenkins, Reinsel and Ljung, "Time Series Analysis", section 2.1.
    """
    centred = np.asarray(values, dtype=np.float64) - np.mean(values)
    total = float(centred @ centred)
    return float(centred[:-1] @ centred[1:]) / total if total > 0 else 0.0


def follow_each_other(values: Sequence[float], tests: int = 1) -> bool:
    """Tell whether values are more like their predecessors than chance explains, so that they aren't independent.

    Independent values have a lag-1 autocorrelation that is near-normal around -1/n with variance 1/n (Bartlett, "On the
    Theoretical Specification and Sampling Properties of Autocorrelated Time-Series", 1946); ``tests`` of them share the
    chance of a false warning.
    """
    count = len(values)
    if count < 4:
        return False
    reach = float(special.ndtri(1 - DOUBT / tests)) / math.sqrt(count)
    return lag_one_autocorrelation(values) > reach - 1 / count
