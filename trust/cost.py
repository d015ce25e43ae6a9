"""What the harness costs: around an inference, per round, and whether interleaving changes what is measured."""

from __future__ import annotations

import dataclasses
import statistics
import time
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from runoff.judge.ratios import launch_log_ratio, ratio_over_launches
from runoff.measure import worker
from runoff.measure.entrant import NANOSECONDS, PREDICT_TIMEOUT
from runoff.measure.launches import run_exercise
from runoff.measure.race import run_rounds, time_one
from runoff.measure.rotation import Rotation, raise_first
from trust import empty
from trust.field import Field, make_setup

UNMEASURED = 3
Seconds = dict[str, list[float]]
"""Seconds by contender."""


@dataclass(frozen=True)
class Compared:
    """What one launch yields: the logarithm of interleaved rounds by a bare loop."""

    log_ratio: float


def measure_cost(field: Field) -> dict[str, Any]:
    """Time the empty backend around and between inferences, and compare interleaved medians with a bare loop's."""
    field.say("what the harness costs")
    inputs = {name: np.load(file)[:1] for name, file in field.files.items()}
    session = empty.EmptySession([np.zeros((1, 1000), dtype=np.float32)], 1)
    around = [worker.time_one(session, inputs).wall for _ in range(field.settings.empty_inferences)]
    rounds = time_rounds(field)
    return {
        "around_an_inference_ns": statistics.median(around),
        "round_trip_us_median": 1e6 * statistics.median(rounds),
        "round_trip_us_p95": 1e6 * float(np.quantile(rounds, 0.95)),
        "interleaved_over_bare_loop": interleaved_over_bare(field),
    }


def time_rounds(field: Field) -> list[float]:
    """Time, from the controller, resuming a worker for an inference that takes nothing, and suspending it again."""
    taken: list[float] = []
    setup = make_setup(field, [field.entrants["empty"]], 1, "empty")
    unchecked = dataclasses.replace(setup, predictions=None)  # what the empty backend answers is no class
    with setup.workers:
        rotation = unchecked.start(0, setup.entrants, Random(setup.seed), timed=True)
        raise_first(rotation.failures)
        for _ in range(field.settings.empty_rounds):
            begin = time.perf_counter()
            time_one(rotation.workers["empty"])
            taken.append(time.perf_counter() - begin)
    return taken


def interleaved_over_bare(field: Field) -> dict[str, Any]:
    """Return, by contender, the ratio of interleaved rounds to a bare loop in the very same workers.

    Blocks of rounds and of loops take turns within a launch, in random order, so that both see the same machine. A
    launch's log-ratio is the median over its blocks, as it is over rounds in a race.
    """
    settings = field.settings
    random = Random(settings.seed)

    def compare_blocks(rotation: Rotation, launch: int) -> dict[str, Compared]:
        field.say(f"interleaved against a bare loop, launch {launch + 1} of {settings.cost_launches}")
        interleaved: Seconds = {name: [] for name in rotation.running}
        bare: Seconds = {name: [] for name in rotation.running}
        for _ in range(settings.cost_blocks):
            for block, medians in random.sample([(interleave, interleaved), (loop, bare)], 2):
                for name, times in block(rotation, settings.cost_inferences).items():
                    medians[name].append(statistics.median(times))
        return {name: Compared(launch_log_ratio(interleaved[name], bare[name])) for name in rotation.running}

    entrants = [field.entrants[name] for name in ("slowed-0", "pytorch")]
    setup = make_setup(field, entrants, settings.cost_launches, "cost")
    measured = run_exercise(setup, compare_blocks, name="cost", steps=settings.cost_blocks)
    raise_first(measured.failures)
    ratios = {
        name: ratio_over_launches([compared.log_ratio for compared in records])
        for name, records in measured.records.items()
    }
    return {
        name: {"launches": ratio.launches, "ratio": ratio.value, "interval": (ratio.low, ratio.high)}
        for name, ratio in ratios.items()
    }


def interleave(rotation: Rotation, inferences: int) -> Seconds:
    """Time a block of rounds as a race does."""
    records = run_rounds(rotation, inferences)
    raise_first(rotation.failures)
    return {name: list(record.rounds) for name, record in records.items()}


def loop(rotation: Rotation, inferences: int) -> Seconds:
    """Let each worker time a block of inferences in a bare loop; the first, on cold caches, don't count."""
    command = {"do": "loop", "inferences": UNMEASURED + inferences}
    answers = {name: running.ask(command, PREDICT_TIMEOUT) for name, running in rotation.workers.items()}
    return {
        name: [nanoseconds * NANOSECONDS for nanoseconds in answer["nanoseconds"][UNMEASURED:]]
        for name, answer in answers.items()
    }
