"""How disturbed the machine is right now, from the probe of the doctor's race, and what that does to a default run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from runoff.judge.disturbance import Disturbance
from runoff.judge.precision import expected
from runoff.judge.ratios import (
    CONFIDENCE,
    FEWEST_LAUNCHES,
    Estimate,
    Ratio,
    estimate_behind,
    interval,
)
from runoff.measure.probe import Probed
from runoff.measure.race import LAUNCHES
from runoff.record.probe import stored_probe
from runoff.stored.probe import ProbedLaunch, work_times

UNEVEN = 0.5
"""By how much of what disturbs the probe the ratio of two runtimes moves, both as logarithms: about half.

PyTorch and ONNX Runtime, ResNet-18: on a machine with two levels, where random reads took 2.0 | 2.9 ms, they took
23 | 28 and 16.9 | 17.6 ms, so their ratio moved by 0.42 of that. On one with a continuum, medians of 30 rounds of their
ratio spread by 5.0 %, and of arithmetic on both processors by 9.2 %: 0.54.
"""


@dataclass(frozen=True)
class Disturbed:
    """What the probe found in so many ``readings``, and the interval that a default run can expect, around 1.

    ``found`` is None without readings, ``reason`` says why there are none or not all. ``default_run`` is None where
    too few launches tell it.
    """

    readings: int
    found: Disturbance | None
    reason: str | None
    default_run: Ratio | None


def judge_probe(probed: Probed, equals: Ratio) -> Disturbed:
    """Say what a probe found while two equals were raced, and what a default run can expect of two that suffer apart.

    Two causes move such a ratio: what moves that of ``equals`` too, and ``UNEVEN`` of what moves the probe. They are
    independent, so their variances add up. A mean over launches has the error of one over the root of their number.
    """
    stored = stored_probe(probed)
    readings = sum(len(launch.rounds) for launch in stored.launches)
    spread = launch_spread(stored.launches)
    default_run = None
    if spread is not None and equals.launches >= FEWEST_LAUNCHES:
        alike = estimate_behind(expected(equals, LAUNCHES)).error
        error = math.hypot(alike, UNEVEN * spread / math.sqrt(LAUNCHES))
        low, high = interval(Estimate(0.0, error, LAUNCHES - 1), CONFIDENCE) or (None, None)
        default_run = Ratio(1.0, low, high, CONFIDENCE, LAUNCHES, CONFIDENCE)
    return Disturbed(readings, stored.found, stored.reason, default_run)


def launch_spread(launches: Iterable[ProbedLaunch]) -> float | None:
    """Return the spread between the medians of launches, of the kind of work that spreads more, as a logarithm.

    None where fewer launches have readings than a verdict takes.
    """
    read = [launch for launch in launches if launch.rounds]
    if len(read) < FEWEST_LAUNCHES:
        return None
    times = [work_times((launch,)) for launch in read]
    return max(deviation([launch[kind] for launch in times]) for kind in times[0])


def deviation(launches: Sequence[Sequence[float]]) -> float:
    """Return the standard deviation of the medians of launches, as logarithms."""
    return float(np.std([np.median(np.log(times)) for times in launches], ddof=1))
