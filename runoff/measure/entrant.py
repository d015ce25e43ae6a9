"""An entrant of a launch: how its worker is started, and what that reports of its cold start."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runoff.backends import Declaration
from runoff.contract import Logits
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment
from runoff.errors import ThreadsNotHeld
from runoff.processes.channel import Message
from runoff.processes.process import Process, first_request, started

NANOSECONDS = 1e-9
START_TIMEOUT = 180.0
INFERENCE_TIMEOUT = 60.0
"""How long a worker may take to start, and to answer what takes few inferences, in seconds."""


@dataclass(frozen=True)
class Entrant:
    """A contender that is ready to be launched: ``key`` is its id, or ``control`` for the reference's twin."""

    key: str
    contender: Contender
    backend: Declaration
    environment: Environment
    artifact: Path
    threads: int

    @property
    def module(self) -> str:
        """The backend's module, as the worker imports it."""
        return self.backend.module


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


def started_process(entrant: Entrant, log: Path, *, high_priority: bool = True) -> AbstractContextManager[Process]:
    """Start the process of an entrant's worker, which then waits for its start request."""
    variables = entrant.backend.variables(entrant.contender.variant)
    surroundings = entrant.environment.surroundings(variables, high_priority=high_priority)
    return started("runoff.measure.worker", label=entrant.key, log=log, surroundings=surroundings)


def start_request(entrant: Entrant, process: Process, picture: Picture) -> Message:
    """Make the request that says what a worker loads and which image it runs."""
    return first_request(
        {
            "spawned_ns": process.spawned_ns,
            "backend": entrant.module,
            "variant": entrant.contender.variant.name,
            "artifact": str(entrant.artifact),
            "threads": entrant.threads,
            "images": str(picture.images),
            "image": picture.index,
        }
    )


def receive_start(process: Process) -> Start:
    """Wait for a worker's report of its cold start.

    Raises a WorkerFailed, or whatever named error the worker sends.
    """
    answer = process.receive_first(START_TIMEOUT)
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
