"""Machines whose undisturbed ratio is known: one level, two levels, a continuum, and contenders that suffer apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from runoff.judge.three_ratios import Numbers, Times

LAUNCHES, ROUNDS = 8, 30
INFERENCE_SECONDS = 0.06
"""From one contender's inference to the next one's, as in the stored runs."""
START_SECONDS = 12.0
"""From one launch's last round to the next one's first: all contenders are started anew."""
REFERENCE, CONTROL = "reference", "control"
BASE = {REFERENCE: 0.023, "fast": 0.017, "slow": 0.024, CONTROL: 0.023}
"""Seconds of an undisturbed inference; the order within a round is that of the names."""


@dataclass(frozen=True)
class Machine:
    """How a simulated machine disturbs, as logarithms of times.

    ``suffering`` is what full disturbance costs each contender. ``quiet`` is the share of time without any, in spells
    of ``dwell`` seconds on average. A ``continuum`` has the mean and the spread of a disturbance that is never below
    zero, of which a share is ``common`` to all contenders and has a memory of ``dwell`` seconds. ``noise`` is the
    spread of one inference, skewed to the right, and ``launch`` that of whole launches. ``wander`` is how far a clock
    that all have in common moves from one round of a launch to the next.
    """

    suffering: Mapping[str, float]
    quiet: float = 1.0
    dwell: float = 10.0
    continuum: tuple[float, float] | None = None
    common: float = 0.7
    noise: float = 0.012
    launch: float = 0.003
    wander: float = 0.0


ALIKE = {REFERENCE: 0.2, "fast": 0.2, "slow": 0.2}
APART = {REFERENCE: 0.2, "fast": 0.04, "slow": 0.31}
"""As the two levels of the stored runs: 23 | 28 ms, 16.9 | 17.6 and 24 | 33."""
BOTH_WAYS = {REFERENCE: 0.05, "fast": 0.3, "slow": 0.01}
SHARES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9)
DWELLS = (1.0, 10.0, 60.0)


def machines() -> dict[str, Machine]:
    """Return all machines by what they are called."""
    found = {
        "one level": Machine(APART),
        "one level, noisy rounds": Machine(APART, noise=0.05),
        "one level, launches differ as much as rounds": Machine(APART, launch=0.01),
        "one level, launches differ by 1 %, rounds by less": Machine(APART, noise=0.005, launch=0.01),
        "one level, launches differ by 3 %, rounds by much less": Machine(APART, noise=0.004, launch=0.03),
    }
    found["one level, a clock that wanders by 2 % a round"] = Machine(APART, wander=0.02)
    found["one level, a clock that wanders, noisy rounds"] = Machine(APART, noise=0.03, launch=0.01, wander=0.02)
    for quiet in SHARES:
        for dwell in DWELLS:
            found[f"two levels, {quiet * 100:.0f} % quiet in spells of {dwell:.0f} s"] = Machine(APART, quiet, dwell)
    for name, suffering in (("all alike", ALIKE), ("the fast one most", BOTH_WAYS)):
        found[f"two levels, 50 % quiet in spells of 10 s, disturbing {name}"] = Machine(suffering, 0.5, 10.0)
    for dwell in (0.1, 1.0, 20.0):
        found[f"a continuum that reaches quiet often, memory {dwell:.3g} s"] = Machine(
            APART, dwell=dwell, continuum=(0.7, 1.0)
        )
        found[f"a continuum that hardly reaches quiet, memory {dwell:.3g} s"] = Machine(
            {REFERENCE: 0.4, "fast": 0.2, "slow": 0.45}, dwell=dwell, continuum=(1.0, 0.42), noise=0.015
        )
    return found


@dataclass(frozen=True)
class Simulated:
    """The log times of every contender, and the share of inferences that were undisturbed in each run."""

    times: dict[str, Times]
    quiet: Numbers


def simulate(machine: Machine, runs: int, random: np.random.Generator) -> Simulated:
    """Let a machine make runs of the usual budget."""
    disturbance = continuum(machine, runs, random) if machine.continuum else levels(machine, runs, random)
    clock = np.cumsum(machine.wander * random.normal(size=(runs, LAUNCHES, ROUNDS)), axis=-1)
    found = {}
    for place, (name, seconds) in enumerate(BASE.items()):
        suffering = machine.suffering[REFERENCE if name == CONTROL else name]
        times = np.log(seconds) + clock + suffering * disturbance[..., place]
        times += machine.launch * random.normal(size=(runs, LAUNCHES, 1))
        times += machine.noise / 2 * (random.gamma(4.0, size=times.shape) - 4.0)  # its standard deviation is 2
        found[name] = times
    return Simulated(found, (disturbance == 0).mean(axis=(1, 2, 3)))


def steps() -> Numbers:
    """Return the seconds before each inference of a run, in order."""
    gaps = np.full((LAUNCHES, ROUNDS, len(BASE)), INFERENCE_SECONDS)
    gaps[:, 0, 0] = START_SECONDS
    return gaps.ravel()


def levels(machine: Machine, runs: int, random: np.random.Generator) -> Numbers:
    """Return 0 where a moment is quiet and 1 where it is disturbed: a process of two states without other memory."""
    contenders = len(BASE)
    if machine.quiet >= 1:
        return np.zeros((runs, LAUNCHES, ROUNDS, contenders))
    rate = 1 / (machine.dwell * (1 - machine.quiet))
    gaps = steps()
    states = np.empty((len(gaps), runs), dtype=bool)
    quiet = random.random(runs) < machine.quiet
    for place, gap in enumerate(gaps):
        redrawn = random.random(runs) > np.exp(-gap * rate)
        quiet = np.where(redrawn, random.random(runs) < machine.quiet, quiet)
        states[place] = quiet
    return np.asarray(1.0 - states.T.reshape(runs, LAUNCHES, ROUNDS, contenders))


def continuum(machine: Machine, runs: int, random: np.random.Generator) -> Numbers:
    """Return a disturbance of zero or more, a part of which changes slowly and is the same for all contenders."""
    if machine.continuum is None:
        raise ValueError("a continuum needs its mean and spread")
    mean, spread = machine.continuum
    gaps = steps()
    path = np.empty((len(gaps), runs))
    state = random.normal(size=runs)
    for place, gap in enumerate(gaps):
        kept = np.exp(-gap / machine.dwell)
        state = kept * state + np.sqrt(1 - kept**2) * random.normal(size=runs)
        path[place] = state
    own = random.normal(size=path.shape)
    mixed = np.sqrt(machine.common) * path + np.sqrt(1 - machine.common) * own
    return np.asarray(np.maximum(0.0, mean + spread * mixed).T.reshape(runs, LAUNCHES, ROUNDS, len(BASE)))
