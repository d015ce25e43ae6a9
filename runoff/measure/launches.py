"""Launches one after another, each written down before the next begins: the one loop of whatever is measured."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Generic, TypeVar

import numpy as np

from runoff.arrays import Arrays
from runoff.environments.machine import cpu_times, read_frequency, seconds_asleep, stolen_share
from runoff.environments.others import Reading as Processes
from runoff.environments.others import busy_others, read_processes
from runoff.errors import RunoffError, WorkerCrashed, first_line
from runoff.measure.entrant import Entrant, Example, Files, Start, receive_start, require_threads
from runoff.measure.journal import Kept, beside_launch, write_launch
from runoff.measure.probe import Probed, Reading
from runoff.measure.rotation import Failures, Rotation, RunningWorker, Workers
from runoff.processes.process import Process
from runoff.stored.info import Resumed

CONTROL = "control"
SLEEP = 0.1
"""Seconds that the machine must have been suspended in a launch for it to be void: less is how clocks are read."""
SAME_SHARE = 1e-3
"""How far numbers may be off in another launch, as a share of the largest: threads add up in another order."""


@dataclass(frozen=True)
class Progress:
    """Where it is shown how far the work is: a part that begins and takes so many steps, and each step that is done.

    ``launched`` is told what launches have yielded so far, and how many are planned: when a look begins, and whenever a
    launch is over; ``renew`` shows what changed beside them. It is only told anything between what is timed.
    """

    begin: Callable[[str, int], None]
    step: Callable[[], None]
    launched: Callable[[Measured[Any], int], None] = lambda so_far, planned: None
    renew: Callable[[], None] = lambda: None


Record = TypeVar("Record")


@dataclass(frozen=True)
class Measured(Generic[Record]):
    """What launches yield, by entrant: one record each, or the error that took it out (records before it stay).

    ``look`` is the index of the look that they stopped at, or were on their way to when the time was over.
    ``frequencies`` are the CPUs' mean clock in MHz at the end of each launch, None where the system does not say.
    ``unwritten`` says why launches could not be written down as they came, None where they were. ``probe`` is what a
    probe found meanwhile, None where none was asked for. ``broken_off`` names the signal, or the error, that ended it
    in the middle of a launch, of which nothing is kept; ``crash`` is that error, None for a signal.
    ``sleeps`` are the seconds that the machine was suspended in launches which are void for it, and were performed
    again. ``others`` are the processors that other programs kept busy, by their names. ``resumed`` says after which
    launches another process went on; what is read of the whole machine is of the last process.
    """

    records: Mapping[str, tuple[Record, ...]]
    failures: Mapping[str, RunoffError]
    stolen: float | None
    look: int = 0
    out_of_time: bool = False
    frequencies: tuple[float | None, ...] = ()
    unwritten: str | None = None
    probe: Probed | None = None
    broken_off: str | None = None
    sleeps: tuple[float, ...] = ()
    others: Mapping[str, float] = field(default_factory=dict)
    crash: Exception | None = None
    resumed: tuple[Resumed, ...] = ()


def deadline_after(seconds: float | None) -> float:
    """Return the moment of ``time.monotonic`` so many seconds from now, infinity where no number is given."""
    return math.inf if seconds is None else time.monotonic() + seconds


@dataclass(frozen=True)
class Setup:
    """What all launches of a race, or of a service question, are performed with.

    Launch k runs on example k of the ``files``, the same for every entrant. ``predictions`` are the checked outputs for
    its N examples by contender, None where nothing was checked. ``looks`` are the numbers of launches after which
    enough may have been measured; the last one ends it. Every launch is added to the ``journal`` as soon as it is over,
    so that nothing measured is lost. ``deadline`` is the moment of ``time.monotonic`` at which all must end. A race
    that is ``probed`` has a probe, by which it is known how disturbed the machine was in each round. ``asleep`` says
    for how long the machine has been suspended so far, and ``processes`` which processes there are. Where a race is
    continued, ``kept`` is what it has already.
    """

    entrants: Sequence[Entrant]
    files: Files
    predictions: Mapping[str, Arrays] | None
    looks: Sequence[int]
    seed: int
    workers: Workers
    journal: Path
    progress: Progress
    deadline: float = math.inf
    probed: bool = False
    asleep: Callable[[], float] = seconds_asleep
    processes: Callable[[], Processes] = read_processes
    kept: Kept[Any] = field(default_factory=Kept)

    @property
    def random(self) -> Random:
        """What decides orders: by the seed, and where launches are kept, other orders than theirs were."""
        return Random(f"{self.seed} after {self.kept.launches}" if self.kept.launches else self.seed)

    @property
    def looks_left(self) -> Iterator[tuple[int, int]]:
        """The looks that are still to come, of which there may be no end: each by its index with its launches."""
        return (look for look in enumerate(self.looks) if look[1] >= self.kept.launches)

    def start(self, launch: int, entrants: Sequence[Entrant], random: Random, *, timed: bool) -> Rotation:
        """Start the workers of a launch in random order, each suspended as soon as it is ready.

        Where their cold starts are not ``timed``, several start at once, which takes less time. An entrant that fails,
        or whose first outputs are not those that it was checked with, costs itself alone.
        """
        examples = [len(array) for outputs in (self.predictions or {}).values() for array in outputs.values()]
        index = launch % min(examples, default=1)
        at_once = 1 if timed else max((entrant.threads for entrant in self.entrants), default=1)
        rotation = Rotation(self.workers, random, self.progress.step)
        starting: deque[tuple[Entrant, Process]] = deque()

        def settle() -> None:
            entrant, process = starting.popleft()
            with rotation.costs_itself_alone(entrant.key):
                start = receive_start(process, entrant.signature)
                require_threads(entrant, start.threads)
                if self.predictions is not None:
                    checked = self.predictions[entrant.contender.id]
                    require_same(entrant, start, {name: array[index] for name, array in checked.items()})
                process.suspend()
                rotation.workers[entrant.key] = RunningWorker(entrant, process, start)
                self.progress.step()

        for entrant in random.sample(list(entrants), len(entrants)):
            if len(starting) == at_once:
                settle()
            with rotation.costs_itself_alone(entrant.key):
                starting.append((entrant, self.workers.succeed(entrant, Example(self.files, index))))
        while starting:
            settle()
        return rotation


def require_same(entrant: Entrant, start: Start, checked: Arrays) -> None:
    """Refuse first outputs that are not the ones which the contender was checked with: in class, or in numbers.

    Raises WorkerCrashed.
    """
    again = "the session does not give the same answer twice, so it is not timed"
    if entrant.signature.classes is not None:
        name = entrant.signature.outputs[0].name
        found, expected = (int(outputs[name].argmax()) for outputs in (start.outputs, checked))
        if found != expected:
            raise WorkerCrashed(
                f"{entrant.key}: its first output in this launch is class {found}, where it was checked with class "
                f"{expected}; {again}"
            )
        return
    for name, numbers in start.outputs.items():
        same = checked[name].reshape(-1)[: len(numbers)].astype(np.float64)
        if numbers.size and np.abs(numbers - same).max() > SAME_SHARE * np.abs(same).max():
            raise WorkerCrashed(
                f"{entrant.key}: its first output {name!r} in this launch is another than it was checked with; {again}"
            )


Yield = tuple[dict[str, Record], Failures]
"""What a launch yields: a record of every entrant that is still in, and the errors of the others."""
Perform = Callable[[int, Sequence[Entrant]], Yield[Record]]
"""Does the launch with this number for the entrants that are still in."""
Exercise = Callable[[Rotation, int], dict[str, Record]]
"""What the workers of one launch do in turns; it is given their rotation and the launch's number."""


def run_exercise(setup: Setup, exercise: Exercise[Record], *, name: str, steps: int) -> Measured[Record]:
    """Start one worker for each entrant in every launch and let them do an exercise of so many ``steps`` in turns."""
    random = Random(setup.seed)

    def perform(launch: int, entrants: Sequence[Entrant]) -> Yield[Record]:
        rotation = setup.start(launch, entrants, random, timed=False)
        return exercise(rotation, launch), rotation.failures

    return run_launches(setup, perform, name=name, steps=len(setup.entrants) + steps)


def yielded(
    records: Mapping[str, Sequence[Record]], failures: Failures, look: int, frequencies: Sequence[float | None]
) -> Measured[Record]:
    """Return what launches have yielded so far, without what is read of the whole machine, which takes its time."""
    kept = {key: tuple(values) for key, values in records.items()}
    return Measured(kept, dict(failures), None, look, frequencies=tuple(frequencies))


def ended_by(error: BaseException | None) -> str | None:
    """Name what ended launches: a signal, or an error in one line; None where nothing did."""
    if error is None:
        return None
    return first_line(error) if isinstance(error, Exception) else str(error) or "SIGINT"


def run_launches(
    setup: Setup,
    perform: Perform[Record],
    *,
    name: str,
    steps: int,
    failed: Failures | None = None,
    enough: Callable[[Measured[Record]], bool] = lambda measured: True,
    readings: Callable[[], Sequence[Reading]] = tuple,
) -> Measured[Record]:
    """Perform launches until one of the looks finds ``enough``, or the next would not end before the deadline.

    ``name`` is what progress calls them, and each takes so many ``steps`` of it. An entrant that fails is out, as those
    are that have ``failed`` before. The first launch always begins, and the longest so far says what the next takes.
    ``readings`` gives what a probe found in the launch that is over. A signal in the middle of a launch ends them, and
    so does an error that is no entrant's, as of a full disk; what was measured before stays. A launch in which the
    machine was suspended is void, and is performed again.

    Raises KeyboardInterrupt, or the error, where it came before the first launch was over.
    """
    kept = setup.kept
    records: dict[str, list[Record]] = {
        entrant.key: list(kept.records.get(entrant.key, ())) for entrant in setup.entrants
    }
    failures: Failures = {**(failed or {}), **kept.failures}
    frequencies = list(kept.frequencies)
    resumed = kept.resumed_now()
    unwritten: str | None = None
    before, processes = cpu_times(), setup.processes()
    launch, longest, out_of_time = kept.launches, 0.0, False
    stopped: BaseException | None = None
    sleeps: list[float] = []

    def so_far(look: int) -> Measured[Record]:
        found = {key: tuple(values) for key, values in records.items()}
        stolen = stolen_share(before, cpu_times())
        return Measured(
            found,
            dict(failures),
            stolen,
            look,
            out_of_time,
            tuple(frequencies),
            unwritten,
            broken_off=ended_by(stopped),
            crash=stopped if isinstance(stopped, Exception) else None,
            resumed=resumed if launch > kept.launches else kept.resumed,
            sleeps=tuple(sleeps),
            others=busy_others(processes, setup.processes()),
        )

    with setup.workers:
        for look, launches in setup.looks_left:
            setup.progress.begin(f"{name}{f', look {look + 1}' if look else ''}", (launches - launch) * steps)
            setup.progress.launched(yielded(records, failures, look, frequencies), launches)
            while launch < launches:
                out_of_time = launch > 0 and time.monotonic() + longest > setup.deadline
                if out_of_time:
                    break
                begun, asleep = time.monotonic(), setup.asleep()
                still_in = [entrant for entrant in setup.entrants if entrant.key not in failures]
                try:
                    finished, out = perform(launch, still_in)
                except (KeyboardInterrupt, Exception) as error:  # whatever it is, launches are kept
                    if launch == 0:
                        raise
                    stopped = error
                    break
                if (slept := setup.asleep() - asleep) > SLEEP:
                    sleeps.append(slept)
                    continue
                failures |= out
                frequencies.append(read_frequency())
                beside = beside_launch(frequencies[-1], failures, resumed)
                unwritten = write_launch(setup.journal, launch, finished, readings(), beside) or unwritten
                for key, record in finished.items():
                    records[key].append(record)
                launch += 1
                longest = max(longest, time.monotonic() - begun)
                setup.progress.launched(yielded(records, failures, look, frequencies), launches)
            if out_of_time or stopped or enough(so_far(look)):
                break
    return so_far(look)
