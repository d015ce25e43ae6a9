"""The workers that are alive: all suspended but the one whose turn it is, and each ended in time, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import TracebackType
from typing import TypeVar

from runoff.errors import RunoffError
from runoff.measure.entrant import Entrant, Example, Start, started_worker
from runoff.processes.channel import Message
from runoff.processes.process import Process

Failures = dict[str, RunoffError]
"""The errors of those that are out, by entrant."""
Value = TypeVar("Value")
Record = TypeVar("Record")


def raise_first(failures: Mapping[str, RunoffError]) -> None:
    """Raise what went wrong, where every entrant is needed."""
    for error in failures.values():
        raise error


@dataclass(frozen=True)
class RunningWorker:
    """An entrant's worker that has started, suspended between its turns."""

    entrant: Entrant
    process: Process
    start: Start

    def ask(self, message: Message, timeout: float) -> Message:
        """Resume the worker for one request and suspend it again."""
        self.process.resume()
        answer = self.process.ask(message, timeout)
        self.process.suspend()
        return answer


@dataclass
class Workers:
    """Owner of all workers that are alive; leaving its block ends them, and it can be entered again.

    ``logs`` is the folder of what they print; they have ``high_priority`` where the system permits that.
    """

    logs: Path
    high_priority: bool = True
    _alive: dict[str, ExitStack] = field(default_factory=dict)

    def __enter__(self) -> Workers:
        """Enter the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End all workers."""
        self.end_all()

    def __contains__(self, key: str) -> bool:
        """Whether an entrant's worker is alive."""
        return key in self._alive

    def keep(self, key: str, worker: ExitStack) -> None:
        """Own an entrant's suspended worker that was started elsewhere; closing it ends that worker."""
        self._alive[key] = worker

    def end(self, key: str) -> None:
        """End an entrant's worker, where one is alive."""
        self._alive.pop(key, ExitStack()).close()

    def end_all(self) -> None:
        """End all workers that are alive."""
        for key in list(self._alive):
            self.end(key)

    def succeed(self, entrant: Entrant, example: Example) -> Process:
        """Start an entrant's worker in the place of the one that is alive.

        That one ends only now, so that its successor takes the memory which this frees. On a virtual machine whose host
        takes free memory back, memory that has been free for seconds costs 2.5 ms per MB to touch: a cold start of
        0.2 s was 0.6 s by the order of the starts alone. Raises a WorkerFailed.
        """
        self.end(entrant.key)
        worker = self._alive[entrant.key] = ExitStack()
        return worker.enter_context(
            started_worker(entrant, example, self.logs / f"{entrant.key}.log", high_priority=self.high_priority)
        )


@dataclass
class Rotation:
    """The workers of one launch, which take turns; ``failures`` says by entrant why others are out."""

    owner: Workers
    random: Random
    tick: Callable[[], None]
    workers: dict[str, RunningWorker] = field(default_factory=dict)
    failures: Failures = field(default_factory=dict)

    @property
    def running(self) -> list[str]:
        """The entrants that are still in."""
        return sorted(self.workers.keys() - self.failures.keys())

    def take_turns(
        self,
        units: Sequence[Callable[[RunningWorker], Value]],
        record: Callable[[RunningWorker, list[Value]], Record],
        before: Callable[[], None] = lambda: None,
    ) -> dict[str, Record]:
        """Let every worker do each unit of work, one at a time and each unit in a new random order.

        Returns by entrant what ``record`` makes of the values that its worker's units gave. One that fails is out.
        ``before`` is called at the beginning of each unit, when all are suspended.
        """
        values: dict[str, list[Value]] = {key: [] for key in self.running}
        for unit in units:
            before()
            running = self.running
            for key in self.random.sample(running, len(running)):
                with self.costs_itself_alone(key):
                    values[key].append(unit(self.workers[key]))
            self.tick()
        records: dict[str, Record] = {}
        for key in self.running:
            with self.costs_itself_alone(key):
                records[key] = record(self.workers[key], values[key])
        return records

    @contextmanager
    def costs_itself_alone(self, key: str) -> Iterator[None]:
        """Turn an error into the failure of one entrant, whose worker is ended at once."""
        try:
            yield
        except RunoffError as error:
            self.failures[key] = error
            self.owner.end(key)
