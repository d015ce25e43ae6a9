"""What the harness costs: around an inference, per round, and whether interleaving changes what is measured."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

from runoff.judge.ratios import CONFIDENCE, estimate, interval, launch_log_ratio
from runoff.measure import launch, worker
from runoff.measure.launch import Entrant, Failures, Held, Picture, Start, Timeouts
from runoff.measure.turns import Lane
from trust import empty
from trust.field import Field
from trust.settings import Settings

UNMEASURED = 3
Medians = dict[str, list[float]]


def measure_cost(field: Field, settings: Settings, tell: Callable[[str], None]) -> dict[str, Any]:
    """Time the empty backend around and between inferences, and hold interleaved medians against a bare loop's."""
    tell("what the harness costs")
    batch = np.zeros((1, 3, 224, 224), dtype=np.float32)
    session = empty.EmptySession(np.zeros((1, 1000), dtype=np.float32), 1)
    around = [worker.time_one(session, batch).wall for _ in range(settings.empty_inferences)]
    rounds = time_rounds(field, settings)
    return {
        "around_an_inference_ns": statistics.median(around),
        "round_trip_us_median": 1e6 * statistics.median(rounds),
        "round_trip_us_p95": 1e6 * float(np.quantile(rounds, 0.95)),
        "interleaved_over_bare_loop": interleaved_over_bare(field, settings, tell),
    }


def with_lanes(
    field: Field, entrants: list[Entrant], random: Random, image: int, use: Callable[[dict[str, Lane], Held], None]
) -> None:
    """Start these entrants' workers, hand them over, and end them."""
    held: Held = {}

    def accept(entrant: Entrant, start: Start) -> None:
        """Accept any first output: what the empty backend answers is no class."""

    try:
        lanes, failures = launch.start_lanes(
            entrants,
            held,
            picture=Picture(field.images, image),
            random=random,
            logs=field.place.logs,
            timeouts=Timeouts(),
            verify=accept,
            tick=lambda: None,
        )
        raise_first(failures)
        use(lanes, held)
    finally:
        for one in held.values():
            one.close()


def raise_first(failures: Failures) -> None:
    """Raise what went wrong, if anything did."""
    for error in failures.values():
        raise error


def time_rounds(field: Field, settings: Settings) -> list[float]:
    """Time, from the controller, waking a worker for an inference that takes nothing, and suspending it again."""
    taken: list[float] = []

    def use(lanes: dict[str, Lane], held: Held) -> None:
        lane = lanes["empty"]
        for _ in range(settings.empty_rounds):
            begin = time.perf_counter()
            launch.time_one(lane, Timeouts())
            taken.append(time.perf_counter() - begin)

    with_lanes(field, [field.entrants["empty"]], Random(settings.seed), 0, use)
    return taken


def interleaved_over_bare(field: Field, settings: Settings, tell: Callable[[str], None]) -> dict[str, Any]:
    """Give, by contender, the ratio of interleaved rounds to a bare loop in the very same workers.

    Blocks of rounds and of loops take turns within a launch, in random order, so that both see the same machine. A
    launch's log-ratio is the median over its blocks, as it is over rounds in a race.
    """
    names = ["slowed-0", "pytorch"]
    found: dict[str, list[float]] = {name: [] for name in names}
    random = Random(settings.seed)
    for number in range(settings.cost_launches):
        tell(f"interleaved against a bare loop, launch {number + 1} of {settings.cost_launches}")
        interleaved: dict[str, list[float]] = {name: [] for name in names}
        bare: dict[str, list[float]] = {name: [] for name in names}

        def use(lanes: dict[str, Lane], held: Held, interleaved: Medians = interleaved, bare: Medians = bare) -> None:
            for _ in range(settings.cost_blocks):
                for turn in random.sample([interleave, loop], 2):
                    into = interleaved if turn is interleave else bare
                    for name, times in turn(lanes, held, settings, random).items():
                        into[name].append(statistics.median(times))

        with_lanes(field, [field.entrants[name] for name in names], random, number, use)
        for name in names:
            found[name].append(launch_log_ratio(interleaved[name], bare[name]))
    return {
        name: {
            "launches": len(values),
            "ratio": math.exp(estimate(values).mean),
            "interval": interval(estimate(values), CONFIDENCE),
        }
        for name, values in found.items()
    }


def interleave(lanes: dict[str, Lane], held: Held, settings: Settings, random: Random) -> dict[str, list[float]]:
    """Time a block of rounds as a race does, in seconds by contender."""
    _, failures = launch.run_rounds(
        lanes, held, settings.cost_inferences, random=random, timeouts=Timeouts(), tick=lambda: None
    )
    raise_first(failures)
    return {name: lane.rounds[-settings.cost_inferences :] for name, lane in lanes.items()}


def loop(lanes: dict[str, Lane], held: Held, settings: Settings, random: Random) -> dict[str, list[float]]:
    """Let each worker time a block of inferences in a bare loop, in seconds; the first, on cold caches, don't count."""
    inferences = UNMEASURED + settings.cost_inferences
    taken = {}
    for name, lane in lanes.items():
        lane.process.resume()
        answer = lane.process.ask({"do": "loop", "inferences": inferences}, Timeouts().predict)
        lane.process.suspend()
        taken[name] = [nanoseconds * launch.NANOSECONDS for nanoseconds in answer["nanoseconds"][UNMEASURED:]]
    return taken
