"""Processes that tests start and signal: they take an interrupt as in a terminal, and end whatever the test finds."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

PATIENCE = 60.0
"""Seconds after which a child is killed, so that a test which reads from it or waits for it can't hang."""
LONGEST_RUN = 900.0
"""Seconds after which a whole run of Runoff is ended and its test fails."""


@contextmanager
def usual_signals() -> Iterator[None]:
    """Let the signals that ask to end mean what they do in a terminal while the block lasts.

    A shell has its background jobs ignore SIGINT, nohup has its child ignore SIGHUP, and children inherit that; what is
    caught here is by default there again (signal(7)).
    """
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def child(command: Sequence[str], *, patience: float = PATIENCE, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a process with the usual signals, and kill it when the block is left or after ``patience`` seconds."""
    with usual_signals():
        process = subprocess.Popen(command, **options)
    watchdog = threading.Timer(patience, process.kill)
    watchdog.start()
    with process:
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()
