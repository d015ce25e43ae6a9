"""Ratios, intervals and verdicts: pure functions of numbers, each with the source of its formula."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
MARGIN = 0.05
FEWEST_LAUNCHES = 5

FASTER = "faster"
SLOWER = "slower"
LESS = "less"
MORE = "more"
NO_DIFFERENCE = "no difference shown"
INCONCLUSIVE = "inconclusive"
EXPLORATORY = "exploratory"
INVALID = "invalid run"
REFERENCE = "reference"


@dataclass(frozen=True)
class Ratio:
    """A ratio to the reference with its interval over launches; no interval where there is only one launch."""

    value: float
    low: float | None
    high: float | None
    confidence: float
    launches: int


def launch_log_ratio(times: Sequence[float], reference: Sequence[float]) -> float:
    """Estimate one launch's log-ratio: the median over rounds of ln(t / t_reference).

    Each round pairs the two within moments of each other, which removes what slows both; the median keeps a
    disturbed round from counting. Raises ValueError for unequal lengths or values that are not positive numbers.
    """
    if len(times) != len(reference) or not times:
        raise ValueError(f"rounds must be paired: {len(times)} against {len(reference)}")
    values = np.array([times, reference], dtype=np.float64)
    if not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError("durations and sizes must be finite and above zero")
    return float(np.median(np.log(values[0]) - np.log(values[1])))  # a quotient could overflow


def ratio_over_launches(log_ratios: Sequence[float], confidence: float = CONFIDENCE) -> Ratio:
    """Give the ratio with Student's t interval for the mean of the launches' log-ratios, exponentiated.

    The launch is the unit: rounds of one launch share memory layout and thread placement, so they are not independent
    (Kalibera and Jones, "Rigorous Benchmarking in Reasonable Time", ISMM 2013). Interval: Student, "The Probable Error
    of a Mean", Biometrika 6, 1908. Raises ValueError without launches.
    """
    launches = len(log_ratios)
    if launches == 0:
        raise ValueError("a ratio needs at least one launch")
    mean = float(np.mean(log_ratios))
    if launches == 1:
        return Ratio(math.exp(mean), None, None, confidence, launches)
    error = float(np.std(log_ratios, ddof=1)) / math.sqrt(launches)
    reach = float(stats.t.ppf((1 + confidence) / 2, launches - 1)) * error
    return Ratio(math.exp(mean), math.exp(mean - reach), math.exp(mean + reach), confidence, launches)


def no_difference_p_value(log_ratios: Sequence[float]) -> float:
    """Give the two-sided p-value of Student's t test that the mean log-ratio is zero; 1.0 below two launches."""
    if len(log_ratios) < 2:
        return 1.0
    error = float(np.std(log_ratios, ddof=1)) / math.sqrt(len(log_ratios))
    mean = float(np.mean(log_ratios))
    if error == 0.0:
        return 1.0 if mean == 0.0 else 0.0
    return float(2 * stats.t.sf(abs(mean) / error, len(log_ratios) - 1))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjust p-values so that the chance of any false alarm among them stays at the level of one.

    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6, 1979.
    """
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = largest
    return adjusted


def control_is_valid(control: Ratio, margin: float = MARGIN) -> bool:
    """Tell whether a run can be believed: its control's interval must not exclude 1 by more than the margin."""
    if control.low is None or control.high is None:
        return True
    return control.low <= 1 + margin and control.high >= 1 / (1 + margin)


def is_pinned_down(control: Ratio, margin: float = MARGIN) -> bool:
    """Tell whether a control's interval reaches no further than the margin to each side."""
    if control.low is None or control.high is None:
        return False
    return math.log(control.high / control.low) <= 2 * math.log(1 + margin)


def is_beyond(ratio: Ratio, control: Ratio) -> bool:
    """Tell whether a ratio's interval lies wholly outside its control's: what two equals reach is no difference."""
    if ratio.low is None or ratio.high is None or control.low is None or control.high is None:
        return False
    return ratio.high < control.low or ratio.low > control.high


def verdict(
    ratio: Ratio,
    adjusted_p_value: float,
    *,
    control: Ratio | None,
    margin: float = MARGIN,
    words: tuple[str, str] = (FASTER, SLOWER),
) -> str:
    """Say in words what a ratio shows; ``words`` are for a ratio below and above 1.

    A difference is claimed where the Holm-adjusted test rejects "no difference" at the ratio's confidence and the ratio
    is beyond what the run's control reached. Without a claim, an interval wider than the margin could hide a
    difference that matters: inconclusive.
    """
    if control is not None and not control_is_valid(control, margin):
        return INVALID
    if ratio.launches < FEWEST_LAUNCHES or ratio.low is None or ratio.high is None:
        return EXPLORATORY
    if adjusted_p_value < 1 - ratio.confidence and (control is None or is_beyond(ratio, control)):
        return words[0] if ratio.value < 1 else words[1]
    if math.log(ratio.high / ratio.low) > math.log(1 + margin):
        return INCONCLUSIVE
    return NO_DIFFERENCE


def drift(values: Sequence[float]) -> float:
    """Give how much slower the second half is than the first: the ratio of their medians, 1.0 below four values."""
    if len(values) < 4:
        return 1.0
    half = len(values) // 2
    return float(np.median(values[half:]) / np.median(values[:half]))
