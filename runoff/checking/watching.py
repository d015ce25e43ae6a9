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


def all_processes() -> frozenset[int]:
    """Return the numbers of all processes that run; none where the system does not list them."""
    with suppress(OSError):
        return frozenset(int(place.name) for place in Path("/proc").iterdir() if place.name.isdecimal())
    return frozenset()


@dataclass
class Seen:
    """What was found so far, by the check that it belongs to: what fails it, and what is only to be known.

    ``before`` are the processes that ran when there was nothing to see yet.
    """

    before: frozenset[int] = field(default_factory=all_processes)
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
        for process, name in left_processes(seen.before):
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


def left_processes(before: frozenset[int]) -> list[tuple[int, str]]:
    """Return the processes that this one started since, those that end in time excepted: numbers and commands."""
    over = time.monotonic() + PATIENCE
    while (left := marked_processes(before)) and time.monotonic() < over:
        time.sleep(0.01)
    return left


def marked_processes(before: frozenset[int]) -> list[tuple[int, str]]:
    """Return the processes that were not there before and whose environment has this one's mark.

    Python's own, which tracks what processes share, ends with this one and is not counted.
    """
    mark = f"{MARK}={os.environ[MARK]}".encode()
    found = []
    for process in all_processes() - before:
        place = Path("/proc", str(process))
        with suppress(OSError):
            # Of a process that is about to run another program both are empty: what has one by now has the other too.
            marked = mark in (place / "environ").read_bytes().split(b"\0")
            words = (place / "cmdline").read_bytes().replace(b"\0", b" ")
            if marked and TRACKER not in words:
                found.append((process, words.decode(errors="replace").strip()[:LONGEST]))
    return found
