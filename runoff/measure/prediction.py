"""What is held to golden: the logits of the very session kind that is timed, from a worker that may stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runoff.contract import Logits
from runoff.measure.entrant import Entrant, Picture, receive_start, start_request, started_process
from runoff.processes.process import Process

PREDICT_TIMEOUT = 600.0

Watch = Callable[[int], AbstractContextManager[None]]
"""Watches a process by its number from outside, from just after its start."""


def unwatched(process: int) -> AbstractContextManager[None]:
    """Watch nothing: whatever is timed has no eyes on it."""
    return nullcontext()


@dataclass(frozen=True)
class Prediction:
    """Logits, images×classes, and the thread count that the session reported."""

    logits: Logits
    threads: int


@contextmanager
def predicting(
    entrant: Entrant, *, images: Path, destination: Path, log: Path, watch: Watch = unwatched
) -> Iterator[tuple[Process, Prediction]]:
    """Start an entrant's worker and let the very session kind that is timed give its logits for a file of images.

    It is watched until then, and there until the block is left. Raises a WorkerFailed.
    """
    with started_process(entrant, log) as process:
        with watch(process.popen.pid):
            process.send(start_request(entrant, process, Picture(images, 0)))
            start = receive_start(process)
            logits = predict(process, images, destination)
        yield process, Prediction(logits, start.threads)


def predict(process: Process, images: Path, destination: Path) -> Logits:
    """Return a worker's logits for every image of an ``.npy`` file, images×classes.

    Raises a WorkerFailed.
    """
    process.ask({"do": "predict", "images": str(images), "logits": str(destination)}, PREDICT_TIMEOUT)
    logits: Logits = np.load(destination)
    return logits
