"""Simulated runs whose truth is known: how often intervals hold it, and how often equals raise an alarm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from runoff.judge.ratios import (
    CONFIDENCE,
    FASTER,
    INVALID,
    SLOWER,
    Estimate,
    Ratio,
    change_estimate,
    claim_p_values,
    excess_p_value,
)
from runoff.judge.standings import Rules
from runoff.measure.launches import CONTROL
from runoff.measure.race import LaunchRecord, Race
from runoff.record.race import Judged, PerLaunch, inferences
from trust.field import REFERENCE
from trust.settings import Settings

CONTENDERS = ("one", "two", "three")
METRICS: dict[str, PerLaunch[LaunchRecord]] = {
    "inference": inferences,
    "cold start": lambda record: [record.durations["import"]],
    "peak memory": lambda record: [float(record.peaks["steady inference"] or 0)],
}


AT_THE_GATE: Callable[[Estimate], float] = partial(excess_p_value, margin=0.0)
"""The test by which the gate between two runs fails, at a threshold of 0 %."""


@dataclass(frozen=True)
class Noise:
    """How a simulated machine disturbs: spreads are of the logarithm of a time.

    ``launch`` is what a process is off by as a whole, ``heavy`` whether that has Student's t with 3 degrees of freedom
    rather than a normal distribution; ``disturbed`` is the share of inferences that take up to three times as long;
    ``wander`` is how far the machine as a whole moves from one round to the next, for all alike.
    """

    round: float = 0.03
    launch: float = 0.01
    heavy: bool = False
    disturbed: float = 0.1
    wander: float = 0.02


MACHINES = {
    "a laptop": Noise(),
    "a quiet server": Noise(round=0.005, launch=0.003, disturbed=0.01, wander=0.001),
    "a shared runner": Noise(round=0.15, launch=0.02, disturbed=0.3, wander=0.1),
    "launches with heavy tails": Noise(heavy=True),
}


def simulate_race(random: np.random.Generator, noise: Noise, launches: int, rounds: int, log_ratio: float) -> Race:
    """Simulate a race in which every contender is exp(log_ratio) times the reference in every metric."""
    keys = (REFERENCE, CONTROL, *CONTENDERS)
    records: dict[str, list[LaunchRecord]] = {key: [] for key in keys}
    for _ in range(launches):
        machine = np.cumsum(random.normal(0.0, noise.wander, rounds))
        for key in keys:
            slower = log_ratio if key in CONTENDERS else 0.0
            disturbance = np.where(random.random(rounds) < noise.disturbed, random.uniform(0, np.log(3), rounds), 0)
            inferences = slower + bias(random, noise) + machine + random.normal(0, noise.round, rounds) + disturbance
            records[key].append(
                LaunchRecord(
                    durations={"import": float(np.exp(slower + bias(random, noise)))},
                    peaks={"steady inference": round(2e8 * float(np.exp(slower + bias(random, noise))))},
                    rounds=tuple((0.02 * np.exp(inferences)).tolist()),
                    busy_threads=2.0,
                    anonymous=None,
                    involuntary_switches=0,
                    high_priority=True,
                )
            )
    return Race({key: tuple(values) for key, values in records.items()}, {}, 0.0)


def bias(random: np.random.Generator, noise: Noise) -> float:
    """Draw what a whole launch is off by."""
    return noise.launch * float(random.standard_t(3) / np.sqrt(3) if noise.heavy else random.normal())


def simulate(settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """Simulate runs of equals and of a true 10 % on every machine, judged by the very functions that judge real runs.

    Returns, per machine: the share of intervals that hold the truth, of comparisons and of whole runs (all metrics) in
    which equals are called different, the same for the gate between two runs of equals at a threshold of 0 %, the share
    of runs that are invalid, and of true differences found.
    """
    machines = {}
    for number, (name, noise) in enumerate(MACHINES.items()):
        say(f"simulating {name}")
        random = np.random.default_rng([settings.seed, number])
        covered = alarms = invalid = alarmed_runs = detected = failures = failed_gates = 0
        for _ in range(settings.simulated_runs):
            base, head, slow = (
                judge(simulate_race(random, noise, settings.launches, settings.rounds, truth))
                for truth in (0.0, 0.0, np.log(1.1))
            )
            covered += sum((standing.low or 0) <= 1 <= (standing.high or 0) for standing in base.values())
            claims = sum(standing.verdict in (FASTER, SLOWER) for standing in base.values())
            alarms += claims
            alarmed_runs += claims > 0
            invalid += any(standing.verdict == INVALID for standing in base.values())
            detected += sum(standing.verdict == SLOWER for standing in slow.values())
            failing = count_claims(base, head, AT_THE_GATE)
            failures += failing
            failed_gates += failing > 0
        comparisons = settings.simulated_runs * len(METRICS) * len(CONTENDERS)
        machines[name] = {
            "runs": settings.simulated_runs,
            "comparisons": comparisons,
            "coverage": covered / comparisons,
            "false_alarms_per_comparison": alarms / comparisons,
            "false_alarms_per_run": alarmed_runs / settings.simulated_runs,
            "gate_failures_per_comparison": failures / comparisons,
            "gate_failures_per_run": failed_gates / settings.simulated_runs,
            "invalid_runs": invalid / settings.simulated_runs,
            "ten_percent_found": detected / comparisons,
        }
    return {"machines": machines}


def judge(race: Race) -> dict[str, Ratio]:
    """Return the standing of every contender in every metric."""
    judged = Judged(race, REFERENCE, Rules())
    return {
        f"{metric} of {key}": standing
        for metric, per_launch in METRICS.items()
        for key, standing in judged.standings(per_launch).items()
        if key in CONTENDERS
    }


def count_claims(base: Mapping[str, Ratio], head: Mapping[str, Ratio], p_value: Callable[[Estimate], float]) -> int:
    """Count the changes between two runs that a test claims, all of them judged together as one suite."""
    p_values = {name: p_value(change_estimate(base[name], head[name])) for name in base}
    return sum(claim < 1 - CONFIDENCE for claim in claim_p_values(p_values).values())
