"""One launch: a fresh process per entrant, one cold start each, then rounds of every entrant in random order."""

from __future__ import annotations

import base64
import os
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from runoff.contenders import Contender, Environment
from runoff.contract import Backend, Logits, RunoffError, ThreadsNotHeld
from runoff.measure.process import Message, Process, started

NANOSECONDS = 1e-9


@dataclass(frozen=True)
class Timeouts:
    """How long a worker may take to answer, in seconds."""

    start: float = 180.0
    inference: float = 60.0
    predict: float = 600.0


@dataclass(frozen=True)
class Entrant:
    """A contender that is ready to be launched: ``key`` is its id, or ``control`` for the reference's twin."""

    key: str
    contender: Contender
    backend: Backend
    environment: Environment
    artifact: Path
    threads: int

    @property
    def module(self) -> str:
        """The backend's module, as the worker imports it."""
        return self.backend.__name__


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


@dataclass(frozen=True)
class LaunchRecord:
    """What one launch yields for one entrant: durations in seconds, memory in bytes.

    ``busy_threads`` is the median over rounds of CPU time by time taken: how many threads were kept busy, whatever the
    framework reports. ``anonymous`` is the resident memory after the last round less what is mapped from files, whose
    share differs between installations of the same package.
    """

    durations: Mapping[str, float]
    peaks: Mapping[str, int | None]
    rounds: tuple[float, ...]
    busy_threads: float
    anonymous: int | None
    involuntary_switches: int

    @property
    def cold_start(self) -> float:
        """Seconds from the start of the interpreter to the first output."""
        return sum(self.durations.values())

    @property
    def peak(self) -> int | None:
        """The peak resident memory of the whole launch in bytes."""
        return self.peaks["steady inference"]


def started_process(entrant: Entrant, log: Path) -> AbstractContextManager[Process]:
    """Start the process of an entrant's worker, which then waits for its start request."""
    return started(
        "runoff.measure.worker",
        label=entrant.key,
        interpreter=entrant.environment.interpreter,
        log=log,
        variables=entrant.backend.ENVIRONMENT,
    )


def start_request(entrant: Entrant, process: Process, picture: Picture) -> Message:
    """Tell a worker what to load and which image to run."""
    return {
        "controller": os.getpid(),
        "spawned_ns": process.spawned_ns,
        "backend": entrant.module,
        "variant": entrant.contender.variant.name,
        "artifact": str(entrant.artifact),
        "threads": entrant.threads,
        "images": str(picture.images),
        "image": picture.index,
    }


@contextmanager
def started_worker(
    entrant: Entrant, picture: Picture, log: Path, timeouts: Timeouts
) -> Iterator[tuple[Process, Start]]:
    """Start an entrant's worker and wait for its first output.

    Raises a WorkerFailed, whatever named error the worker sends, or ThreadsNotHeld.
    """
    with started_process(entrant, log) as process:
        answer = process.ask(start_request(entrant, process, picture), timeouts.start)
        if answer["threads"] != entrant.threads:
            raise ThreadsNotHeld(
                f"{entrant.key}: asked for {entrant.threads} threads, its framework reports {answer['threads']}; "
                "a comparison on unequal threads is none, so it is not timed"
            )
        yield process, read_start(answer)


def read_start(answer: Mapping[str, Any]) -> Start:
    """Read a worker's report of its cold start."""
    return Start(
        durations={stage: duration * NANOSECONDS for stage, duration in answer["durations"].items()},
        peaks=answer["peaks"],
        threads=answer["threads"],
        logits=np.frombuffer(base64.b64decode(answer["logits"]), dtype=np.float32),
    )


@dataclass
class Lane:
    """An entrant's worker within a launch, and what it has given so far."""

    entrant: Entrant
    process: Process
    start: Start
    rounds: list[float]
    busy: list[float]


def run_launch(
    entrants: Sequence[Entrant],
    *,
    picture: Picture,
    rounds: int,
    random: Random,
    logs: Path,
    timeouts: Timeouts,
    verify: Callable[[Entrant, Start], None],
    tick: Callable[[], None],
) -> tuple[dict[str, LaunchRecord], dict[str, RunoffError]]:
    """Run one launch; an entrant that fails costs itself alone and is given back with its error.

    Entrants are started one after another, in random order, and suspended as soon as they are ready. ``verify`` raises
    where a first output is wrong. ``tick`` is called between rounds.
    """
    failures: dict[str, RunoffError] = {}
    with ExitStack() as stack:
        lanes: dict[str, Lane] = {}
        for entrant in random.sample(list(entrants), len(entrants)):
            worker = started_worker(entrant, picture, logs / f"{entrant.key}.log", timeouts)
            try:
                process, start = stack.enter_context(worker)
                verify(entrant, start)
            except RunoffError as error:
                failures[entrant.key] = error
                continue
            process.suspend()
            lanes[entrant.key] = Lane(entrant, process, start, [], [])
            tick()
        for _ in range(rounds):
            for key in random.sample(sorted(lanes), len(lanes)):
                try:
                    time_one(lanes[key], timeouts)
                except RunoffError as error:
                    failures[key] = error
                    del lanes[key]
            tick()
        records: dict[str, LaunchRecord] = {}
        for key, lane in lanes.items():
            try:
                records[key] = finish(lane, timeouts)
            except RunoffError as error:
                failures[key] = error
    return records, failures


def time_one(lane: Lane, timeouts: Timeouts) -> None:
    """Wake a worker for one timed inference and suspend it again."""
    lane.process.resume()
    answer = lane.process.ask({"do": "time"}, timeouts.inference)
    lane.process.suspend()
    lane.rounds.append(answer["nanoseconds"] * NANOSECONDS)
    lane.busy.append(answer["cpu_nanoseconds"] / answer["nanoseconds"])


def finish(lane: Lane, timeouts: Timeouts) -> LaunchRecord:
    """Ask a worker for its final figures."""
    lane.process.resume()
    answer = lane.process.ask({"do": "finish"}, timeouts.inference)
    return LaunchRecord(
        durations=lane.start.durations,
        peaks={**lane.start.peaks, "steady inference": answer["peak"]},
        rounds=tuple(lane.rounds),
        busy_threads=statistics.median(lane.busy),
        anonymous=answer["anonymous"],
        involuntary_switches=answer["involuntary_switches"],
    )


@dataclass(frozen=True)
class Prediction:
    """Logits, images×classes, and the thread count that the session reported."""

    logits: Logits
    threads: int


def predict(entrant: Entrant, *, images: Path, destination: Path, log: Path, timeouts: Timeouts) -> Prediction:
    """Give an entrant's logits for every image of an ``.npy`` file, from the very session kind that is timed.

    Raises a WorkerFailed or ThreadsNotHeld.
    """
    with started_worker(entrant, Picture(images, 0), log, timeouts) as (process, start):
        process.ask({"do": "predict", "images": str(images), "logits": str(destination)}, timeouts.predict)
    return Prediction(np.load(destination), start.threads)
