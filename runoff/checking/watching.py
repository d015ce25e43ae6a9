"""What a backend does besides what it was called for: prints, files, processes, another current folder.

Standard library only: it runs in every environment.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

MARK = "RUNOFF_CHECKED"
"""The environment variable by which the processes are known that a backend starts, detached ones too."""
PATIENCE = 1.0
"""Seconds that a process has to end by itself."""
LONGEST = 80
TRACKER = b"multiprocessing.resource_tracker"
STDOUT, FOLDER, PROCESSES, FILES = "stdout", "current folder", "processes", "files"
"""What is watched, as the checks are named."""


@dataclass
class Seen:
    """What was found so far, by the check that it belongs to: what fails it, and what is only to be known."""

    faults: list[list[str]] = field(default_factory=list)
    notes: list[list[str]] = field(default_factory=list)

    def fault(self, check: str, words: str) -> None:
        """Add a fault, if it is not there."""
        if [check, words] not in self.faults:
            self.faults.append([check, words])

    def note(self, check: str, words: str) -> None:
        """Add a note, if it is not there."""
        if [check, words] not in self.notes:
            self.notes.append([check, words])

    def answer(self) -> dict[str, list[list[str]]]:
        """Return it as JSON values."""
        return {"faults": self.faults, "notes": self.notes}


@contextmanager
def apart() -> Iterator[Path]:
    """Give a process an empty current folder, from which it returns."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder).resolve()
        finally:
            os.chdir(before)


@contextmanager
def watched(seen: Seen, what: str) -> Iterator[None]:
    """Watch a call of a backend's function, named as in ``what``; the current folder is an empty one of its own."""
    folder = Path.cwd()
    try:
        with printed_to() as printed:
            yield
    finally:
        if words := printed.read_text(errors="replace").strip():
            first = words.splitlines()[0]
            seen.fault(STDOUT, f"{what} prints on standard output: {first[:LONGEST]!r}")
        printed.unlink()
        if (now := Path.cwd()) != folder:
            seen.fault(FOLDER, f"{what} changes the current folder, to {now}")
            os.chdir(folder)
        for left in folder.iterdir():
            seen.fault(FILES, f"{what} leaves {left.name} in the current folder")
        for process, name in left_processes():
            seen.fault(PROCESSES, f"{what} leaves a process behind: {name}")
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@contextmanager
def printed_to() -> Iterator[Path]:
    """Send what is printed on standard output, by Python or by a library, to a file."""
    sys.stdout.flush()
    descriptor, name = tempfile.mkstemp(dir=tempfile.gettempdir())
    kept, python = os.dup(1), sys.stdout
    os.dup2(descriptor, 1)
    try:
        with os.fdopen(descriptor, "w", buffering=1) as sys.stdout:
            yield Path(name)
    finally:
        sys.stdout = python
        os.dup2(kept, 1)
        os.close(kept)


def left_processes() -> list[tuple[int, str]]:
    """Return the processes with this one's mark, those that end in time excepted: their numbers and commands."""
    over = time.monotonic() + PATIENCE
    while (left := marked_processes()) and time.monotonic() < over:
        time.sleep(0.01)
    return left


def marked_processes() -> list[tuple[int, str]]:
    """Return the other processes whose environment has this one's mark; none where the system shows no environments.

    Python's own, which tracks what processes share, ends with this one and is not counted.
    """
    mark = f"{MARK}={os.environ[MARK]}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (place / "cmdline").read_bytes().replace(b"\0", b" ")
            if int(place.name) == os.getpid() or TRACKER in words:
                continue
            if mark in (place / "environ").read_bytes().split(b"\0"):
                found.append((int(place.name), words.decode(errors="replace").strip()[:LONGEST]))
    return found
