"""Scaling over threads: each contender on one thread, on all, and on the powers of two between."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from runoff.measure.launch import Entrant, Failures, Held, LaunchRecord, end_workers, run_rounds
from runoff.measure.race import CONTROL, Measured
from runoff.measure.service.launches import Course


@dataclass(frozen=True)
class ThreadsRecord:
    """What one launch yields, by number of threads: seconds a round, and how many threads were kept busy."""

    rounds: Mapping[int, tuple[float, ...]]
    busy: Mapping[int, float]


def thread_counts(allowed: int) -> tuple[int, ...]:
    """Give 1, 2, 4 and so on, and last all that are allowed."""
    powers = [1 << power for power in range(allowed.bit_length())]
    return tuple(sorted({*(count for count in powers if count <= allowed), allowed}))


def measure_threads(course: Course, rounds: int) -> Measured[ThreadsRecord]:
    """Time rounds of every contender on every number of threads, each in a process of its own, all of them in turns.

    The control has one thread, like what ratios are taken of.
    """
    random = Random(course.seed)
    held: Held = {}
    settled = {entrant.key: on_fewer_threads(entrant) for entrant in course.entrants}
    steps = sum(map(len, settled.values()))

    def perform(launch: int, keys: Sequence[str]) -> tuple[dict[str, ThreadsRecord], Failures]:
        entrants = [entrant for key in keys for entrant in settled[key].values()]
        lanes, failed = course.start(entrants, held, random, launch)
        finished, out = run_rounds(
            lanes, held, rounds, random=random, timeouts=course.timeouts, tick=course.progress.step
        )
        return gather({key: settled[key] for key in keys}, finished, failed | out)

    try:
        return course.run(perform, name="threads", steps=steps + rounds)
    finally:
        end_workers(held)


def on_fewer_threads(entrant: Entrant) -> dict[int, Entrant]:
    """Give an entrant once for each number of threads that it is asked for."""
    counts = (1,) if entrant.key == CONTROL else thread_counts(entrant.threads)
    return {
        count: dataclasses.replace(entrant, key=f"{entrant.key}-threads-{count}", threads=count) for count in counts
    }


def gather(
    settled: Mapping[str, Mapping[int, Entrant]], finished: Mapping[str, LaunchRecord], failures: Failures
) -> tuple[dict[str, ThreadsRecord], Failures]:
    """Put together what a contender's processes gave; one that failed with any number of threads is out."""
    records: dict[str, ThreadsRecord] = {}
    out: Failures = {}
    for key, entrants in settled.items():
        errors = [failures[entrant.key] for entrant in entrants.values() if entrant.key in failures]
        if errors:
            out[key] = errors[0]
            continue
        given = {count: finished[entrant.key] for count, entrant in entrants.items()}
        records[key] = ThreadsRecord(
            rounds={count: record.rounds for count, record in given.items()},
            busy={count: record.busy_threads for count, record in given.items()},
        )
    return records, out
