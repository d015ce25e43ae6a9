"""What raw times show beside the ratio: percentiles, drift, autocorrelation. Pure functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from runoff.judge.ratios import CONFIDENCE

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
DOUBT = 0.01
"""The chance of a warning about autocorrelation where there is none."""


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """Return the QUANTILES of the raw times, by linear interpolation between order statistics.

    One is withheld (None) where there are fewer samples than it needs. Raises ValueError without values, or for values
    that are not positive numbers.
    """
    array = np.asarray(values, dtype=np.float64)
    if not array.size or not np.isfinite(array).all() or (array <= 0).any():
        raise ValueError("percentiles need at least one value, all finite and above zero")
    return {
        name: float(np.quantile(array, quantile)) if array.size >= samples_needed(quantile) else None
        for name, quantile in QUANTILES.items()
    }


def samples_needed(quantile: float) -> int:
    """Count the samples whose largest lies above the true quantile with 95 % confidence: fewer don't bound it at all.

    Wilks, "Determination of Sample Sizes for Setting Tolerance Limits", Annals of Mathematical Statistics 12, 1941.
    """
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(quantile))


def drift(values: Sequence[float]) -> float:
    """Return how much slower the second half is than the first: the ratio of their medians, 1.0 below four values."""
    if len(values) < 4:
        return 1.0
    half = len(values) // 2
    return float(np.median(values[half:]) / np.median(values[:half]))


def lag_one_autocorrelation(values: Sequence[float]) -> float:
    """Return the correlation of each value with the next one, 0.0 for values without spread.

    Box, Jenkins, Reinsel and Ljung, "Time Series Analysis", section 2.1.
    """
    centred = np.asarray(values, dtype=np.float64) - np.mean(values)
    total = float(centred @ centred) if len(set(values)) > 1 else 0.0  # of equal values the mean may be rounded
    return float(centred[:-1] @ centred[1:]) / total if total > 0 else 0.0


def follow_each_other(values: Sequence[float], tests: int = 1) -> bool:
    """Whether values are more like their predecessors than chance explains, so that they aren't independent.

    Independent values have a lag-1 autocorrelation that is near-normal around -1/n with variance 1/n (Bartlett, "On the
    Theoretical Specification and Sampling Properties of Autocorrelated Time-Series", 1946); ``tests`` of them share the
    chance of a false warning.
    """
    count = len(values)
    if count < 4:
        return False
    reach = float(special.ndtri(1 - DOUBT / tests)) / math.sqrt(count)
    return lag_one_autocorrelation(values) > reach - 1 / count
