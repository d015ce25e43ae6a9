"""Launches one after another, each written down before the next begins; the race is K of them with R rounds in each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from runoff.contract import Logits
from runoff.environments.limits import read_cpu_time, read_frequency, stolen_share
from runoff.errors import RunoffError, WorkerCrashed
from runoff.measure.launch import (
    Entrant,
    Failures,
    Held,
    LaunchRecord,
    Picture,
    Start,
    Timeouts,
    end_workers,
    run_rounds,
    start_lanes,
)
from runoff.measure.turns import Lane

CONTROL = "control"
LAUNCHES = 8
ROUNDS = 30
"""The default budget. Starting a launch costs as much here as fifty rounds, and most of a launch's spread is that of
its rounds, so more rounds pay before more launches do."""
WARM_UP = -1
"""The number of the launch that is started only."""


class Progress(Protocol):
    """Where the race says how far it is."""

    def begin(self, what: str, steps: int) -> None:
        """Begin a part of the work that takes so many steps."""

    def step(self) -> None:
        """Note that one step of it is done."""


@dataclass(frozen=True)
class Schedule:
    """How much is measured, and the seed of all its random orders.

    ``looks`` are the numbers of launches after which the race may stop, the last of which ends it. No launch begins
    that would not end within ``most_seconds``, going by those before it.
    """

    looks: tuple[int, ...]
    rounds: int
    seed: int
    most_seconds: float | None = None


Record = TypeVar("Record")


@dataclass(frozen=True)
class Measured(Generic[Record]):
    """What launches yield, by entrant: one record each, or the error that took it out (records before it stay).

    ``look`` is the index of the look that they stopped at, or were on their way to when the time was over.
    ``frequencies`` are the CPUs' mean clock in MHz at the end of each launch, None where the system does not tell.
    """

    records: Mapping[str, tuple[Record, ...]]
    failures: Mapping[str, RunoffError]
    stolen: float | None
    look: int = 0
    out_of_time: bool = False
    frequencies: tuple[float | None, ...] = ()


Race = Measured[LaunchRecord]
Perform = Callable[[int, Sequence[str]], tuple[dict[str, Record], Failures]]
"""Does the launch with this number for the entrants that are still in: their records, and the errors of the others."""


@dataclass
class Journal:
    """A file that every launch is added to as soon as it is over, so that nothing measured is lost."""

    path: Path
    problem: str = field(default="")

    def write(self, launch: int, records: Mapping[str, Any]) -> None:
        """Add one launch; a disk that is full costs the journal, not the race."""
        line = json.dumps({"launch": launch, "records": {key: asdict(record) for key, record in records.items()}})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as file:
                file.write(line + "\n")
        except OSError as error:
            self.problem = f"{self.path}: {error.strerror}"


def run_race(
    entrants: Sequence[Entrant],
    schedule: Schedule,
    *,
    images: Path,
    predictions: Mapping[str, Logits],
    logs: Path,
    journal: Journal,
    progress: Progress,
    timeouts: Timeouts,
    enough: Callable[[Race], bool] = lambda race: True,
    predecessors: Held | None = None,
) -> Race:
    """Run launches until a look of the schedule finds ``enough``.

    ``predecessors`` are suspended workers of the entrants, which end as their successors start. An entrant that has
    none is started once before: that brings files into the page cache, and memory to this machine.

    ``images`` is a file of N images; launch k runs on image k, the same for every entrant. ``predictions`` holds the
    checked logits of each entrant, N×classes: a first output with another Top-1 takes the entrant out.
    """
    pictures = min((len(logits) for logits in predictions.values()), default=1)
    random = Random(schedule.seed)
    held = {} if predecessors is None else predecessors

    def start(launch: int, keys: Sequence[str], at_once: int = 1) -> tuple[dict[str, Lane], Failures]:
        picture = Picture(images, max(launch, 0) % pictures)
        return start_lanes(
            [entrant for entrant in entrants if entrant.key in keys],
            held,
            picture=picture,
            random=random,
            logs=logs,
            timeouts=timeouts,
            verify=first_output_check(predictions, picture.index),
            tick=progress.step,
            at_once=at_once,
        )

    def warm_up(keys: Sequence[str]) -> Failures:
        without = [key for key in keys if key not in held]
        progress.begin("starting each once", len(without))
        return start(WARM_UP, without, at_once=max((entrant.threads for entrant in entrants), default=1))[1]

    def race(launch: int, keys: Sequence[str]) -> tuple[dict[str, LaunchRecord], Failures]:
        lanes, failed = start(launch, keys)
        finished, out = run_rounds(lanes, held, schedule.rounds, random=random, timeouts=timeouts, tick=progress.step)
        return finished, failed | out

    try:
        return run_launches(
            [entrant.key for entrant in entrants],
            schedule.looks,
            race,
            name="racing",
            steps=len(entrants) + schedule.rounds,
            most_seconds=schedule.most_seconds,
            journal=journal,
            progress=progress,
            warm_up=warm_up,
            enough=enough,
        )
    finally:
        end_workers(held)


def run_launches(
    keys: Sequence[str],
    looks: Sequence[int],
    perform: Perform[Record],
    *,
    name: str,
    steps: int,
    most_seconds: float | None,
    journal: Journal,
    progress: Progress,
    warm_up: Callable[[Sequence[str]], Failures] = lambda keys: {},
    enough: Callable[[Measured[Record]], bool] = lambda measured: True,
) -> Measured[Record]:
    """Perform launches of the entrants with these keys until one of the looks finds ``enough``.

    ``name`` is what progress calls them, and each takes so many ``steps`` of it. An entrant that fails is out.
    """
    records: dict[str, list[Record]] = {key: [] for key in keys}
    frequencies: list[float | None] = []
    before = read_cpu_time()
    deadline = Deadline(most_seconds)

    def measure(launch: int) -> None:
        finished, failed = perform(launch, [key for key in keys if key not in failures])
        failures.update(failed)
        frequencies.append(read_frequency())
        journal.write(launch, finished)
        for key, record in finished.items():
            records[key].append(record)

    def so_far(look: int) -> Measured[Record]:
        kept = {key: tuple(values) for key, values in records.items()}
        stolen = stolen_share(before, read_cpu_time())
        return Measured(kept, dict(failures), stolen, look, deadline.passed, tuple(frequencies))

    failures = warm_up(keys)
    launch = 0
    for look, launches in enumerate(looks):
        progress.begin(f"{name}{f', look {look + 1}' if look else ''}", (launches - launch) * steps)
        while launch < launches and deadline.allows_another():
            measure(launch)
            launch += 1
        if deadline.passed or enough(so_far(look)):
            break
    return so_far(look)


@dataclass
class Deadline:
    """Whether another launch fits into the time that is left, going by the longest so far."""

    most_seconds: float | None
    begun: float = field(default_factory=time.monotonic)
    last: float | None = None
    longest: float = 0.0
    passed: bool = False

    def allows_another(self) -> bool:
        """Tell whether another launch may begin; the first one always may."""
        now = time.monotonic()
        if self.last is not None:
            self.longest = max(self.longest, now - self.last)
            self.passed = self.most_seconds is not None and now - self.begun + self.longest > self.most_seconds
        self.last = now
        return not self.passed


def first_output_check(predictions: Mapping[str, Logits], image: int) -> Callable[[Entrant, Start], None]:
    """Make the check that a launch's first output names the class that the contender was checked with."""

    def verify(entrant: Entrant, start: Start) -> None:
        expected = int(predictions[entrant.key][image].argmax())
        found = int(start.logits.argmax())
        if found != expected:
            raise WorkerCrashed(
                f"{entrant.key}: its first output in this launch is class {found}, where it was checked with class "
                f"{expected}; the session does not give the same answer twice, so it is not timed"
            )

    return verify
