"""Simulated probes whose truth is known: how often levels are found where there are two, and where there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.judge.disturbance import CONTINUUM, LEVELS, ONE_LEVEL, find_pattern
from trust.settings import Settings

Series = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Series]
"""Draws the logarithms of what a probe takes in so many rounds."""

ROUND_SECONDS = 0.25
"""What a round of the default run takes."""
USUAL_SECONDS = 0.001
STEP = float(np.log(1.45))
"""How much longer random reads in 16 MB took in the upper level of a real machine."""
IN_LEVELS = (0.03, 0.05)
"""The noise within the lower and the upper level."""
BOTH_SEEN = 0.05
"""The share of a run's rounds that each level has at least: what a run has not seen, it can't say."""
DWELLS = (1, 5, 20, 60)
"""Seconds that the machine stays in the level which it is in for less long, on average."""
QUIET_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def persistent(random: np.random.Generator, rounds: int, kept: float) -> Series:
    """Draw an autoregression of variance 1, which keeps that share of a deviation from one round to the next."""
    found = random.normal(0.0, 1.0, rounds)
    for place in range(1, rounds):
        found[place] = kept * found[place - 1] + np.sqrt(1 - kept**2) * found[place]
    return found


def two_levels(random: np.random.Generator, rounds: int, dwell: float, quiet: float) -> Series:
    """Draw a machine with two levels, until a run has seen both."""
    longer = dwell * max(quiet, 1 - quiet) / min(quiet, 1 - quiet)
    stays = (dwell, longer) if quiet <= 0.5 else (longer, dwell)
    leave = [1 - np.exp(-ROUND_SECONDS / seconds) for seconds in stays]
    upper = np.zeros(rounds, dtype=bool)
    while not BOTH_SEEN <= upper.mean() <= 1 - BOTH_SEEN:
        upper[0] = random.random() >= quiet
        for place, drawn in enumerate(random.random(rounds - 1), 1):
            upper[place] = upper[place - 1] ^ bool(drawn < leave[int(upper[place - 1])])
    return STEP * upper + random.normal(0.0, 1.0, rounds) * np.where(upper, IN_LEVELS[1], IN_LEVELS[0])


ONE: Mapping[str, Draw] = {
    "normal noise of 1 %": lambda random, rounds: random.normal(0.0, 0.01, rounds),
    "normal noise of 5 %": lambda random, rounds: random.normal(0.0, 0.05, rounds),
    "skewed noise (log-normal on top of a floor)": lambda random, rounds: np.log1p(
        0.03 * np.exp(random.normal(0.0, 1.0, rounds))
    ),
    "heavy tails (Student’s t with 2 degrees of freedom)": lambda random, rounds: 0.02 * random.standard_t(2, rounds),
    "autocorrelated by 0.5": lambda random, rounds: 0.03 * persistent(random, rounds, 0.5),
    "autocorrelated by 0.95": lambda random, rounds: 0.03 * persistent(random, rounds, 0.95),
    "autocorrelated by 0.8 and skewed": lambda random, rounds: np.log1p(0.03 * np.exp(persistent(random, rounds, 0.8))),
}
CONTINUA: Mapping[str, Draw] = {
    "a continuum, autocorrelated by 0.5": lambda random, rounds: 0.17 * persistent(random, rounds, 0.5),
    "a continuum, autocorrelated by 0.9": lambda random, rounds: 0.17 * persistent(random, rounds, 0.9),
    "a continuum, autocorrelated by 0.98, with noise of 5 %": lambda random, rounds: (
        0.17 * persistent(random, rounds, 0.98) + random.normal(0.0, 0.05, rounds)
    ),
}


def simulate_probes(settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """Simulate probes of machines with one level, with a continuum, and with two levels, and count what is found.

    Returns the share of runs in which each pattern was found, by machine, and that in which two levels were found, by
    how long they last and by the quiet share.
    """
    rounds = settings.launches * settings.rounds
    machines = {}
    for number, (name, draw) in enumerate({**ONE, **CONTINUA}.items()):
        say(f"simulating probes: {name}")
        random = np.random.default_rng([settings.seed, 1, number])
        names = [find_pattern(times_of(draw(random, rounds))).name for _ in range(settings.simulated_probes)]
        machines[name] = {
            "expected": CONTINUUM if name in CONTINUA else ONE_LEVEL,
            **{found: names.count(found) / len(names) for found in (ONE_LEVEL, LEVELS, CONTINUUM)},
        }
    levels = []
    for number, dwell in enumerate(DWELLS):
        say(f"simulating probes: two levels, dwell {dwell} s")
        random = np.random.default_rng([settings.seed, 2, number])
        shares = []
        for quiet in QUIET_SHARES:
            names = [
                find_pattern(times_of(two_levels(random, rounds, dwell, quiet))).name
                for _ in range(settings.simulated_probes)
            ]
            shares.append(names.count(LEVELS) / len(names))
        levels.append({"dwell": dwell, "found": shares})
    return {"runs": settings.simulated_probes, "machines": machines, "quiet_shares": QUIET_SHARES, "levels": levels}


def times_of(logarithms: Series) -> list[float]:
    """Return the seconds that a probe takes."""
    seconds: list[float] = (USUAL_SECONDS * np.exp(logarithms)).tolist()
    return seconds
