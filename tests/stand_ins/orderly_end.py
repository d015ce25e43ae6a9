"""A plugin of pytest for runs under coverage.py: workers leave by themselves, so that what they ran is written down.

A controller ends its workers by SIGKILL, and what a killed process ran is lost. One whose input ends leaves in order.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress

from runoff.processes.process import Process

PATIENCE = 5.0
"""Seconds after which a worker that is busy is killed as ever; what it ran is lost then."""
kill = Process.end


def end(process: Process) -> None:
    """Let a worker's input end, wait until it has left, and kill what is left of it."""
    process.resume()
    with suppress(BrokenPipeError):
        process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.popen.wait(PATIENCE)
    kill(process)


def pytest_configure() -> None:
    """Put the orderly end in the place of the other."""
    Process.end = end
