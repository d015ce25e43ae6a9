"""Throughput over batch sizes: how long an image takes where many are at hand at once."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runoff.errors import ContractBroken, WorkerFailed
from runoff.measure.entrant import NANOSECONDS
from runoff.measure.launches import Measured, Setup, run_exercise
from runoff.measure.workers import Rotation, RunningWorker

TIMEOUT = 300.0
"""How long a worker may take for the batches of one size, in seconds."""
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


def measure_batches(setup: Setup) -> Measured[BatchesRecord]:
    """Time batches of every size, all entrants in turns at each size."""

    def exercise(rotation: Rotation, launch: int) -> dict[str, BatchesRecord]:
        seconds: dict[str, dict[int, float]] = {key: {} for key in rotation.workers}
        refused: dict[str, dict[int, str]] = {key: {} for key in rotation.workers}
        for size in SIZES:

            def unit(worker: RunningWorker, size: int = size) -> None:
                answer = time_batches(worker, setup.images, size)
                if isinstance(answer, str):
                    refused[worker.entrant.key][size] = answer
                else:
                    seconds[worker.entrant.key][size] = answer

            rotation.each(unit)
            setup.progress.step()
        for key in rotation.running:
            with rotation.costs_itself_alone(key):
                require_some(key, refused[key], seconds[key])
        return {key: BatchesRecord(seconds[key], refused[key]) for key in rotation.running}

    return run_exercise(setup, exercise, name="batches", steps=len(SIZES))


def time_batches(worker: RunningWorker, images: Path, size: int) -> float | str:
    """Return a worker's median seconds per image in batches of a size, or why its session refuses them."""
    times = max(1, LEAST_IMAGES // size)
    command = {"do": "batch", "images": str(images), "size": size, "times": times}
    try:
        answer = worker.ask(command, TIMEOUT)
    except WorkerFailed as error:
        raise type(error)(f"at a batch of {size}: {error}") from error
    if "refused" in answer:
        return str(answer["refused"])
    return float(statistics.median(answer["nanoseconds"])) * NANOSECONDS / size


def require_some(key: str, refused: Mapping[int, str], seconds: Mapping[int, float]) -> None:
    """Refuse a session that runs no batch of any size, after it ran single images.

    Raises ContractBroken.
    """
    if not seconds:
        raise ContractBroken(
            f"{key}: its session refuses batches of every size, of one image too ({refused[SIZES[0]]}); "
            "mend the backend's run()"
        )
