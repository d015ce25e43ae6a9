"""Schwarz's criterion of levels and of what has none: against likelihoods that are added up one by one."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from runoff.judge.disturbance import (
    MOST_BEFORE,
    MOST_STEPS,
    SEED,
    TOLERANCE,
    bic,
    bic_of_levels,
    bic_without_levels,
    fitted,
)

NARROWEST = 0.02
COUNT = 400


def test_the_criterion_is_schwarzs() -> None:
    """So many parameters times the logarithm of the count, less twice the likelihood."""
    assert bic(-50.0, 6, 100) == pytest.approx(6 * math.log(100) + 100)


@pytest.mark.parametrize(
    "upper",
    [
        pytest.param([False] * 6 + [True] * 5 + [False] * 4, id="both"),
        pytest.param([True, False, False, False, False, True], id="one round of the upper"),
        pytest.param([True] + [False] * 7, id="upper left before it counts"),
        pytest.param([False] + [True] * 7, id="lower left before it counts"),
    ],
)
def test_levels_are_as_likely_as_their_rounds_and_their_changes(upper: list[bool]) -> None:
    """Each round is normal around its level's mean, and follows the one before as often as others do."""
    level = np.array(upper)
    values = np.random.default_rng(3).normal(0.0, 0.05, len(level)) + np.where(level, 0.4, 0.0)
    counted = list(zip(values[MOST_BEFORE:], level[MOST_BEFORE:], strict=True))
    likelihood = 0.0
    for which in (False, True):
        own = np.array([value for value, its in counted if its == which])
        if own.size:
            spread = math.sqrt(own.var() + NARROWEST**2)
            likelihood += float(stats.norm.logpdf(own, own.mean(), spread).sum())
    changes = list(pairwise(level[MOST_BEFORE - 1 :].tolist()))
    for before, after in changes:
        alike = [change for change in changes if change[0] == before]
        likelihood += math.log(alike.count((before, after)) / len(alike))
    assert bic_of_levels(values, level, NARROWEST) == pytest.approx(bic(likelihood, 6, len(counted)))


@pytest.mark.parametrize(
    "weights",
    [
        pytest.param((), id="none follows another"),
        pytest.param((0.1, 0.6), id="by two rounds"),
        pytest.param((0.0, 0.0, 0.8), id="by three rounds, which is not looked for"),
    ],
)
def test_without_levels_the_best_autoregression_counts(weights: tuple[float, ...]) -> None:
    """Of normal noise it is one with one part, and each round before that explains takes one parameter."""
    random = np.random.default_rng(1)
    values = random.normal(0.0, 0.1, COUNT)
    for place in range(len(weights), COUNT):
        values[place] += sum(weight * values[place - lag] for lag, weight in enumerate(weights, 1))
    later = values[MOST_BEFORE:]
    found = []
    for order in range(MOST_BEFORE + 1):
        before = [np.ones(len(later)), *(values[MOST_BEFORE - lag : COUNT - lag] for lag in range(1, order + 1))]
        left = later - np.column_stack(before) @ np.linalg.lstsq(np.column_stack(before), later, rcond=None)[0]
        spread = math.sqrt(left.var() + NARROWEST**2)
        found.append(bic(float(stats.norm.logpdf(left, left.mean(), spread).sum()), 2 + order, len(later)))
    assert bic_without_levels(values, NARROWEST) == pytest.approx(min(found))


def test_a_mixture_is_fitted_as_it_says() -> None:
    """No part is narrower than it may be, what is random has a fixed seed, and it starts without k-means."""
    mixture = fitted(np.linspace(0.0, 1.0, 50), 2, NARROWEST, covariance_type="tied")
    expected = {
        "n_components": 2,
        "covariance_type": "tied",
        "init_params": "k-means++",
        "reg_covar": NARROWEST**2,
        "tol": TOLERANCE,
        "max_iter": MOST_STEPS,
        "random_state": SEED,
    }
    assert expected.items() <= mixture.get_params().items()
