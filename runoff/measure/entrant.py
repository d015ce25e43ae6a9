"""An entrant of a launch: how its worker is started, what that reports of its cold start, and what it predicts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runoff.arrays import Arrays, Signature
from runoff.backends import Declaration
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment
from runoff.errors import ThreadsNotHeld
from runoff.files.arrays import load_arrays
from runoff.files.values import to_json
from runoff.processes.channel import Message
from runoff.processes.process import Process, started
from runoff.processes.surroundings import process_variables
from runoff.processes.variables import require_own_meaning

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

    ``architecture`` names the model as its source has it. ``cpus`` are those that its worker is kept on; it may run on
    all where there are none.
    """

    key: str
    contender: Contender
    backend: Declaration
    environment: Environment
    artifact: Path
    signature: Signature
    threads: int
    architecture: str = ""
    cpus: tuple[int, ...] = ()


Files = Mapping[str, Path]
"""By the names of a model's inputs: an ``.npy`` file each of N examples, which workers read with numpy."""


@dataclass(frozen=True)
class Example:
    """The one example that a launch runs on: files, and its index in each of them."""

    files: Files
    index: int


@dataclass(frozen=True)
class Start:
    """A worker's cold start: seconds and peak memory in bytes per stage, and the first numbers of its first outputs."""

    durations: Mapping[str, float]
    peaks: Mapping[str, int | None]
    threads: int
    outputs: Arrays


@contextmanager
def started_worker(entrant: Entrant, example: Example, log: Path, *, high_priority: bool = True) -> Iterator[Process]:
    """Start an entrant's worker and send it its start request; it is ended when the block is left.

    Raises a WorkerFailed, VariantNegated among them.
    """
    variables = entrant.backend.variables(entrant.contender.variant)
    surroundings = entrant.environment.surroundings(variables, high_priority=high_priority, cpus=entrant.cpus)
    require_own_meaning(entrant.key, entrant.contender.variant.negated_by, process_variables(surroundings))
    with started("runoff.measure.worker", label=entrant.key, log=log, surroundings=surroundings) as process:
        process.send_first(start_request(entrant, example))
        yield process


def start_request(entrant: Entrant, example: Example) -> Message:
    """Return the request that says what a worker loads and which example it runs."""
    return {
        "backend": entrant.backend.module,
        "variant": entrant.contender.variant.name,
        "artifact": str(entrant.artifact),
        "signature": to_json(entrant.signature),
        "layout": entrant.backend.LAYOUT,
        "threads": entrant.threads,
        "architecture": entrant.architecture,
        "inputs": texts(example.files),
        "example": example.index,
    }


def texts(files: Files) -> dict[str, str]:
    """Return files as JSON values."""
    return {name: str(file) for name, file in files.items()}


def receive_start(process: Process, signature: Signature) -> Start:
    """Wait for a worker's report of its cold start.

    Raises a WorkerFailed, or whatever named error the worker sends.
    """
    answer = process.receive(START_TIMEOUT)
    return Start(
        durations={stage: duration * NANOSECONDS for stage, duration in answer["durations"].items()},
        peaks=answer["peaks"],
        threads=answer["threads"],
        outputs={
            each.name: np.frombuffer(base64.b64decode(answer["outputs"][each.name]), each.dtype)
            for each in signature.outputs
        },
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
    """Each output for every example, and the thread count that the session reported.

    ``busy`` is how many threads each example kept busy, ``ready`` how many were busy or waited for a CPU.
    """

    outputs: Arrays
    threads: int
    busy: tuple[float, ...] = ()
    ready: tuple[float, ...] = ()


@contextmanager
def predicting(
    entrant: Entrant, *, files: Files, destination: Path, log: Path, watch: Watch = nullcontext
) -> Iterator[tuple[Process, Prediction]]:
    """Start an entrant's worker and let the very session kind that is timed give its outputs for files of examples.

    It is watched until then, and there until the block is left. Raises a WorkerFailed.
    """
    with started_worker(entrant, Example(files, 0), log) as process:
        with watch(process.popen.pid):
            start = receive_start(process, entrant.signature)
            said = ask_to_predict(process, files, destination)
        busy, ready = tuple(said["busy_threads"]), tuple(said["ready_threads"])
        yield process, Prediction(load_arrays(destination), start.threads, busy, ready)


def predict(process: Process, files: Files, destination: Path) -> Arrays:
    """Return a worker's outputs for every example of files, by way of an ``.npz`` file.

    Raises a WorkerFailed.
    """
    ask_to_predict(process, files, destination)
    return load_arrays(destination)


def ask_to_predict(process: Process, files: Files, destination: Path) -> Message:
    """Let a worker write its outputs for every example of files, and return what it says of its threads.

    Raises a WorkerFailed.
    """
    asked = {"do": "predict", "inputs": texts(files), "outputs": str(destination)}
    return process.ask(asked, PREDICT_TIMEOUT)
