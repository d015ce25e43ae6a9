"""Is the highest load within a latency bound the true one? Against theory, and against simulated runs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runoff.queueing import highest_load, make_line

SERVICE = 0.020


def wait_share(longest: float, utilisation: float) -> float:
    """Give the share of queries that wait at most so many service times, where all take one (M/D/1).

    Erlang, "The Theory of Probabilities and Telephone Conversations", 1909; Crommelin, 1932.
    """
    terms = (
        (utilisation * (k - longest)) ** k / math.factorial(k) * math.exp(-utilisation * (k - longest))
        for k in range(math.floor(longest) + 1)
    )
    return (1 - utilisation) * math.fsum(terms)


def true_highest_load(bound: float, quantile: float) -> float:
    """Give the load at which the formula's quantile is the bound, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if wait_share(bound / SERVICE - 1, middle) > quantile else (low, middle)
    return low / SERVICE


@pytest.mark.parametrize("utilisation", [0.3, 0.6, 0.8])
def test_a_long_line_waits_as_theory_says(utilisation):
    """The share of queries that wait at most three service times is Erlang's, at light and heavy load."""
    line = make_line([SERVICE], seed=3)
    expected = wait_share(3.0, utilisation)
    found = line.quantile(utilisation / SERVICE, expected) / SERVICE - 1
    assert found == pytest.approx(3.0, rel=0.06)


@pytest.mark.parametrize("bound", [0.06, 0.1, 0.2])
def test_the_highest_load_is_the_true_one(bound):
    """With equal service times the load found is within 2 % of the one by formula."""
    found = [highest_load([SERVICE], bound, 0.99, seed) for seed in range(5)]
    assert np.mean(found) == pytest.approx(true_highest_load(bound, 0.99), rel=0.02)


def test_sixty_measured_services_are_enough():
    """From 60 service times that spread by 10 %, the load is within 6 % of that from very many in 19 of 20 cases."""
    random = np.random.default_rng(1)

    def draw(count: int) -> np.ndarray:
        return SERVICE * random.lognormal(0.0, 0.1, count)

    truth = highest_load(draw(100_000).tolist(), 0.1, 0.99, 0)
    errors = [abs(highest_load(draw(60).tolist(), 0.1, 0.99, 0) / truth - 1) for _ in range(40)]
    assert np.quantile(errors, 0.95) < 0.06


def test_short_runs_would_find_too_high_a_load():
    """Runs of 60 queries at 1.15 times the true load keep the bound mostly, so loads are not tried by such."""
    random = np.random.default_rng(2)
    truth = highest_load([SERVICE], 0.1, 0.99, 0)

    def kept(load: float) -> float:
        gaps = random.exponential(1 / load, (2000, 60))
        free, slowest = np.zeros(2000), np.zeros(2000)
        for due in np.cumsum(gaps, axis=1).T:
            free = np.maximum(free, due) + SERVICE
            slowest = np.maximum(slowest, free - due)
        return float((slowest <= 0.1).mean())

    assert kept(1.15 * truth) > 0.55
    assert kept(1.5 * truth) < 0.45


def test_the_same_seed_gives_the_same_load_and_a_faster_server_more():
    """A seed decides the arrivals; with the same ones, a server that is twice as fast bears at least twice the load."""
    services = [0.018, 0.02, 0.025]
    plain = highest_load(services, 0.1, 0.99, 7)
    assert plain == highest_load(services, 0.1, 0.99, 7) != highest_load(services, 0.1, 0.99, 8)
    assert highest_load([each / 2 for each in services], 0.1, 0.99, 7) >= 2 * plain
    assert highest_load([each / 2 for each in services], 0.05, 0.99, 7) == pytest.approx(2 * plain, rel=1e-5)


def test_no_load_keeps_a_bound_that_serving_breaks():
    """Where serving alone takes longer than the bound for more than one query in a hundred, there is no load."""
    assert highest_load([0.02] * 96 + [0.2] * 4, 0.1, 0.99, 0) is None
    assert highest_load([0.2], 0.1, 0.99, 0) is None
    assert highest_load([0.02] * 199 + [0.2], 0.1, 0.99, 0) > 0
