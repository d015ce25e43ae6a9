"""Turns: of the living workers of a launch one works at a time, in random order, and one that fails is out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from runoff.errors import RunoffError

if TYPE_CHECKING:
    from runoff.measure.launch import Entrant, Failures, Held, Start
    from runoff.processes.channel import Message
    from runoff.processes.process import Process


@dataclass
class Lane:
    """An entrant's worker within a launch, and what it has given so far."""

    entrant: Entrant
    process: Process
    start: Start
    rounds: list[float]
    busy: list[float]

    def ask(self, message: Message, timeout: float) -> Message:
        """Wake the worker for one request and suspend it again."""
        self.process.resume()
        answer = self.process.ask(message, timeout)
        self.process.suspend()
        return answer


@dataclass
class Turns:
    """The lanes of a launch, all suspended, and the errors of those that are out."""

    lanes: dict[str, Lane]
    held: Held
    random: Random
    failures: Failures = field(default_factory=dict)

    def running(self) -> list[str]:
        """Name the lanes that are still in."""
        return sorted(self.lanes.keys() - self.failures.keys())

    def everyone(self, unit: Callable[[Lane], None]) -> None:
        """Let every lane do a unit of work, in a new random order."""
        running = self.running()
        for key in self.random.sample(running, len(running)):
            self.one(key, unit)

    def one(self, key: str, unit: Callable[[Lane], None]) -> None:
        """Let one lane do a unit of work; one that fails is ended at once and costs itself alone."""
        try:
            unit(self.lanes[key])
        except RunoffError as error:
            self.failures[key] = error
            self.held.pop(key).close()
