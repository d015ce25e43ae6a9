"""The estimators of a log ratio that are tried, for many runs at once, and their intervals over launches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from runoff.judge.ratios import CONFIDENCE

Times = NDArray[np.float64]
"""Logarithms of seconds, by run, launch and round."""
Numbers = NDArray[np.float64]
"""One number a run."""
Level = Callable[[Times], Numbers]
"""Says how long one contender takes, as a logarithm, from all rounds of a run: an array of runs by rounds."""
Estimator = Callable[[Times, Times], Numbers]
"""Returns the log ratio of each run from the times of a contender and of the reference."""
RESAMPLES = 99


def quantile(share: float) -> Level:
    """Return the quantile of log times."""
    return lambda times: np.quantile(times, share, axis=-1)


def harrell_davis(share: float) -> Level:
    """Return the quantile as a mean of all order statistics, the near ones weighing most.

    Harrell and Davis, "A new distribution-free quantile estimator", Biometrika 69, 1982.
    """

    def level(times: Times) -> Numbers:
        rounds = times.shape[-1]
        edges = np.arange(rounds + 1) / rounds
        weights = np.diff(special.betainc((rounds + 1) * share, (rounds + 1) * (1 - share), edges))
        found: Numbers = np.sort(times, axis=-1) @ weights
        return found

    return level


def fastest(share: float) -> Level:
    """Return the mean of the fastest rounds, that share of them and at least one."""

    def level(times: Times) -> Numbers:
        count = max(1, round(share * times.shape[-1]))
        return np.asarray(np.partition(times, count - 1, axis=-1)[..., :count].mean(axis=-1))

    return level


def minimum(times: Times) -> Numbers:
    """Return the least: Chen and Revels, "Robust benchmarking in noisy environments", 2016."""
    return np.asarray(times.min(axis=-1))


def quantiles_to_the_median(times: Times) -> Numbers:
    """Return the mean of the log quantiles from 5 to 50 %."""
    return np.asarray(np.quantile(times, np.linspace(0.05, 0.5, 10), axis=-1).mean(axis=0))


def total(times: Times) -> Numbers:
    """Return the logarithm of the mean time."""
    return np.asarray(np.log(np.exp(times).mean(axis=-1)))


def of_levels(level: Level) -> Estimator:
    """Return the difference of two contenders' levels."""
    return lambda times, reference: level(flat(times)) - level(flat(reference))


def paired(times: Times, reference: Times) -> Numbers:
    """Return the median over each launch's rounds of the log ratio, and the mean of these over launches."""
    return np.asarray(np.median(times - reference, axis=-1).mean(axis=-1))


def of_quiet_rounds(share: float, average: Callable[..., Any] = np.mean) -> Estimator:
    """Return the average log ratio of the rounds that took the two together the least, that share of them."""

    def estimate(times: Times, reference: Times) -> Numbers:
        together, ratios = flat(times) + flat(reference), flat(times) - flat(reference)
        count = max(1, round(share * together.shape[-1]))
        places = np.argpartition(together, count - 1, axis=-1)[..., :count]
        return np.asarray(average(np.take_along_axis(ratios, places, axis=-1), axis=-1))

    return estimate


def of_quiet_launches(share: float, kept: float) -> Estimator:
    """Return the mean over the quieter launches, a share of them, of the ratio of each one's fastest rounds."""

    def estimate(times: Times, reference: Times) -> Numbers:
        own, other = fastest(share)(times), fastest(share)(reference)
        count = max(1, round(kept * own.shape[-1]))
        places = np.argpartition(own + other, count - 1, axis=-1)[..., :count]
        return np.asarray(np.take_along_axis(own - other, places, axis=-1).mean(axis=-1))

    return estimate


def flat(times: Times) -> Times:
    """Put the launches of each run together."""
    return times.reshape(*times.shape[:-2], -1)


DEEPER = 4
"""A quarter of the share that an estimator reads is read too: where that says something else, quiet was too rare."""
SETTLED = 0.01
"""How far the two may be apart, as a logarithm."""


def pair(make: Callable[[float], Level], percent: float) -> tuple[Estimator, Estimator]:
    """Return an estimator that reads a share of the rounds, and the one that reads a quarter of it."""
    return of_levels(make(percent / 100)), of_levels(make(percent / 100 / DEEPER))


PAIRED = "median of paired ratios"
"""Today's: per launch, and then the mean over launches."""
ESTIMATORS: Mapping[str, tuple[Estimator, Estimator | None]] = {
    PAIRED: (paired, None),
    "minimum": (of_levels(minimum), None),
    **{f"mean of the fastest {percent:.3g} %": pair(fastest, percent) for percent in (2.5, 5, 10, 25)},
    **{f"{percent} % quantile": pair(quantile, percent) for percent in (5, 10, 25)},
    **{f"{percent} % quantile, Harrell-Davis": pair(harrell_davis, percent) for percent in (5, 10, 25)},
    **{
        f"mean ratio of the quietest {percent} % of rounds": (
            of_quiet_rounds(percent / 100),
            of_quiet_rounds(percent / 100 / DEEPER),
        )
        for percent in (5, 10, 25, 50)
    },
    **{
        f"median ratio of the quietest {percent} % of rounds": (
            of_quiet_rounds(percent / 100, np.median),
            of_quiet_rounds(percent / 100 / DEEPER, np.median),
        )
        for percent in (10, 25, 50)
    },
    "fastest 25 % of rounds in the quieter half of launches": (
        of_quiet_launches(0.25, 0.5),
        of_quiet_launches(0.25 / DEEPER, 0.25),
    ),
    "median, not paired": (of_levels(quantile(0.5)), None),
    "mean of log quantiles, 5 to 50 %": (of_levels(quantiles_to_the_median), None),
    "sum": (of_levels(total), None),
}
CANDIDATES = tuple(ESTIMATORS)


@dataclass(frozen=True)
class Found:
    """What an estimator says of each run: the log ratio, and how far its interval reaches to each side.

    ``apart`` is how far the ratio of yet fewer of the fastest rounds is from it; 0 where an estimator has none.
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

    def covers(self, truth: float) -> NDArray[np.bool_]:
        """Say of each run whether its interval holds the known log ratio."""
        return np.asarray(np.abs(self.value - truth) <= self.reach)


def log_ratio(name: str, times: Times, reference: Times) -> Numbers:
    """Estimate the log ratio of each run."""
    return ESTIMATORS[name][0](times, reference)


def apart(name: str, times: Times, reference: Times) -> Numbers:
    """Say how far the ratio of yet fewer of the fastest rounds is from the estimate of each run."""
    estimate, deeper = ESTIMATORS[name]
    if deeper is None:
        return np.zeros(times.shape[:-2])
    return np.abs(estimate(times, reference) - deeper(times, reference))


def student(launches: int) -> float:
    """Return by how many standard errors a 95 % interval reaches to each side."""
    return float(special.stdtrit(launches - 1, (1 + CONFIDENCE) / 2))


def by_jackknife(name: str, times: Times, reference: Times) -> Found:
    """Estimate with Student's interval over what leaving each launch out changes.

    Tukey, "Bias and confidence in not-quite large samples", Annals of Mathematical Statistics 29, 1958. For a mean of
    what launches say it is Student's interval over launches.
    """
    launches = times.shape[-2]
    without = np.stack(
        [
            log_ratio(name, *(np.delete(values, left, axis=-2) for values in (times, reference)))
            for left in range(launches)
        ],
        axis=-1,
    )
    error = np.sqrt((launches - 1) / launches * ((without - without.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1))
    return Found(log_ratio(name, times, reference), student(launches) * error, apart(name, times, reference))


def by_bootstrap(name: str, times: Times, reference: Times, random: np.random.Generator) -> Found:
    """Estimate with Student's interval over the standard error of runs drawn from the launches with replacement.

    Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8: whole launches are drawn. The
    error of a mean of few launches comes out too small by the root of (launches - 1) / launches, which is undone.
    """
    runs, launches, _ = times.shape
    drawn = np.empty((RESAMPLES, runs))
    for number in range(RESAMPLES):
        places = random.integers(launches, size=(runs, launches))[..., None]
        chosen = [np.take_along_axis(values, places, axis=1) for values in (times, reference)]
        drawn[number] = log_ratio(name, *chosen)
    error = drawn.std(axis=0, ddof=1) * np.sqrt(launches / (launches - 1))
    return Found(log_ratio(name, times, reference), student(launches) * error, apart(name, times, reference))


def share(hits: NDArray[Any]) -> float:
    """Return the share of hits, NaN of none."""
    return float(np.mean(hits)) if hits.size else float("nan")
