"""Imagined workers and an imagined clock: launches without any process, whose every figure is known."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from runoff.measure.entrant import Entrant, Example
from runoff.processes.channel import Message
from tests.fakes.fake import true_logits

Answer = Callable[[Entrant, Message], Message]
"""What a worker answers to a command; an error that it raises is the worker's."""


@dataclass
class Clock:
    """A clock in the place of the module ``time``, which goes on only when it is told to; in whole nanoseconds."""

    now: int = 0
    cpu: int = 0

    def monotonic(self) -> float:
        """Return the moment in seconds."""
        return self.now / 1e9

    perf_counter = monotonic

    def perf_counter_ns(self) -> int:
        """Return the moment."""
        return self.now

    def process_time_ns(self) -> int:
        """Return the CPU time so far."""
        return self.cpu


@dataclass
class Conversation:
    """A channel whose requests are all there already; it keeps the answers."""

    requests: deque[Message]
    answers: list[Message] = field(default_factory=list)

    def receive(self) -> Message | None:
        """Give the next request, None where there is no further one."""
        return self.requests.popleft() if self.requests else None

    def send(self, answer: Message) -> None:
        """Keep an answer."""
        self.answers.append(answer)


@dataclass
class ImaginedProcess:
    """A worker as its controller sees it: it answers at once, and notes what happens to it."""

    entrant: Entrant
    answer: Answer
    waiting: deque[Message]
    events: list[tuple[str, str]]
    high_priority: bool
    timeouts: list[float] = field(default_factory=list)
    popen: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(pid=7))

    def send(self, message: Message) -> None:
        """Answer one request."""
        self.note(message["do"])
        self.waiting.append(self.answer(self.entrant, message))

    def receive(self, timeout: float) -> Message:
        """Give the first answer that was not given."""
        self.timeouts.append(timeout)
        return self.waiting.popleft()

    def ask(self, message: Message, timeout: float) -> Message:
        """Answer one request and give the answer."""
        self.send(message)
        return self.receive(timeout)

    def suspend(self) -> None:
        """Note it."""
        self.note("suspend")

    def resume(self) -> None:
        """Note it."""
        self.note("resume")

    def note(self, event: str) -> None:
        """Note an event by the entrant's key."""
        self.events.append((self.entrant.key, event))


def start_of(entrant: Entrant, example: Example) -> Message:
    """Return the report of a cold start that is as it should be."""
    (file,) = example.files.values()
    logits = true_logits(np.load(file))[example.index]
    return {
        "durations": {"interpreter": 1_000_000, "import": 20_000_000, "load": 300_000_000, "first inference": 5_000},
        "peaks": {"interpreter": 10, "import": 20, "load": 30, "first inference": 40},
        "threads": entrant.threads,
        "outputs": {"logits": base64.b64encode(logits.tobytes()).decode()},
    }


@dataclass
class Workshop:
    """Where workers are started without processes; ``events`` are all that happened to them, in order.

    ``answer`` is what they answer to commands, ``start`` what they report of their cold starts.
    """

    answer: Answer = lambda entrant, message: {}
    start: Callable[[Entrant, Example], Message] = start_of
    events: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[tuple[str, int]] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)
    priorities: list[bool] = field(default_factory=list)
    processes: list[ImaginedProcess] = field(default_factory=list)

    @contextmanager
    def started_worker(
        self, entrant: Entrant, example: Example, log: Path, *, high_priority: bool = True
    ) -> Iterator[ImaginedProcess]:
        """Start an imagined worker, in the place of ``runoff.measure.entrant.started_worker``."""
        waiting = deque([self.start(entrant, example)])
        process = ImaginedProcess(entrant, self.answer, waiting, self.events, high_priority)
        self.pictures.append((entrant.key, example.index))
        self.logs.append(log)
        self.priorities.append(high_priority)
        self.processes.append(process)
        process.note("start")
        try:
            yield process
        finally:
            process.note("end")

    def order(self, event: str) -> list[str]:
        """Return whom an event happened to, in order."""
        return [key for key, happened in self.events if happened == event]
