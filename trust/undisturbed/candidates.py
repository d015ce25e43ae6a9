"""The estimators of a log ratio that are tried, for many runs at once, and their intervals over launches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from runoff.judge.three_ratios import (
    DEEPER,
    Estimator,
    Found,
    Level,
    Numbers,
    Times,
    bootstrap,
    jackknife,
    of_levels,
    of_quiet_rounds,
    quantile,
)


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


def paired(times: Times, reference: Times) -> Numbers:
    """Return the median over each launch's rounds of the log ratio, and the mean of these over launches."""
    return np.asarray(np.median(times - reference, axis=-1).mean(axis=-1))


def of_quiet_launches(share: float, kept: float) -> Estimator:
    """Return the mean over the quieter launches, a share of them, of the ratio of each one's fastest rounds."""

    def estimate(times: Times, reference: Times) -> Numbers:
        own, other = fastest(share)(times), fastest(share)(reference)
        count = max(1, round(kept * own.shape[-1]))
        places = np.argpartition(own + other, count - 1, axis=-1)[..., :count]
        return np.asarray(np.take_along_axis(own - other, places, axis=-1).mean(axis=-1))

    return estimate


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


def covers(found: Found, truth: float) -> NDArray[np.bool_]:
    """Say of each run whether its interval holds the known log ratio."""
    return np.asarray(np.abs(found.value - truth) <= found.reach)


def log_ratio(name: str, times: Times, reference: Times) -> Numbers:
    """Estimate the log ratio of each run."""
    return ESTIMATORS[name][0](times, reference)


def by_jackknife(name: str, times: Times, reference: Times) -> Found:
    """Estimate with the interval that a run has."""
    estimate, deeper = ESTIMATORS[name]
    return jackknife(estimate, times, reference, deeper=deeper)


def by_bootstrap(name: str, times: Times, reference: Times, random: np.random.Generator) -> Found:
    """Estimate with the interval of launches that are drawn with replacement."""
    estimate, deeper = ESTIMATORS[name]
    return bootstrap(estimate, times, reference, random, deeper=deeper)


def share(hits: NDArray[Any]) -> float:
    """Return the share of hits, NaN of none."""
    return float(np.mean(hits)) if hits.size else float("nan")
