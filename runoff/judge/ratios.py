"""Ratios, intervals, looks and verdicts: pure functions of numbers, each with the source of its formula.

Student's distribution comes from scipy.special, which loads in a sixth of the time that scipy.stats takes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy import special

from runoff.judge.ratio_bounds import LARGEST_COUNT, LARGEST_RATIO, SMALLEST_RATIO, ratio_of, within_bounds

CONFIDENCE = 0.95
COMPARISON_ERROR = 0.01
"""The chance of a false alarm in any one comparison; that of any in a suite is one less CONFIDENCE."""
MARGIN = 0.05
FEWEST_LAUNCHES = 5
LOOKS = 8
GROWTH = 1.5

FASTER = "faster"
SLOWER = "slower"
LESS = "less"
MORE = "more"
NO_DIFFERENCE = "no difference shown"
INCONCLUSIVE = "inconclusive"
EXPLORATORY = "exploratory"
INVALID = "invalid run"
REFERENCE = "reference"

UNDISTURBED, TYPICAL, TAIL = "undisturbed", "typical", "tail"
"""What a ratio is of: see three_ratios.py."""

Name = TypeVar("Name")


@dataclass(frozen=True)
class Ratio:
    """A ratio to the reference with its interval over launches. Raises ValueError for what can't be."""

    value: float
    """The ratio (ratio)."""
    low: float | None
    """The lower end of its interval (ratio); none where there is only one launch."""
    high: float | None
    """The upper end of its interval (ratio); none where there is only one launch."""
    confidence: float
    """How often such an interval holds the truth, whatever look it was taken at (share)."""
    launches: int
    """How many launches it is over (launches)."""
    nominal_confidence: float
    """What it was computed at, which is more where several looks share the error (share)."""
    reference: str = ""
    """What it is relative to."""
    rounds: int = 0
    """The rounds of each launch (rounds)."""
    verdict: str = ""
    """What it shows, in words; empty where it was not judged."""
    of: str = TYPICAL
    """Which of three ratios it is: `undisturbed`, `typical` or `tail`."""
    widened: float = 0.0
    """How much wider it is to each side, because too few rounds were quiet (share)."""

    def __post_init__(self) -> None:
        """Refuse what can't be: it would only be found where a chart or a formula breaks."""
        for name in ("value", "low", "high"):
            if (found := getattr(self, name)) is not None and not SMALLEST_RATIO <= found <= LARGEST_RATIO:
                raise ValueError(f"{name} is {found}, expected a number from {SMALLEST_RATIO} to {LARGEST_RATIO}")
        for name in ("confidence", "nominal_confidence"):
            if not 0.5 <= (found := getattr(self, name)) < 1:
                raise ValueError(f"{name} is {found}, expected a number from 0.5 to below one")
        if not 0 <= self.widened <= LARGEST_RATIO:
            raise ValueError(f"widened is {self.widened}, expected a finite number of zero or more")
        if not 1 <= self.launches <= LARGEST_COUNT:
            raise ValueError(f"launches is {self.launches}, expected a number from 1 to {LARGEST_COUNT}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low is {self.low}, expected no more than high, {self.high}")


@dataclass(frozen=True)
class Estimate:
    """A mean of log-ratios with its standard error; ``degrees`` of freedom are 0 where its error is not known."""

    mean: float
    error: float
    degrees: float


@dataclass(frozen=True)
class Look:
    """A moment, fixed beforehand, at which a race may stop: after so many launches, with a share of the error."""

    launches: int
    error_share: float


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


def estimate(log_ratios: Sequence[float]) -> Estimate:
    """Estimate the log-ratio from those of launches: their mean, its standard error, launches - 1 degrees of freedom.

    The launch is the unit: rounds of one launch share memory layout and thread placement, so they are not independent
    (Kalibera and Jones, "Rigorous Benchmarking in Reasonable Time", ISMM 2013). Raises ValueError without launches.
    """
    launches = len(log_ratios)
    if launches == 0:
        raise ValueError("a ratio needs at least one launch")
    mean = float(np.mean(log_ratios))
    if launches == 1:
        return Estimate(mean, math.nan, 0)
    return Estimate(mean, float(np.std(log_ratios, ddof=1)) / math.sqrt(launches), launches - 1)


def interval(found: Estimate, level: float) -> tuple[float, float] | None:
    """Return Student's t interval of an estimate as ratios, None where its error is not known.

    Student, "The Probable Error of a Mean", Biometrika 6, 1908.
    """
    if found.degrees == 0:
        return None
    reach = float(special.stdtrit(found.degrees, (1 + level) / 2)) * found.error
    return ratio_of(found.mean - reach), ratio_of(found.mean + reach)


def ratio_over_launches(log_ratios: Sequence[float], confidence: float = CONFIDENCE, error_share: float = 1.0) -> Ratio:
    """Return the ratio with its interval, from the log-ratios of launches.

    ``error_share`` is the look's share of the error: the interval is computed at 1 - share × (1 - confidence).
    """
    found = estimate(log_ratios)
    nominal = 1 - (1 - confidence) * error_share
    low, high = interval(found, nominal) or (None, None)
    return Ratio(ratio_of(found.mean), low, high, confidence, len(log_ratios), nominal)


def estimate_behind(ratio: Ratio) -> Estimate:
    """Return the estimate that a ratio's interval was computed from: ratio_over_launches undone."""
    if ratio.low is None or ratio.high is None or ratio.launches < 2:
        return Estimate(math.log(ratio.value), math.nan, 0)
    degrees = ratio.launches - 1
    reach = (math.log(ratio.high) - math.log(ratio.low)) / 2  # a quotient could overflow
    return Estimate(
        math.log(ratio.value), reach / float(special.stdtrit(degrees, (1 + ratio.nominal_confidence) / 2)), degrees
    )


def change_estimate(base: Ratio, head: Ratio) -> Estimate:
    """Estimate the log of head / base of two runs' ratios, whose launches are independent and spread differently.

    Welch, "The generalization of Student's problem when several different population variances are involved",
    Biometrika 34, 1947.
    """
    before, after = estimate_behind(base), estimate_behind(head)
    mean = after.mean - before.mean
    if before.degrees == 0 or after.degrees == 0:
        return Estimate(mean, math.nan, 0)
    variance = before.error**2 + after.error**2
    if variance == 0.0:
        return Estimate(mean, 0.0, before.degrees + after.degrees)
    spread = before.error**4 / before.degrees + after.error**4 / after.degrees
    return Estimate(mean, math.sqrt(variance), variance**2 / spread)


def shared_error(base: Ratio, head: Ratio) -> float:
    """Return the share of the error that is left to the change between two ratios: the product of their looks' shares.

    Over all pairs of looks that two runs may stop at these add up to 1, so Bonferroni's inequality holds as in
    plan_looks.
    """
    shares = ((1 - ratio.nominal_confidence) / (1 - ratio.confidence) for ratio in (base, head))
    return min(1.0, math.prod(shares))


def change_between(base: Ratio, head: Ratio) -> Ratio:
    """Return head / base with Welch's interval, over as many launches as the one with fewer has."""
    nominal = 1 - (1 - CONFIDENCE) * shared_error(base, head)
    low, high = interval(change_estimate(base, head), nominal) or (None, None)
    return Ratio(
        within_bounds(head.value / base.value), low, high, CONFIDENCE, min(base.launches, head.launches), nominal
    )


def difference_p_value(found: Estimate) -> float:
    """Return the two-sided p-value of Student's t test that the log-ratio is zero; 1.0 where its error is not known."""
    if found.degrees == 0:
        return 1.0
    if found.error == 0.0:
        return 1.0 if found.mean == 0.0 else 0.0
    return float(2 * special.stdtr(found.degrees, -abs(found.mean) / found.error))


def excess_p_value(found: Estimate, margin: float) -> float:
    """Return the one-sided p-value of Student's t test that the ratio is at most 1 + margin; 1.0 as above."""
    if found.degrees == 0:
        return 1.0
    excess = found.mean - math.log1p(margin)
    if found.error == 0.0:
        return 0.0 if excess > 0 else 1.0
    return float(special.stdtr(found.degrees, -excess / found.error))


def holm(p_values: Mapping[Name, float]) -> dict[Name, float]:
    """Adjust p-values so that the chance of any false alarm among them stays at the level of one.

    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6, 1979.
    """
    adjusted: dict[Name, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = largest
    return adjusted


def claim_p_values(p_values: Mapping[Name, float], error_share: float = 1.0) -> dict[Name, float]:
    """Adjust p-values so that below 1 - CONFIDENCE means both: 1 % for this comparison, 5 % for all together (Holm).

    ``error_share`` is the look's share of the error, as in ratio_over_launches.
    """
    strictness = (1 - CONFIDENCE) / COMPARISON_ERROR
    together = holm(p_values)
    return {
        name: min(1.0, max(together[name], strictness * p_value) / error_share) for name, p_value in p_values.items()
    }


def plan_looks(first: int) -> tuple[Look, ...]:
    """Fix the looks of a race that goes on until it is precise: each after 1.5 times the launches of the one before.

    Each may spend as much of the error as any other. The shares add up to 1, so by Bonferroni's inequality all looks'
    intervals hold the truth together with the confidence asked for, whichever the race stops at. Repeated confidence
    intervals: Jennison and Turnbull, "Interim Analyses: The Repeated Confidence Interval Approach", JRSS B 51, 1989;
    equal shares: Pocock, "Group Sequential Methods in the Design and Analysis of Clinical Trials", Biometrika 64, 1977.
    docs/trust.md says what other looks take to 2 %.
    """
    return tuple(Look(math.ceil(first * GROWTH**number), 1 / LOOKS) for number in range(LOOKS))


def half_width(ratio: Ratio) -> float:
    """Return how far an interval reaches to each side as a share: 0.02 where it is the ratio times or by 1.02."""
    if ratio.low is None or ratio.high is None:
        return math.inf
    return math.sqrt(ratio.high / ratio.low) - 1


def control_is_valid(control: Ratio, margin: float = MARGIN) -> bool:
    """Whether a run can be believed: its control's interval must not exclude 1 by more than the margin."""
    if control.low is None or control.high is None:
        return True
    return control.low <= 1 + margin and control.high >= 1 / (1 + margin)


def is_pinned_down(control: Ratio, margin: float = MARGIN) -> bool:
    """Whether a control's interval reaches no further than the margin to each side."""
    return half_width(control) <= margin


def is_beyond(ratio: Ratio, control: Ratio) -> bool:
    """Whether a ratio's interval lies wholly outside its control's: what two equals reach is no difference."""
    if ratio.low is None or ratio.high is None or control.low is None or control.high is None:
        return False
    return ratio.high < control.low or ratio.low > control.high


def verdict(
    ratio: Ratio,
    claim_p_value: float,
    *,
    control: Ratio | None,
    margin: float = MARGIN,
    words: tuple[str, str] = (FASTER, SLOWER),
) -> str:
    """Say in words what a ratio shows; ``words`` are for a ratio below and above 1.

    A difference is claimed where the adjusted test (claim_p_values) rejects "no difference" and the ratio is beyond
    what the run's control reached. Without a claim, an interval wider than the margin could hide a difference that
    matters: inconclusive.
    """
    if control is not None and not control_is_valid(control, margin):
        return INVALID
    if ratio.launches < FEWEST_LAUNCHES or ratio.low is None or ratio.high is None:
        return EXPLORATORY
    if claim_p_value < 1 - CONFIDENCE and (control is None or is_beyond(ratio, control)):
        return words[0] if ratio.value < 1 else words[1]
    if math.log(ratio.high / ratio.low) > math.log(1 + margin):
        return INCONCLUSIVE
    return NO_DIFFERENCE
