"""Scaling over threads: each contender on one thread, on all, and on the powers of two between."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from runoff.measure.entrant import Entrant
from runoff.measure.launches import CONTROL, Measured, Setup, Yield, run_launches
from runoff.measure.race import LaunchRecord, run_rounds
from runoff.measure.rotation import Failures


@dataclass(frozen=True)
class ThreadsRecord:
    """What one launch yields, by number of threads: seconds a round, and how many threads were kept busy."""

    rounds: Mapping[int, tuple[float, ...]]
    busy: Mapping[int, float]


def thread_counts(allowed: int) -> tuple[int, ...]:
    """Return 1, 2, 4 and so on, and last all that are allowed."""
    powers = [1 << power for power in range(allowed.bit_length())]
    return tuple(sorted({*(count for count in powers if count <= allowed), allowed}))


def measure_threads(setup: Setup, rounds: int) -> Measured[ThreadsRecord]:
    """Time rounds of every contender on every number of threads, each in a separate process, all of them in turns.

    The control has one thread, like what ratios are taken of.
    """
    random = Random(setup.seed)
    by_threads = {entrant.key: on_fewer_threads(entrant) for entrant in setup.entrants}

    def perform(launch: int, entrants: Sequence[Entrant]) -> Yield[ThreadsRecord]:
        asked = {entrant.key: by_threads[entrant.key] for entrant in entrants}
        started = [entrant for counts in asked.values() for entrant in counts.values()]
        rotation = setup.start(launch, started, random, timed=False)
        return gather(asked, run_rounds(rotation, rounds), rotation.failures)

    return run_launches(setup, perform, name="threads", steps=sum(map(len, by_threads.values())) + rounds)


def on_fewer_threads(entrant: Entrant) -> dict[int, Entrant]:
    """Return an entrant once for each number of threads that it is asked for."""
    counts = (1,) if entrant.key == CONTROL else thread_counts(entrant.threads)
    return {
        count: dataclasses.replace(entrant, key=f"{entrant.key}-threads-{count}", threads=count) for count in counts
    }


def gather(
    asked: Mapping[str, Mapping[int, Entrant]], finished: Mapping[str, LaunchRecord], failures: Failures
) -> Yield[ThreadsRecord]:
    """Put a contender's processes together; one that failed with any number of threads is out."""
    records: dict[str, ThreadsRecord] = {}
    out: Failures = {}
    for key, counts in asked.items():
        errors = [failures[entrant.key] for entrant in counts.values() if entrant.key in failures]
        if errors:
            out[key] = errors[0]
            continue
        of_counts = {count: finished[entrant.key] for count, entrant in counts.items()}
        records[key] = ThreadsRecord(
            rounds={count: record.rounds for count, record in of_counts.items()},
            busy={count: record.busy_threads for count, record in of_counts.items()},
        )
    return records, out
