"""What a neighbour costs: rounds beside one that streams through memory or computes, among quiet ones.

The machine's CPUs are divided in two: contenders are kept on one half, and the neighbour on the other. So it takes none
of their processor time, which any scheduler would share out, but what can't be shared out: caches, the way to memory,
the clock, and the core where the two halves are threads of one.
"""

from __future__ import annotations

import dataclasses
import math
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from runoff.environments.cpus import Sides, allowed_threads
from runoff.errors import WorkerFailed
from runoff.judge.ratios import launch_log_ratio
from runoff.kernels import blas_threads
from runoff.measure.entrant import INFERENCE_TIMEOUT, START_TIMEOUT
from runoff.measure.launches import Measured, Setup, run_exercise
from runoff.measure.race import time_one
from runoff.measure.rotation import Rotation, RunningWorker
from runoff.measure.service.neighbour_work import COMPUTE, MEMORY
from runoff.processes.process import Process, started
from runoff.processes.surroundings import Surroundings

QUIET = "quiet"


@dataclass(frozen=True)
class Neighbour:
    """What a neighbour takes, and for what share of the time it is at work."""

    kind: str
    share: float

    @property
    def name(self) -> str:
        """The name that its rounds are kept under."""
        return f"{self.kind} {self.share:g}"


NEIGHBOURS = tuple(Neighbour(kind, share) for kind in (MEMORY, COMPUTE) for share in (0.5, 1.0))
"""Two intensities by time: on two CPUs, the fewest that there is a neighbour on, it has no more than one of them."""
WHOLE_MEMORY = Neighbour(MEMORY, 1.0)
"""The one by which contenders are compared."""
STATES: tuple[Neighbour | None, ...] = (None, *NEIGHBOURS)
"""What each round has, in random order: no neighbour, and each one."""


@dataclass(frozen=True)
class NeighbourRecord:
    """What one launch yields: seconds a round by the neighbour's name, QUIET among them, and where the two ran."""

    rounds: Mapping[str, tuple[float, ...]]
    cpus: int
    one_core: bool

    @property
    def quiet(self) -> float:
        """The median over rounds without a neighbour."""
        return statistics.median(self.rounds[QUIET])

    def slowdown(self, neighbour: Neighbour) -> float:
        """Return how many times as long inferences took beside a neighbour, each paired with its round's quiet one."""
        return math.exp(launch_log_ratio(self.rounds[neighbour.name], self.rounds[QUIET]))


@dataclass(frozen=True)
class RunningNeighbour:
    """The processes of a neighbour, one a CPU, suspended while none of its kinds is asked for."""

    processes: Sequence[Process]

    @contextmanager
    def at_work(self, neighbour: Neighbour | None) -> Iterator[None]:
        """Let it do one kind of work while the block lasts, or nothing.

        Raises a WorkerFailed.
        """
        if neighbour is None:
            yield
            return
        for process in self.processes:
            process.resume()
            process.send({"do": neighbour.kind, "share": neighbour.share})
        for process in self.processes:
            process.receive(INFERENCE_TIMEOUT)
        try:
            yield
        finally:
            for process in self.processes:
                process.suspend()


@contextmanager
def running_neighbour(cpus: Sequence[int], logs: Path) -> Iterator[RunningNeighbour]:
    """Start a neighbour's processes, each kept on one CPU and suspended; they are ended when the block is left.

    They go before other processes as workers do, so that it is they who take what they are to take. Raises a
    WorkerFailed.
    """
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                started(
                    "runoff.measure.service.neighbour_work",
                    label=f"the neighbour on CPU {cpu}",
                    log=logs / f"neighbour-{cpu}.log",
                    surroundings=Surroundings(variables=blas_threads(1), high_priority=True, cpus=(cpu,)),
                )
            )
            for cpu in cpus
        ]
        for process in processes:
            process.send_first({})
        for process in processes:
            process.receive(START_TIMEOUT)
            process.suspend()
        yield RunningNeighbour(processes)


def why_no_neighbour() -> str | None:
    """Say why contenders can't have a neighbour on this machine, None where they can."""
    if not hasattr(os, "sched_setaffinity"):
        return (
            "this system keeps no process on separate CPUs, so that a neighbour would take processor time instead "
            "of what can't be shared out; ask on Linux"
        )
    if allowed_threads() < 2:
        return "one CPU is allowed here, and a neighbour needs one beside the contenders'; allow two or more"
    return None


def measure_neighbour(setup: Setup, sides: Sides, rounds: int) -> Measured[NeighbourRecord]:
    """Time rounds without and beside each neighbour, with as many threads as there are CPUs on a side.

    A neighbour that can't be started is everybody's failure.
    """
    entrants = [dataclasses.replace(entrant, threads=len(sides.own), cpus=sides.own) for entrant in setup.entrants]
    try:
        with running_neighbour(sides.other, setup.workers.logs) as running:

            def exercise(rotation: Rotation, launch: int) -> dict[str, NeighbourRecord]:
                states = [state for _ in range(rounds) for state in rotation.random.sample(STATES, len(STATES))]
                units = [partial(time_beside, running=running, neighbour=state) for state in states]
                return rotation.take_turns(units, partial(make_record, states=states, sides=sides))

            placed = dataclasses.replace(setup, entrants=entrants)
            return run_exercise(placed, exercise, name="neighbour", steps=rounds * len(STATES))
    except WorkerFailed as error:
        return Measured({}, {entrant.key: error for entrant in entrants}, None)


def time_beside(worker: RunningWorker, running: RunningNeighbour, neighbour: Neighbour | None) -> float:
    """Return the seconds of one timed inference beside a neighbour, which is stopped before and after it."""
    with running.at_work(neighbour):
        return time_one(worker).seconds


def make_record(
    _: RunningWorker, seconds: Sequence[float], states: Sequence[Neighbour | None], sides: Sides
) -> NeighbourRecord:
    """Make a launch's record of a worker's times, in the order in which its states were."""
    rounds: dict[str, list[float]] = {}
    for state, value in zip(states, seconds, strict=True):
        rounds.setdefault(state.name if state else QUIET, []).append(value)
    return NeighbourRecord({name: tuple(values) for name, values in rounds.items()}, len(sides.own), sides.one_core)
