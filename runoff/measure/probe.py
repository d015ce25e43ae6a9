"""The probe: how disturbed the machine is at the beginning of a round, by work whose amount never changes.

It works on as many processors at once as contenders have threads, since a neighbour's demand on what processors share
shows on all of them together: on a machine whose PyTorch took from 33 to 62 ms, one processor alone hardly saw it.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runoff.environments.machine import cpu_times, stolen_time
from runoff.errors import RunoffError
from runoff.kernels import blas_threads
from runoff.processes.process import Process, started
from runoff.processes.surroundings import Surroundings
from runoff.processor import own_cpus

NANOSECONDS = 1e-9
START_TIMEOUT = 60.0
ANSWER_TIMEOUT = 10.0
PAUSE = 19
"""A reading is left out that would come before so many times what the fastest took: they take 5 % of the time at most.

Were it what the last one took, disturbed rounds would be followed by fewer readings than quiet ones.
"""


@dataclass(frozen=True)
class Reading:
    """What the probe found at the beginning of a round; seconds, those of work by processor.

    ``moment`` counts from the probe's start; ``switches`` is how often something else had one of its processors while
    it worked; ``stolen`` is the time that other machines on the host took of all processors since the reading before,
    None where the system does not say.
    """

    round: int
    moment: float
    arithmetic: tuple[float, ...]
    memory: tuple[float, ...]
    switches: int
    stolen: float | None


@dataclass(frozen=True)
class Probed:
    """All readings of a race by launch, and the processors that they are of.

    ``reason`` says why there is none, or none any more.
    """

    processors: tuple[int, ...]
    launches: tuple[tuple[Reading, ...], ...]
    reason: str | None = None


@dataclass
class Probe:
    """The processes of a probe, one bound to each of some processors, and what they found so far.

    ``owner`` ends them; ``begun`` is when they were started, ``times`` are those of the processors at the last reading,
    ``fastest`` is what the fastest one took, and ``next`` the moment before which none is made.
    """

    owner: ExitStack
    begun: float
    times: Any
    reason: str | None = None
    processes: dict[int, Process] = field(default_factory=dict)
    launches: list[list[Reading]] = field(default_factory=list)
    round: int = 0
    fastest: float = math.inf
    next: float = -math.inf

    def go_on(self, launches: Sequence[Sequence[Reading]], seconds: float) -> None:
        """Go on after the launches of an earlier probe, the last of which was over so many seconds ago."""
        self.launches = [list(readings) for readings in launches]
        last = max((reading.moment for readings in launches for reading in readings), default=0.0)
        self.begun = time.monotonic() - last - seconds

    def begin_launch(self, launch: int) -> None:
        """Let the rounds of the launch with this number begin, once more where it was void."""
        self.launches[launch:] = [[]]
        self.round = 0

    def read(self) -> None:
        """Make a reading at the beginning of a round, on all processors at once.

        Where the rounds are so short that it would take more than its share of them, it is left out. A probe that
        breaks down is ended; it costs no contender anything.
        """
        number, self.round = self.round, self.round + 1
        begin = time.monotonic()
        if self.reason or begin < self.next:
            return
        try:
            for process in self.processes.values():
                process.send({})
            answers = [process.receive(ANSWER_TIMEOUT) for process in self.processes.values()]
        except RunoffError as error:
            self.give_up(f"it broke down in launch {len(self.launches)} ({error})")
            return
        before, self.times = self.times, cpu_times()
        self.launches[-1].append(
            Reading(
                round=number,
                moment=begin - self.begun,
                arithmetic=tuple(answer["arithmetic"] * NANOSECONDS for answer in answers),
                memory=tuple(answer["memory"] * NANOSECONDS for answer in answers),
                switches=sum(answer["switches"] for answer in answers),
                stolen=stolen_time(before, self.times),
            )
        )
        end = time.monotonic()
        self.fastest = min(self.fastest, end - begin)
        self.next = end + PAUSE * self.fastest

    def give_up(self, reason: str) -> None:
        """End the processes, and keep why."""
        self.reason = reason
        self.owner.close()

    def last_launch(self) -> Sequence[Reading]:
        """Return the readings of the last launch that began."""
        return self.launches[-1]

    def probed(self, launches: int | None = None) -> Probed:
        """Return all that was found, or in so many launches, where another one was broken off."""
        return Probed(tuple(self.processes), tuple(map(tuple, self.launches[:launches])), self.reason)


@contextmanager
def started_probe(threads: int, logs: Path, *, high_priority: bool) -> Iterator[Probe]:
    """Start a probe on as many processors as there are threads; it is ended when the block is left.

    One that can't run gives no readings and says why.
    """
    with ExitStack() as owner:
        probe = Probe(owner, time.monotonic(), cpu_times(), why_not())
        if probe.reason is None:
            try:
                start(probe, sorted(own_cpus())[:threads], logs, high_priority=high_priority)
            except RunoffError as error:
                probe.give_up(f"it could not be started ({error})")
        yield probe


def why_not() -> str | None:
    """Say why this system can't have a probe, None where it can."""
    if not hasattr(os, "sched_setaffinity"):
        return "this system binds no process to a processor"
    if len(own_cpus()) < 2:
        return "only one processor may be used here, and the probe would share it with Runoff itself"
    return None


def start(probe: Probe, processors: Sequence[int], logs: Path, *, high_priority: bool) -> None:
    """Start a process for each processor, all at once, and wait until they are ready.

    Raises a RunoffError.
    """
    for processor in processors:
        name = f"probe-{processor}"
        surroundings = Surroundings(variables=blas_threads(1), high_priority=high_priority, cpus=(processor,))
        process = probe.owner.enter_context(
            started("runoff.measure.processor_work", label=name, log=logs / f"{name}.log", surroundings=surroundings)
        )
        process.send_first({})
        probe.processes[processor] = process
    for process in probe.processes.values():
        process.receive(START_TIMEOUT)
