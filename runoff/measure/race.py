"""The race: launches of every entrant's cold start, and of rounds of one timed inference each, in random order."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from runoff.measure.entrant import INFERENCE_TIMEOUT, NANOSECONDS, Entrant
from runoff.measure.journal import now
from runoff.measure.launches import Measured, Setup, Yield, run_launches
from runoff.measure.probe import Probe, Reading, started_probe
from runoff.measure.rotation import Failures, Rotation, RunningWorker

LAUNCHES = 8
ROUNDS = 30
"""The default budget. Starting a launch costs as much here as fifty rounds, and most of a launch's spread is that of
its rounds, so more rounds pay before more launches do."""


@dataclass(frozen=True)
class LaunchRecord:
    """What one launch yields for one entrant: durations in seconds, memory in bytes.

    ``busy_threads`` is the median over rounds of CPU time by time taken: how many threads were kept busy, whatever the
    framework reports. ``anonymous`` is the resident memory after the last round less what is mapped from files, whose
    share differs between installations of the same package. ``high_priority`` says whether its worker had that.
    """

    durations: Mapping[str, float]
    peaks: Mapping[str, int | None]
    rounds: tuple[float, ...]
    busy_threads: float
    anonymous: int | None
    involuntary_switches: int
    high_priority: bool

    @property
    def cold_start(self) -> float:
        """Seconds from the start of the interpreter to the first output."""
        return sum(self.durations.values())

    @property
    def peak(self) -> int | None:
        """The peak resident memory of the whole launch in bytes."""
        return self.peaks["steady inference"]


Race = Measured[LaunchRecord]


def run_race(
    setup: Setup, rounds: int, enough: Callable[[Race], bool] = lambda race: True, *, name: str = "racing"
) -> Race:
    """Run launches of so many rounds until a look finds ``enough``; all workers have ended then.

    An entrant without a living worker is started once before: that brings files into the page cache, and memory to
    this machine. ``name`` is what progress calls the launches. A probe that the setup asks for is kept for all of them.
    """
    random = setup.random
    threads = max((entrant.threads for entrant in setup.entrants), default=1)
    beside: AbstractContextManager[Probe | None] = nullcontext()
    if setup.probed:
        beside = started_probe(threads, setup.workers.logs, high_priority=setup.workers.high_priority)
    with setup.workers, beside as probe:
        if probe and setup.kept.launches:
            probe.go_on(setup.kept.readings, now() - setup.kept.moment)

        def perform(launch: int, entrants: Sequence[Entrant]) -> Yield[LaunchRecord]:
            rotation = setup.start(launch, entrants, random, timed=True)
            if probe is None:
                return run_rounds(rotation, rounds), rotation.failures
            probe.begin_launch(launch)
            return run_rounds(rotation, rounds, probe.read), rotation.failures

        failed: Failures = {}
        out = setup.kept.failures
        if without := [each for each in setup.entrants if each.key not in setup.workers and each.key not in out]:
            setup.progress.begin("starting each once", len(without))
            failed = setup.start(0, without, random, timed=False).failures
        steps = len(setup.entrants) + rounds
        readings: Callable[[], Sequence[Reading]] = probe.last_launch if probe else tuple
        race = run_launches(setup, perform, name=name, steps=steps, failed=failed, enough=enough, readings=readings)
        return dataclasses.replace(race, probe=probe.probed(len(race.frequencies))) if probe else race


def run_rounds(rotation: Rotation, rounds: int, before: Callable[[], None] = lambda: None) -> dict[str, LaunchRecord]:
    """Time every worker once a round, each round in a new random order; return the records of those still in.

    ``before`` is called at the beginning of each round, when all are suspended.
    """
    return rotation.take_turns([time_one] * rounds, read_record, before)


@dataclass(frozen=True)
class Inference:
    """One timed inference: its seconds, and how many threads it kept busy."""

    seconds: float
    busy: float


def time_one(worker: RunningWorker) -> Inference:
    """Resume a worker for one timed inference."""
    answer = worker.ask({"do": "time"}, INFERENCE_TIMEOUT)
    return Inference(answer["nanoseconds"] * NANOSECONDS, answer["cpu_nanoseconds"] / answer["nanoseconds"])


def read_record(worker: RunningWorker, inferences: Sequence[Inference]) -> LaunchRecord:
    """Ask a worker for its figures at the end of a launch."""
    answer = worker.ask({"do": "report"}, INFERENCE_TIMEOUT)
    return LaunchRecord(
        durations=worker.start.durations,
        peaks={**worker.start.peaks, "steady inference": answer["peak"]},
        rounds=tuple(inference.seconds for inference in inferences),
        busy_threads=statistics.median(inference.busy for inference in inferences),
        anonymous=answer["anonymous"],
        involuntary_switches=answer["involuntary_switches"],
        high_priority=worker.process.high_priority,
    )
