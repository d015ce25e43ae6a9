"""Parallel sessions: as many single-threaded ones as there are threads, against one session with all threads."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from runoff.errors import RunoffError, WorkerFailed
from runoff.measure.entrant import INFERENCE_TIMEOUT, NANOSECONDS, Entrant
from runoff.measure.launches import CONTROL, Measured, Setup, Yield, run_launches
from runoff.measure.rotation import Failures, RunningWorker, raise_first

SECONDS = 0.8
"""How long the sessions are kept running together."""


@dataclass(frozen=True)
class ParallelRecord:
    """What one launch yields, in images per second: of all sessions together, and of one session with all threads.

    The control has no such one session.
    """

    sessions: int
    together: float
    alone: float | None


def measure_parallel(setup: Setup) -> Measured[ParallelRecord]:
    """Measure every contender once a launch, one after another in random order.

    A contender's processes are started for it and ended after it, so that the memory of one contender is enough.
    """
    random = Random(setup.seed)

    def perform(launch: int, entrants: Sequence[Entrant]) -> Yield[ParallelRecord]:
        records: dict[str, ParallelRecord] = {}
        failures: Failures = {}
        for entrant in random.sample(list(entrants), len(entrants)):
            try:
                with setup.workers:
                    records[entrant.key] = measure_one(setup, entrant, random, launch)
            except RunoffError as error:
                failures[entrant.key] = error
        return records, failures

    steps = sum(len(sessions_of(entrant)) + (entrant.key != CONTROL) for entrant in setup.entrants)
    return run_launches(setup, perform, name="parallel sessions", steps=steps)


def sessions_of(entrant: Entrant) -> list[Entrant]:
    """Return an entrant as many times, with one thread each, as it has threads."""
    return [
        dataclasses.replace(entrant, key=f"{entrant.key}-session-{number + 1}", threads=1)
        for number in range(entrant.threads)
    ]


def measure_one(setup: Setup, entrant: Entrant, random: Random, launch: int) -> ParallelRecord:
    """Start a contender's sessions, let them run together, and the one with all threads by itself, in random order.

    Raises what starting or running any of them raises.
    """
    sessions = sessions_of(entrant)
    groups = [sessions] if entrant.key == CONTROL else [sessions, [entrant]]
    rotation = setup.start(launch, [member for group in groups for member in group], random, timed=False)
    raise_first(rotation.failures)
    rates = {
        group[0].key: images_per_second(run_together([rotation.workers[member.key] for member in group]))
        for group in random.sample(groups, len(groups))
    }
    return ParallelRecord(len(sessions), rates[sessions[0].key], rates.get(entrant.key))


def run_together(workers: Sequence[RunningWorker]) -> list[list[int]]:
    """Let workers run inferences all at once; return the moments between each one's, in nanoseconds."""
    processes = [worker.process for worker in workers]
    for process in processes:
        process.resume()
    until = time.perf_counter_ns() + round(SECONDS / NANOSECONDS)
    for process in processes:
        process.send({"do": "repeat", "until_ns": until})
    moments = [process.receive(SECONDS + INFERENCE_TIMEOUT)["moments"] for process in processes]
    for process in processes:
        process.suspend()
    return moments


def images_per_second(moments: Sequence[Sequence[int]]) -> float:
    """Count the images of all workers per second of the time when all were running.

    ``moments`` are those between each worker's inferences in nanoseconds of the machine's one clock. That time begins
    when the last worker has done its first inference, which is left out as its start, and ends when the first worker
    stops; of an inference that the end of it cuts, the share that lies within counts. Raises WorkerFailed where there
    was no such time.
    """
    begin = max(own[1] for own in moments)
    end = min(own[-1] for own in moments)
    if end <= begin:
        raise WorkerFailed("the sessions never ran at the same time; other programs kept them from it: stop those")
    images = sum(
        max(0, min(after, end) - max(before, begin)) / (after - before)
        for own in moments
        for before, after in pairwise(own)
    )
    return images / ((end - begin) * NANOSECONDS)
