"""Throughput over batch sizes: how long an image takes where many are at hand at once."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from runoff.errors import ContractBroken, WorkerFailed
from runoff.measure.launch import NANOSECONDS
from runoff.measure.race import Measured
from runoff.measure.service.launches import Course, run_exercise
from runoff.measure.turns import Lane, Turns

SIZES = (1, 2, 4, 8, 16, 32)
LEAST_IMAGES = 4
"""Batches smaller than this are timed several times, until so many images have passed."""


@dataclass(frozen=True)
class BatchesRecord:
    """What one launch yields: seconds per image by batch size, and why the session refuses the sizes that it does."""

    seconds: Mapping[int, float]
    refused: Mapping[int, str]

    @property
    def largest(self) -> int:
        """The largest batch size that was run."""
        return max(self.seconds)

    @property
    def seconds_per_image(self) -> float:
        """Seconds per image at the largest batch size."""
        return self.seconds[self.largest]


def measure_batches(course: Course) -> Measured[BatchesRecord]:
    """Time batches of every size, all entrants in turns at each size."""

    def exercise(turns: Turns, launch: int) -> dict[str, BatchesRecord]:
        seconds: dict[str, dict[int, float]] = {key: {} for key in turns.lanes}
        refused: dict[str, dict[int, str]] = {key: {} for key in turns.lanes}
        for size in SIZES:

            def unit(lane: Lane, size: int = size) -> None:
                answer = time_batches(course, lane, size)
                if isinstance(answer, str):
                    refused[lane.entrant.key][size] = answer
                else:
                    seconds[lane.entrant.key][size] = answer

            turns.everyone(unit)
            course.progress.step()
        for key in turns.running():
            turns.one(key, lambda lane: require_some(lane, refused[lane.entrant.key], seconds[lane.entrant.key]))
        return {key: BatchesRecord(seconds[key], refused[key]) for key in turns.running()}

    return run_exercise(course, exercise, name="batches", steps=len(SIZES))


def time_batches(course: Course, lane: Lane, size: int) -> float | str:
    """Give a worker's median seconds per image in batches of a size, or the reason that its session refuses them."""
    times = max(1, LEAST_IMAGES // size)
    command = {"do": "batch", "images": str(course.images), "size": size, "times": times}
    try:
        answer = lane.ask(command, course.timeouts.batches)
    except WorkerFailed as error:
        raise type(error)(f"at a batch of {size}: {error}") from error
    if "refused" in answer:
        return str(answer["refused"])
    return float(statistics.median(answer["nanoseconds"])) * NANOSECONDS / size


def require_some(lane: Lane, refused: Mapping[int, str], seconds: Mapping[int, float]) -> None:
    """Refuse a session that runs no batch of any size, after it ran single images.

    Raises ContractBroken.
    """
    if not seconds:
        raise ContractBroken(
            f"{lane.entrant.key}: its session refuses batches of every size, of one image too ({refused[SIZES[0]]}); "
            "mend the backend's run()"
        )
