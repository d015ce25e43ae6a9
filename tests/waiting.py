"""What tests wait for in other processes: that they end, or say a word. The kernel tells, and each wait has a bound."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from runoff.processes.process import Process
from tests.children import PATIENCE

Found = TypeVar("Found")
HARDLY = 0.5
"""Seconds that a process is waited for which will never answer."""


def hurry(monkeypatch: pytest.MonkeyPatch, label: str, usual: float) -> None:
    """Shorten one time-out of one process, by its name; the others keep theirs, however busy the machine is."""
    receive = Process.receive

    def hurried(process: Process, timeout: float) -> object:
        return receive(process, HARDLY if (process.label, timeout) == (label, usual) else timeout)

    monkeypatch.setattr(Process, "receive", hurried)


def until(condition: Callable[[], Found], what: str) -> Found:
    """Ask until something holds that no event tells, such as what a page shows, and return it; ``what`` is its name."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE:g} s"
        time.sleep(0.02)
    return found


@contextmanager
def all_end() -> Iterator[Callable[[int], None]]:
    """Yield what takes the numbers of living processes, and wait at the block's end until each of them has ended.

    A process that nobody has waited for yet has ended too.
    """
    with ExitStack() as held:
        watched: dict[int, int] = {}

        def watch(process: int) -> None:
            descriptor = os.pidfd_open(process)
            held.callback(os.close, descriptor)
            assert not is_ready(descriptor, 0), f"process {process} has already ended"
            watched[process] = descriptor

        yield watch
        for process, descriptor in watched.items():
            assert is_ready(descriptor, PATIENCE), f"process {process} has not ended within {PATIENCE:g} s"


def is_ready(descriptor: int, seconds: float) -> bool:
    """Whether there is something to read within so many seconds; of a process, that it has ended."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


@contextmanager
def told_through(path: Path) -> Iterator[Callable[[], str]]:
    """Make a named pipe, and yield what waits for a word that another process writes into it."""
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def wait() -> str:
        assert is_ready(descriptor, PATIENCE), f"nothing was written into {path.name} within {PATIENCE:g} s"
        return os.read(descriptor, 1 << 16).decode()

    try:
        yield wait
    finally:
        os.close(descriptor)
