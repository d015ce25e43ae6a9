"""How often intervals hold what is known of simulated machines, and how often a run is warned instead."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from runoff.judge.three_ratios import Found, Numbers, Times
from trust.undisturbed.candidates import (
    CANDIDATES,
    PAIRED,
    by_bootstrap,
    by_jackknife,
    covers,
    log_ratio,
    share,
)
from trust.undisturbed.machines import APART, BASE, CONTROL, REFERENCE, Machine, machines, simulate

SEED = 20261127
QUIET_RUNS = 200
"""Runs of a machine that is always quiet, from which an estimator's own undisturbed ratio is known."""
LANDED = "mean ratio of the quietest 25 % of rounds"
"""The estimator that Runoff uses: how well it covers is known from more runs than the others'."""
BOOTSTRAPPED = (
    PAIRED,
    "minimum",
    "mean of the fastest 2.5 %",
    "mean of the fastest 5 %",
    "mean of the fastest 10 %",
    "mean of the fastest 25 %",
    "mean ratio of the quietest 5 % of rounds",
    "mean ratio of the quietest 10 % of rounds",
    LANDED,
    "fastest 25 % of rounds in the quieter half of launches",
    "10 % quantile",
)
UNSEEN = 0.01
"""With less of its rounds quiet, nothing in a run's times tells what quiet would be."""
CONTENDERS = ("fast", "slow")


@cache
def quiet_ratios(noise: float) -> dict[tuple[str, str], float]:
    """Return what each estimator says of each contender on a machine that is always quiet."""
    random = np.random.default_rng([SEED, 0])
    times = simulate(Machine(APART, noise=noise, launch=0.0), QUIET_RUNS, random).times
    return {
        (name, who): float(log_ratio(name, times[who], times[REFERENCE]).mean())
        for name in CANDIDATES
        for who in CONTENDERS
    }


def simulate_all(runs: int, bootstrapped: int) -> dict[str, Any]:
    """Return, by machine, what every estimator's intervals hold, by the jackknife and, for some, by the bootstrap."""
    return {name: simulate_one(number, runs, bootstrapped) for number, name in enumerate(machines())}


def simulate_landed(runs: int) -> dict[str, Any]:
    """Return, by machine, what the intervals of Runoff's own estimator hold."""
    return {
        name: {"unseen": share(made.quiet < UNSEEN)}
        | examine(LANDED, made.times, made.quiet, quiet_ratios(machine.noise))
        for number, (name, machine) in enumerate(machines().items())
        for made in [simulate(machine, runs, np.random.default_rng([SEED, number, 3]))]
    }


def simulate_one(number: int, runs: int, bootstrapped: int) -> dict[str, Any]:
    """Return what every estimator's intervals hold on one of the machines."""
    machine = list(machines().values())[number]
    made = simulate(machine, runs, np.random.default_rng([SEED, number, 1]))
    known = quiet_ratios(machine.noise)
    few = {who: times[:bootstrapped] for who, times in made.times.items()}
    random = np.random.default_rng([SEED, number, 2])
    return {
        "quiet": machine.quiet if machine.continuum is None else None,
        "unseen": share(made.quiet < UNSEEN),
        "jackknife": {key: examine(key, made.times, made.quiet, known) for key in CANDIDATES},
        "bootstrap": {
            key: examine(key, few, made.quiet[:bootstrapped], known, random) for key in BOOTSTRAPPED if bootstrapped
        },
    }


def examine(
    name: str,
    times: dict[str, Times],
    quiet: Numbers,
    known: dict[tuple[str, str], float],
    random: np.random.Generator | None = None,
) -> dict[str, float]:
    """Say how one estimator fares on a machine's runs: by the bootstrap where there is a generator to draw by.

    ``silent`` is the share of runs with quiet rounds whose interval misses without a warning.
    """

    def estimate(who: str) -> Found:
        if random is None:
            return by_jackknife(name, times[who], times[REFERENCE])
        return by_bootstrap(name, times[who], times[REFERENCE], random)

    shown = {who: estimate(who) for who in CONTENDERS}
    truths = {who: known[name, who] for who in CONTENDERS}
    control = estimate(CONTROL)
    seen = quiet >= UNSEEN
    holds = {who: covers(one, truths[who]) for who, one in shown.items()}
    widened = {who: covers(one.widened, truths[who]) for who, one in shown.items()}
    return {
        "holds": average([share(hits) for hits in holds.values()]),
        "holds_where_seen": average([share(hits[seen]) for hits in holds.values()]),
        "holds_widened_where_seen": average([share(hits[seen]) for hits in widened.values()]),
        "silent": average([share(~widened[who][seen] & ~shown[who].warned[seen]) for who in CONTENDERS]),
        "warned": average([share(one.warned) for one in shown.values()]),
        "control_holds": share(covers(control, 0.0)),
        "control_holds_widened": share(covers(control.widened, 0.0)),
        "half_width": average([float(np.expm1(np.median(one.reach))) for one in shown.values()]),
        "control_half_width": float(np.expm1(np.median(control.reach))),
        "off": average([float(np.median(np.abs(one.value - truths[who]))) for who, one in shown.items()]),
    }


def average(values: list[float]) -> float:
    """Return the mean."""
    return float(np.mean(values))


def differ_from_typical() -> dict[str, float]:
    """Say how far each estimator's ratio on a quiet machine is from the median's: one level should have one ratio."""
    known = quiet_ratios(Machine(APART).noise)
    return {
        name: max(abs(known[name, who] - float(np.log(BASE[who] / BASE[REFERENCE]))) for who in CONTENDERS)
        for name in CANDIDATES
    }
