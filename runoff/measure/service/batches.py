"""Throughput over batch sizes: how long an image takes where many are at hand at once."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from runoff.contract import Model
from runoff.errors import ContractBroken, WorkerFailed
from runoff.measure.entrant import NANOSECONDS, Files, texts
from runoff.measure.launches import Measured, Setup, run_exercise
from runoff.measure.rotation import RunningWorker

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


def why_one_size(model: Model) -> str | None:
    """Say why a model can't be asked for batches of several sizes, None where it can."""
    if model.batch is None:
        return None
    name = model.source.title
    return f"{name} takes batches of {model.batch} alone; make it with a batch of any size to ask for throughput"


def measure_batches(setup: Setup) -> Measured[BatchesRecord]:
    """Time batches of every size, all entrants in turns at each size."""
    units = [partial(time_batches, files=setup.files, size=size) for size in SIZES]
    return run_exercise(
        setup, lambda rotation, launch: rotation.take_turns(units, make_record), name="batches", steps=len(units)
    )


def time_batches(worker: RunningWorker, files: Files, size: int) -> float | str:
    """Return a worker's median seconds per image in batches of a size, or why its session refuses them."""
    times = max(1, LEAST_IMAGES // size)
    command = {"do": "batch", "inputs": texts(files), "size": size, "times": times}
    try:
        answer = worker.ask(command, TIMEOUT)
    except WorkerFailed as error:
        raise type(error)(f"at a batch of {size}: {error}") from error
    if "refused" in answer:
        return str(answer["refused"])
    return float(statistics.median(answer["nanoseconds"])) * NANOSECONDS / size


def make_record(worker: RunningWorker, answers: Sequence[float | str]) -> BatchesRecord:
    """Make a launch's record of what came of every size.

    Raises ContractBroken for a session that runs no batch of any size, after it ran single images.
    """
    by_size = dict(zip(SIZES, answers, strict=True))
    seconds = {size: answer for size, answer in by_size.items() if isinstance(answer, float)}
    refused = {size: answer for size, answer in by_size.items() if isinstance(answer, str)}
    if not seconds:
        raise ContractBroken(
            f"{worker.entrant.key}: its session refuses batches of every size, of one image too ({answers[0]}); "
            "mend the backend's run()"
        )
    return BatchesRecord(seconds, refused)
