"""The race: K launches of all entrants; each launch is written down before the next one begins."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Protocol

from runoff.contract import Logits, RunoffError, WorkerCrashed
from runoff.measure.launch import (
    Entrant,
    Failures,
    Held,
    LaunchRecord,
    Picture,
    Start,
    Timeouts,
    run_rounds,
    start_lanes,
)
from runoff.measure.machine import read_cpu_time, stolen_share

CONTROL = "control"
WARM_UP = -1
"""The number of the launch that is started only: it brings files into the page cache, and memory to this machine."""


class Progress(Protocol):
    """Where the race says how far it is."""

    def begin(self, what: str, steps: int) -> None:
        """Begin a part of the work that takes so many steps."""

    def step(self) -> None:
        """Note that one step of it is done."""


@dataclass(frozen=True)
class Schedule:
    """How much is measured, and the seed of all its random orders."""

    launches: int
    rounds: int
    seed: int


@dataclass(frozen=True)
class Race:
    """What a race yields, by entrant: one record a launch, or the error that took it out (records before it stay)."""

    records: Mapping[str, tuple[LaunchRecord, ...]]
    failures: Mapping[str, RunoffError]
    stolen: float | None


@dataclass
class Journal:
    """A file that every launch is added to as soon as it is over, so that nothing measured is lost."""

    path: Path
    problem: str = field(default="")

    def write(self, launch: int, records: Mapping[str, LaunchRecord]) -> None:
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
) -> Race:
    """Run every launch of the schedule, after one that is started but not measured.

    ``images`` is a file of N images; launch k runs on image k, the same for every entrant. ``predictions`` holds the
    checked logits of each entrant, N×classes: a first output with another Top-1 takes the entrant out.
    """
    pictures = min((len(logits) for logits in predictions.values()), default=1)
    random = Random(schedule.seed)
    records: dict[str, list[LaunchRecord]] = {entrant.key: [] for entrant in entrants}
    failures: Failures = {}
    held: Held = {}
    before = read_cpu_time()
    progress.begin("racing", len(entrants) + schedule.launches * (len(entrants) + schedule.rounds))
    try:
        for launch in range(WARM_UP, schedule.launches):
            picture = Picture(images, max(launch, 0) % pictures)
            lanes, failed = start_lanes(
                [entrant for entrant in entrants if entrant.key not in failures],
                held,
                picture=picture,
                random=random,
                logs=logs,
                timeouts=timeouts,
                verify=first_output_check(predictions, picture.index),
                tick=progress.step,
            )
            failures |= failed
            if launch == WARM_UP:
                continue
            finished, failed = run_rounds(
                lanes, held, schedule.rounds, random=random, timeouts=timeouts, tick=progress.step
            )
            failures |= failed
            journal.write(launch, finished)
            for key, record in finished.items():
                records[key].append(record)
    finally:
        for worker in held.values():
            worker.close()
    kept = {key: tuple(values) for key, values in records.items()}
    return Race(kept, failures, stolen_share(before, read_cpu_time()))


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
