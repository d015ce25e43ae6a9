"""Signals that ask a process to end: noted whenever they come, and raised only while it waits.

A signal that raised an error anywhere could come between the start of a worker and the note of who ends it, or in the
middle of clearing up. Nearly all of a run's time is spent waiting for a worker's answer.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, what systems and tools end a process with, and a terminal or a connection that is gone."""


@dataclass
class Interruption:
    """The handler of these signals: ``noted`` are the names of those that came, ``waiting`` is whether one may raise.

    From the first one on every wait raises KeyboardInterrupt with its name; so what is begun after it waits for nobody.
    """

    noted: list[str] = field(default_factory=list)
    waiting: bool = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Note a signal, and raise KeyboardInterrupt where a wait can be broken off."""
        self.noted.append(signal.Signals(number).name)
        self.raise_noted()

    def raise_noted(self) -> None:
        """Raise KeyboardInterrupt with the first signal's name, where one was noted and a wait can be broken off."""
        if self.waiting and self.noted:
            self.waiting = False
            raise KeyboardInterrupt(self.noted[0])


@contextmanager
def signals_noted() -> Iterator[Interruption]:
    """Note the signals that ask to end while the block lasts; those that this process ignores (nohup) stay ignored.

    Only a main thread can do so: elsewhere nothing is noted.
    """
    interruption, before = Interruption(), {}
    if threading.current_thread() is threading.main_thread():
        handled = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, interruption) for number in handled}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def breakable() -> Iterator[None]:
    """Let a wait be broken off by a signal that comes in it, or came before; raises KeyboardInterrupt then."""
    interruption = current()
    if interruption is None:
        yield
        return
    interruption.waiting = True
    try:
        interruption.raise_noted()
        yield
    finally:
        interruption.waiting = False


def current() -> Interruption | None:
    """Return what notes signals now, None where nothing does or this is not the thread that signals come to."""
    if threading.current_thread() is not threading.main_thread():
        return None
    handlers = [signal.getsignal(number) for number in ENDING]
    return next((handler for handler in handlers if isinstance(handler, Interruption)), None)


def end_by_signals() -> None:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does, so that it clears up."""
    for number in ENDING[1:]:
        with suppress(ValueError):  # not the main thread, which no signal comes to
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, signal.default_int_handler)
