"""One launch: a fresh process per entrant, one cold start each, then rounds of every entrant in random order."""

from __future__ import annotations

import base64
import statistics
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from runoff.contract import Backend, Logits
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment
from runoff.errors import RunoffError, ThreadsNotHeld
from runoff.measure.turns import Lane, Turns
from runoff.processes.channel import Message
from runoff.processes.process import Process, first_request, started

NANOSECONDS = 1e-9


@dataclass(frozen=True)
class Timeouts:
    """How long a worker may take to answer, in seconds."""

    start: float = 180.0
    inference: float = 60.0
    predict: float = 600.0
    batches: float = 300.0
    load: float = 120.0


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
    share differs between installations of the same package. ``urgent`` says whether it went before other processes.
    """

    durations: Mapping[str, float]
    peaks: Mapping[str, int | None]
    rounds: tuple[float, ...]
    busy_threads: float
    anonymous: int | None
    involuntary_switches: int
    urgent: bool

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
        tree=entrant.environment.tree,
        log=log,
        variables={**entrant.backend.ENVIRONMENT, **entrant.contender.variant.variables},
        urgent=True,
    )


def start_request(entrant: Entrant, process: Process, picture: Picture) -> Message:
    """Tell a worker what to load and which image to run."""
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


@contextmanager
def started_worker(
    entrant: Entrant, picture: Picture, log: Path, timeouts: Timeouts
) -> Iterator[tuple[Process, Start]]:
    """Start an entrant's worker and wait for its first output.

    Raises what ``receive_start`` raises.
    """
    with started_process(entrant, log) as process:
        process.send(start_request(entrant, process, picture))
        yield process, receive_start(entrant, process, timeouts)


def receive_start(entrant: Entrant, process: Process, timeouts: Timeouts) -> Start:
    """Wait for a worker's report of its cold start.

    Raises a WorkerFailed, whatever named error the worker sends, or ThreadsNotHeld.
    """
    answer = process.receive_first(timeouts.start)
    if answer["threads"] != entrant.threads:
        raise ThreadsNotHeld(
            f"{entrant.key}: asked for {entrant.threads} threads, its framework reports {answer['threads']}; "
            "a comparison on unequal threads is none, so it is not timed"
        )
    return Start(
        durations={stage: duration * NANOSECONDS for stage, duration in answer["durations"].items()},
        peaks=answer["peaks"],
        threads=answer["threads"],
        logits=np.frombuffer(base64.b64decode(answer["logits"]), dtype=np.float32),
    )


Held = dict[str, ExitStack]
"""The workers that are alive, by entrant; closing one ends it."""


def end_workers(held: Held) -> None:
    """End all workers that are alive."""
    while held:
        held.popitem()[1].close()


Failures = dict[str, RunoffError]


def start_lanes(
    entrants: Sequence[Entrant],
    held: Held,
    *,
    picture: Picture,
    random: Random,
    logs: Path,
    timeouts: Timeouts,
    verify: Callable[[Entrant, Start], None],
    tick: Callable[[], None],
    at_once: int = 1,
) -> tuple[dict[str, Lane], Failures]:
    """Start every entrant's worker in random order, each suspended as soon as it is ready.

    Where cold starts are not measured, several may start ``at_once``, which takes less time.

    An entrant's worker of the launch before ends only when its successor is about to start, so that the successor takes
    the memory which that frees. On a virtual machine whose host takes free memory back, memory that has been free for
    seconds costs 2.5 ms per MB to touch: a cold start of 0.2 s was 0.6 s by the order of the starts alone. An entrant
    that fails, or that ``verify`` refuses for its first output, costs itself alone and is given back with its error.
    """
    lanes: dict[str, Lane] = {}
    failures: Failures = {}
    starting: deque[tuple[Entrant, Process]] = deque()

    def out(entrant: Entrant, error: RunoffError) -> None:
        held.pop(entrant.key).close()
        failures[entrant.key] = error

    def settle() -> None:
        entrant, process = starting.popleft()
        try:
            start = receive_start(entrant, process, timeouts)
            verify(entrant, start)
        except RunoffError as error:
            return out(entrant, error)
        process.suspend()
        lanes[entrant.key] = Lane(entrant, process, start, [], [])
        return tick()

    for entrant in random.sample(list(entrants), len(entrants)):
        if len(starting) == at_once:
            settle()
        held.pop(entrant.key, ExitStack()).close()
        held[entrant.key] = ExitStack()
        try:
            process = held[entrant.key].enter_context(started_process(entrant, logs / f"{entrant.key}.log"))
            process.send(start_request(entrant, process, picture))
        except RunoffError as error:
            out(entrant, error)
            continue
        starting.append((entrant, process))
    while starting:
        settle()
    return lanes, failures


def run_rounds(
    lanes: dict[str, Lane], held: Held, rounds: int, *, random: Random, timeouts: Timeouts, tick: Callable[[], None]
) -> tuple[dict[str, LaunchRecord], Failures]:
    """Time every lane once a round, each round in a new random order, and give what the launch yielded.

    A lane that fails is ended at once, costs itself alone, and is given back with its error.
    """
    turns = Turns(lanes, held, random)
    records: dict[str, LaunchRecord] = {}

    def read(lane: Lane) -> None:
        records[lane.entrant.key] = read_record(lane, timeouts)

    for _ in range(rounds):
        turns.everyone(lambda lane: time_one(lane, timeouts))
        tick()
    for key in turns.running():
        turns.one(key, read)
    return records, turns.failures


def time_one(lane: Lane, timeouts: Timeouts) -> None:
    """Wake a worker for one timed inference and suspend it again."""
    answer = lane.ask({"do": "time"}, timeouts.inference)
    lane.rounds.append(answer["nanoseconds"] * NANOSECONDS)
    lane.busy.append(answer["cpu_nanoseconds"] / answer["nanoseconds"])


def read_record(lane: Lane, timeouts: Timeouts) -> LaunchRecord:
    """Ask a worker for its figures at the end of a launch."""
    answer = lane.ask({"do": "report"}, timeouts.inference)
    return LaunchRecord(
        durations=lane.start.durations,
        peaks={**lane.start.peaks, "steady inference": answer["peak"]},
        rounds=tuple(lane.rounds),
        busy_threads=statistics.median(lane.busy),
        anonymous=answer["anonymous"],
        involuntary_switches=answer["involuntary_switches"],
        urgent=lane.process.urgent,
    )
