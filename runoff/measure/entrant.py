"""An entrant of a launch: how its worker is started, what that reports of its cold start, and what it predicts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runoff.backends import Declaration
from runoff.contract import Logits
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment
from runoff.errors import ThreadsNotHeld
from runoff.processes.channel import Message
from runoff.processes.process import Process, started

NANOSECONDS = 1e-9
START_TIMEOUT = 180.0
INFERENCE_TIMEOUT = 60.0
"""How long a worker may take to start, and to answer what takes few inferences, in seconds."""
PREDICT_TIMEOUT = 600.0
Watch = Callable[[int], AbstractContextManager[object]]
"""Watches a process by its number from outside, from just after its start."""


@dataclass(frozen=True)
class Entrant:
    """A contender that is ready to be launched: ``key`` is its id, or ``control`` for the reference's twin.

    ``architecture`` names the model as its source has it.
    """

    key: str
    contender: Contender
    backend: Declaration
    environment: Environment
    artifact: Path
    threads: int
    architecture: str = ""


@dataclass(frozen=True)
class Picture:
    """The one image that a launch runs on: a file of N×3×H×W float32, which workers read with numpy, and its index."""

    images: Path
    index: int


@dataclass(frozen=True)
class Start:
    """A worker's cold start: seconds and peak memory in bytes per stage, and its first logits."""

    durations: Mapping[str, float]
    peaks: Mapping[str, int | None]
    threads: int
    logits: Logits


@contextmanager
def started_worker(entrant: Entrant, picture: Picture, log: Path, *, high_priority: bool = True) -> Iterator[Process]:
    """Start an entrant's worker and send it its start request; it is ended when the block is left.

    Raises a WorkerFailed.
    """
    variables = entrant.backend.variables(entrant.contender.variant)
    surroundings = entrant.environment.surroundings(variables, high_priority=high_priority)
    with started("runoff.measure.worker", label=entrant.key, log=log, surroundings=surroundings) as process:
        process.send_first(start_request(entrant, picture))
        yield process


def start_request(entrant: Entrant, picture: Picture) -> Message:
    """Return the request that says what a worker loads and which image it runs."""
    return {
        "backend": entrant.backend.module,
        "variant": entrant.contender.variant.name,
        "artifact": str(entrant.artifact),
        "threads": entrant.threads,
        "architecture": entrant.architecture,
        "images": str(picture.images),
        "image": picture.index,
    }


def receive_start(process: Process) -> Start:
    """Wait for a worker's report of its cold start.

    Raises a WorkerFailed, or whatever named error the worker sends.
    """
    answer = process.receive(START_TIMEOUT)
    return Start(
        durations={stage: duration * NANOSECONDS for stage, duration in answer["durations"].items()},
        peaks=answer["peaks"],
        threads=answer["threads"],
        logits=np.frombuffer(base64.b64decode(answer["logits"]), dtype=np.float32),
    )


def require_threads(entrant: Entrant, threads: int) -> None:
    """Refuse a session that reports another number of threads than was asked for.

    Raises ThreadsNotHeld.
    """
    if threads != entrant.threads:
        raise ThreadsNotHeld(
            f"{entrant.key}: asked for {entrant.threads} threads, its framework reports {threads}; "
            "a comparison on unequal threads is none, so it is not timed"
        )


@dataclass(frozen=True)
class Prediction:
    """Logits, images×classes, and the thread count that the session reported."""

    logits: Logits
    threads: int


@contextmanager
def predicting(
    entrant: Entrant, *, images: Path, destination: Path, log: Path, watch: Watch = nullcontext
) -> Iterator[tuple[Process, Prediction]]:
    """Start an entrant's worker and let the very session kind that is timed give its logits for a file of images.

    It is watched until then, and there until the block is left. Raises a WorkerFailed.
    """
    with started_worker(entrant, Picture(images, 0), log) as process:
        with watch(process.popen.pid):
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
