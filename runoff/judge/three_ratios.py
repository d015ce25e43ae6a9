"""Three ratios from the same rounds: undisturbed, typical and tail; pure functions of numbers.

- *Typical* is the median of paired ratios, as ratios.py has it: what the code and that hour's neighbours make together.
- *Undisturbed* is the mean ratio of the rounds that took both together the least, a quarter of them: as if the
  neighbours were quiet. Each round stays a pair. Of the estimators that were tried in docs/undisturbed.md its intervals
  hold what is known most nearly as often as they should: 94.5 % of the time, and 95.2 % for two equals.
- *Tail* is the ratio of the times that 95 % of all rounds stay below.

One launch is the unit of the intervals. Undisturbed has Student's over what the jackknife says. Of a quantile that is
too narrow: tail has Student's over the bootstrap's standard error, which held the known ratio in 92 % of runs of 21
simulated machines and the 1 of two equals in 97 %, where the jackknife's did in 89 and 93 %. It misses where spells of
disturbance are so rare that eight launches may see none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from runoff.judge.diagnostics import QUANTILES, samples_needed
from runoff.judge.ratio_bounds import LARGEST_RATIO
from runoff.judge.ratios import CONFIDENCE, TAIL, UNDISTURBED, Ratio

Times = NDArray[np.float64]
"""Logarithms of seconds, by launch and round, of one run or, before these axes, of several."""
Numbers = NDArray[np.float64]
"""One number a run."""
Level = Callable[[Times], Numbers]
"""Says how long one contender takes, as a logarithm, from all rounds of a run."""
Estimator = Callable[[Times, Times], Numbers]
"""Returns the log ratio of each run from the times of a contender and of the reference."""

QUIET_SHARE = 0.25
"""Which share of the rounds the undisturbed ratio is of: the quietest."""
DEEPER = 4
"""A quarter of the share that an estimator reads is read too: where that says something else, quiet was too rare."""
SETTLED = 0.0075
"""How far the two may be apart, as a logarithm, before the interval is widened by it."""
FEWEST_ROUNDS = 40
"""With fewer, what is read too would be of two rounds at most."""
TAIL_QUANTILE = QUANTILES["p95"]
RESAMPLES, SEED = 99, 17
"""Of the bootstrap."""
FARTHEST = math.log(LARGEST_RATIO)
"""Beyond this a ratio, or an end of its interval, is no number any more."""
TOO_FAR = "the rounds are too far apart for an interval"


@dataclass(frozen=True)
class Ratios:
    """A contender's three ratios to the reference, or the reason why one is not known."""

    undisturbed: Ratio | str
    """That of the quietest quarter of the rounds."""
    typical: Ratio | str
    """That of all rounds, by their median: verdicts are by it."""
    tail: Ratio | str
    """That of the 95th percentiles of all rounds."""


@dataclass(frozen=True)
class Found:
    """What an estimator says of each run: the log ratio, and how far its interval reaches to each side.

    ``apart`` is how far the ratio of yet fewer rounds is from it; 0 where an estimator has none.
    """

    value: Numbers
    reach: Numbers
    apart: Numbers

    @property
    def warned(self) -> NDArray[np.bool_]:
        """Say of each run whether its quiet rounds were too rare for this estimator."""
        return np.asarray(self.apart > SETTLED)

    @property
    def widened(self) -> Found:
        """The same with what it is apart by on each side, where that is too much."""
        return replace(self, reach=self.reach + np.where(self.warned, self.apart, 0.0))


def known(found: Ratio | str) -> Ratio | None:
    """Return a ratio, None in place of the reason why it is not known."""
    return found if isinstance(found, Ratio) else None


def flat(times: Times) -> Times:
    """Put the launches of each run together."""
    return times.reshape(*times.shape[:-2], -1)


def quantile(share: float) -> Level:
    """Return the quantile of log times, by linear interpolation between order statistics.

    It is numpy's, which takes ten times as long for the many runs of a bootstrap: sorting is quick.
    """

    def level(times: Times) -> Numbers:
        ordered = np.sort(times, axis=-1)
        place = share * (times.shape[-1] - 1)
        below = int(place)
        low, high = ordered[..., below], ordered[..., min(below + 1, times.shape[-1] - 1)]
        return np.asarray(low + (high - low) * (place - below))

    return level


def of_levels(level: Level) -> Estimator:
    """Return the difference of two contenders' levels."""
    return lambda times, reference: level(flat(times)) - level(flat(reference))


def of_quiet_rounds(share: float, average: Callable[..., Numbers] = np.mean) -> Estimator:
    """Return the average log ratio of the rounds that took the two together the least, that share of them."""

    def estimate(times: Times, reference: Times) -> Numbers:
        ratios = flat(times) - flat(reference)
        quiet = quietest(flat(times) + flat(reference), share)
        return np.asarray(average(np.take_along_axis(ratios, quiet, axis=-1), axis=-1))

    return estimate


def quietest(together: Times, share: float) -> NDArray[np.intp]:
    """Return the places of the rounds that took the least, that share of all and at least one."""
    count = max(1, round(share * together.shape[-1]))
    return np.argpartition(together, count - 1, axis=-1)[..., :count]


def student(launches: int, confidence: float = CONFIDENCE) -> float:
    """Return by how many standard errors an interval over launches reaches to each side."""
    return float(special.stdtrit(launches - 1, (1 + confidence) / 2))


def jackknife(
    estimate: Estimator,
    times: Times,
    reference: Times,
    *,
    deeper: Estimator | None = None,
    confidence: float = CONFIDENCE,
) -> Found:
    """Estimate with Student's interval over what leaving each launch out changes; it takes two launches.

    Tukey, "Bias and confidence in not-quite large samples", Annals of Mathematical Statistics 29, 1958. For a mean of
    what launches say it is Student's interval over launches. ``deeper`` is the estimator that reads yet fewer rounds.
    """
    launches = times.shape[-2]
    value = estimate(times, reference)
    without = np.stack(
        [estimate(*(np.delete(values, left, axis=-2) for values in (times, reference))) for left in range(launches)],
        axis=-1,
    )
    error = np.sqrt((launches - 1) / launches * ((without - without.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1))
    return Found(value, student(launches, confidence) * error, apart(value, deeper, times, reference))


def bootstrap(
    estimate: Estimator,
    times: Times,
    reference: Times,
    random: np.random.Generator,
    *,
    deeper: Estimator | None = None,
    confidence: float = CONFIDENCE,
) -> Found:
    """Estimate with Student's interval over the standard error of runs drawn from the launches with replacement.

    Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8: whole launches are drawn. The
    error of a mean of few launches comes out too small by the root of (launches - 1) / launches, which is undone.
    """
    launches = times.shape[-2]
    places = random.integers(launches, size=(RESAMPLES, *times.shape[:-1]))[..., None]
    drawn = estimate(*(np.take_along_axis(values[None], places, axis=-2) for values in (times, reference)))
    error = drawn.std(axis=0, ddof=1) * np.sqrt(launches / (launches - 1))
    value = estimate(times, reference)
    return Found(value, student(launches, confidence) * error, apart(value, deeper, times, reference))


def apart(value: Numbers, deeper: Estimator | None, times: Times, reference: Times) -> Numbers:
    """Return how far the ratio of yet fewer of the quietest rounds is from an estimate; 0 where there is none."""
    return np.zeros_like(value) if deeper is None else np.abs(value - deeper(times, reference))


UNDISTURBED_ESTIMATORS = of_quiet_rounds(QUIET_SHARE), of_quiet_rounds(QUIET_SHARE / DEEPER)
"""Undisturbed: the mean ratio of the quietest quarter of the rounds; and what is read too."""
TAIL_ESTIMATOR = of_levels(quantile(TAIL_QUANTILE))
FEWEST_FOR_A_TAIL = samples_needed(TAIL_QUANTILE)


def undisturbed_ratio(times: Times, reference: Times, confidence: float = CONFIDENCE) -> Found:
    """Estimate the undisturbed ratio, widened where too few rounds were quiet."""
    estimate, deeper = UNDISTURBED_ESTIMATORS
    return jackknife(estimate, times, reference, deeper=deeper, confidence=confidence).widened


def tail_ratio(times: Times, reference: Times, confidence: float = CONFIDENCE) -> Found:
    """Estimate the tail's ratio of one run; which launches are drawn does not depend on the order that they were in."""
    order = np.argsort((times + reference).sum(axis=-1))
    random = np.random.default_rng(SEED)
    return bootstrap(TAIL_ESTIMATOR, times[order], reference[order], random, confidence=confidence)


def three_ratios(
    typical: Ratio, times: Sequence[Sequence[float]], reference: Sequence[Sequence[float]]
) -> Ratios | None:
    """Return a contender's three ratios from its rounds and the reference's, launch by launch and paired.

    The typical one is given; the others are at the same confidence. None where launches have one value, or not all
    as many. Raises ValueError for times that are not positive numbers.
    """
    lengths = {len(values) for launch in zip(times, reference, strict=True) for values in launch}
    if len(lengths) != 1 or max(lengths) < 2:
        return None
    own, other = logarithms([times, reference])

    def ratio_of(of: str, fewest: int, estimate: Estimator, interval: Callable[..., Found]) -> Ratio | str:
        if own.size < fewest:
            return f"it needs {fewest} rounds, not {own.size}"
        level = typical.nominal_confidence
        found = interval(own, other, level) if len(own) > 1 else Found(estimate(own, other), *np.full(2, np.nan))
        return as_stored(found, replace(typical, of=of, verdict=""))

    return Ratios(
        ratio_of(UNDISTURBED, FEWEST_ROUNDS, UNDISTURBED_ESTIMATORS[0], undisturbed_ratio),
        typical,
        ratio_of(TAIL, FEWEST_FOR_A_TAIL, TAIL_ESTIMATOR, tail_ratio),
    )


def typical_over_undisturbed(launches: Sequence[Sequence[float]]) -> Ratio | None:
    """Return how many times as long as undisturbed one contender typically takes: what happened to it by itself.

    Typical is the median of all rounds, undisturbed the mean logarithm of the fastest quarter of them; the noise of a
    quiet machine alone makes it a little more than 1. None with too few rounds, or with one launch. Raises ValueError
    as above.
    """
    count = sum(map(len, launches))
    if len(launches) < 2 or len({len(values) for values in launches}) != 1 or count < FEWEST_ROUNDS:
        return None
    own = logarithms(launches)

    def estimate(times: Times, _: Times) -> Numbers:
        together = flat(times)
        quiet = np.take_along_axis(together, quietest(together, QUIET_SHARE), axis=-1)
        return np.asarray(np.median(together, axis=-1) - quiet.mean(axis=-1))

    found = as_stored(jackknife(estimate, own, own), Ratio(1.0, None, None, CONFIDENCE, len(launches), CONFIDENCE))
    return known(found)


def logarithms(seconds: Sequence[Any]) -> Times:
    """Return the logarithms of times; raises ValueError where one is no positive number."""
    values = np.asarray(seconds, dtype=np.float64)
    if not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError("durations must be finite and above zero")
    return np.log(values)


def as_stored(found: Found, like: Ratio) -> Ratio | str:
    """Return an estimate as another ratio is stored, without an interval where there is none; or why it is no ratio."""
    value, reach = float(found.value), float(found.reach)
    if abs(value) + (0.0 if math.isnan(reach) else reach) >= FARTHEST:
        return TOO_FAR
    if math.isnan(reach):
        return replace(like, value=math.exp(value), low=None, high=None)
    low, high = math.exp(value - reach), math.exp(value + reach)
    widened = math.expm1(float(found.apart)) if found.warned else 0.0
    return replace(like, value=math.exp(value), low=low, high=high, widened=widened)
