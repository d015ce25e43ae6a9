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
def child(command: Sequence[str], *, patience: float = PATIENCE, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a process, and kill it when the block is left or after ``patience`` seconds.

    A shell has its background jobs ignore SIGINT, and their children inherit that; what is caught here is by default
    there again (signal(7)).
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, **options)
    finally:
        signal.signal(signal.SIGINT, before)
    watchdog = threading.Timer(patience, process.kill)
    watchdog.start()
    with process:
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()
