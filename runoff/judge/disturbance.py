"""How disturbed a machine was, from what a probe took in every round: one level, two levels, or a continuum.

Whether there are two levels is a choice between two models of the times' logarithms by BIC (Schwarz, "Estimating the
Dimension of a Model", Annals of Statistics 6, 1978), whose parts are normal mixtures (scikit-learn's GaussianMixture,
with a fixed seed):

- Without levels a time follows from the one or two before it, or from none (an autoregression), and what is left is a
  mixture of up to three normal distributions: noise may be skewed, heavy-tailed and autocorrelated.
- With two levels every round is in one of them, and stays there with a probability. The likelihood is that of the
  times together with the rounds' levels: it charges for levels that overlap, so that the long tail of one level is
  not taken for another (Biernacki, Celeux and Govaert, "Assessing a Mixture Model for Clustering with the Integrated
  Completed Likelihood", IEEE Transactions on Pattern Analysis and Machine Intelligence 22, 2000).

A change of level is abrupt and then stays; autocorrelated noise is neither, and that is what tells the two apart.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

ONE_LEVEL, LEVELS, CONTINUUM, UNKNOWN = "one level", "two levels", "a continuum", "unknown"
PRECEDENCE = (UNKNOWN, ONE_LEVEL, LEVELS, CONTINUUM)
"""The later one of two kinds of work speaks for the machine: where one is a continuum, two levels are not all."""
FEWEST_ROUNDS = 40
"""Below so many rounds no pattern is looked for."""
FLOOR = 0.05
QUIET = math.log(1.1)
"""Without levels a round is quiet that is no more than this above the FLOOR quantile of the run."""
WIDE = math.log(1.15)
"""How far the 90 % quantile is above the 10 % one, at least, in a continuum; more than the noise of a quiet machine."""
LEAST_STEP = math.log(1.05)
LEAST_SEPARATION = 3.0
"""How far two levels are apart: in logarithms, and in standard deviations of their rounds."""
LEAST_SHARE = 0.03
EVIDENCE = 10.0
"""By how much the BIC of two levels is better: "very strong" in Kass and Raftery, "Bayes Factors", JASA 90, 1995."""
OUTLIERS = 0.02
"""The share of rounds at each end that is pulled in to the others before levels are looked for."""
MOST_BEFORE = 2
MOST_PARTS = 3
STARTS = 5
MOST_STEPS = 500
TOLERANCE = 1e-4
SEED = 17

Logarithms = NDArray[np.float64]


@dataclass(frozen=True)
class Pattern:
    """What one kind of work shows: its pattern, and which rounds were quiet.

    ``times`` is how many times as long it takes in the upper of two levels, else in the 90 % quantile over the 10 %.
    """

    name: str
    times: float
    quiet: tuple[bool, ...]


@dataclass(frozen=True)
class Disturbance:
    """How disturbed a run's machine was."""

    pattern: str
    """`one level`, `two levels`, `a continuum`, or `unknown`."""
    kind: str
    """The kind of work that shows it most: `arithmetic` or `memory`."""
    times: float
    """How many times as long that work took in disturbed rounds (ratio)."""
    quiet_share: float
    """The rounds that were quiet for every kind of work (share)."""


def disturbance(kinds: Mapping[str, Sequence[float]]) -> Disturbance:
    """Say how disturbed a machine was, from the times of each kind of work, one a round, in their order.

    Raises ValueError without rounds, and for times that are not positive numbers.
    """
    found = {kind: find_pattern(times) for kind, times in kinds.items()}
    kind = max(found, key=lambda kind: (PRECEDENCE.index(found[kind].name), found[kind].times))
    quiet = np.all([pattern.quiet for pattern in found.values()], axis=0)
    return Disturbance(found[kind].name, kind, found[kind].times, float(quiet.mean()))


def find_pattern(times: Sequence[float]) -> Pattern:
    """Say what the times of one kind of work show, one a round, in their order.

    Raises ValueError as above.
    """
    values = np.asarray(times, dtype=np.float64)
    if not values.size or not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError("a pattern needs at least one time, all finite and above zero")
    logarithms = np.log(values)
    if len(values) >= FEWEST_ROUNDS and (upper := find_levels(logarithms)) is not None:
        step = np.median(logarithms[upper]) - np.median(logarithms[~upper])
        return Pattern(LEVELS, math.exp(step), tuple((~upper).tolist()))
    low, high, floor = np.quantile(logarithms, [0.1, 0.9, FLOOR])
    quiet = tuple((logarithms <= floor + QUIET).tolist())
    name = UNKNOWN if len(values) < FEWEST_ROUNDS else CONTINUUM if high - low > WIDE else ONE_LEVEL
    return Pattern(name, math.exp(high - low), quiet)


def find_levels(logarithms: Logarithms) -> NDArray[np.bool_] | None:
    """Say for each round whether it is in the upper of two levels, None where there are no two."""
    values = np.clip(logarithms, *np.quantile(logarithms, [OUTLIERS, 1 - OUTLIERS]))
    if np.ptp(values) < LEAST_STEP:
        return None
    narrowest = max(float(np.quantile(np.abs(np.diff(values)), 0.25)) / 3, LEAST_STEP / 100)
    start = np.array([[4 / values.var()]])
    mixture = fitted(values, 2, narrowest, covariance_type="tied", n_init=STARTS, precisions_init=start)
    upper: NDArray[np.bool_] = mixture.predict(values[:, None]) == np.argmax(mixture.means_)
    if not LEAST_SHARE <= upper.mean() <= 1 - LEAST_SHARE:
        return None
    step = values[upper].mean() - values[~upper].mean()
    spread = math.sqrt((values[upper].var() + values[~upper].var()) / 2)
    if step < max(LEAST_STEP, LEAST_SEPARATION * spread):
        return None
    better = bic_without_levels(values, narrowest) - bic_of_levels(values, upper, narrowest)
    return upper if better > EVIDENCE else None


def bic_of_levels(values: Logarithms, upper: NDArray[np.bool_], narrowest: float) -> float:
    """Return the BIC of two levels, each with its mean and spread, and with a probability that it is left."""
    likelihood = 0.0
    later, before = upper[MOST_BEFORE:], upper[MOST_BEFORE - 1 : -1]
    for level in (False, True):
        own = values[MOST_BEFORE:][later == level]
        if not own.size:
            continue  # it was left before the first round that counts
        own_variance = float(own.var())
        variance = own_variance + narrowest**2
        likelihood -= own.size * (math.log(2 * math.pi * variance) + own_variance / variance) / 2
        followed = np.bincount(later[before == level].astype(int), minlength=2)
        likelihood += float(special.xlogy(followed, followed / max(followed.sum(), 1)).sum())
    return bic(likelihood, 6, len(later))


def bic_without_levels(values: Logarithms, narrowest: float) -> float:
    """Return the best BIC of an autoregression whose noise is a normal mixture."""
    later = values[MOST_BEFORE:]
    lagged = [values[MOST_BEFORE - lag : len(values) - lag] for lag in range(1, MOST_BEFORE + 1)]
    found = []
    for order in range(MOST_BEFORE + 1):
        before = np.column_stack([np.ones(len(later)), *lagged[:order]])
        left = later - before @ np.linalg.lstsq(before, later, rcond=None)[0]
        for parts in range(1, MOST_PARTS + 1):
            likelihood = float(fitted(left, parts, narrowest).score_samples(left[:, None]).sum())
            found.append(bic(likelihood, 3 * parts - 1 + order, len(later)))
    return min(found)


def bic(likelihood: float, parameters: int, count: int) -> float:
    """Return Schwarz's criterion of a logarithmic likelihood; less is better."""
    return parameters * math.log(count) - 2 * likelihood


def fitted(values: Logarithms, parts: int, narrowest: float, **settings: Any) -> Any:
    """Fit a normal mixture, none of whose parts is narrower than that: rounds with one value are no level."""
    # Here, so that only what looks for levels waits for it: it takes a second to import.
    with environment_kept():
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

    # By default it would begin from k-means, whose threads wait for each other on a busy machine.
    mixture = GaussianMixture(
        parts,
        init_params="k-means++",
        reg_covar=narrowest**2,
        tol=TOLERANCE,
        max_iter=MOST_STEPS,
        random_state=SEED,
        **settings,
    )
    with warnings.catch_warnings():
        # One that has not settled is a worse fit, which its likelihood says.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(values[:, None])


@contextmanager
def environment_kept() -> Iterator[None]:
    """Take out of the environment what an import puts into it.

    scikit-learn sets variables of OpenMP: workers would inherit them, and the run would warn of what no user set.
    """
    before = set(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - before:
            del os.environ[name]
