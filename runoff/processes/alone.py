"""One run at a time: a lock (flock(2)) in the checkout, and one in a place that all users of a machine share.

The kernel lets go of a lock however its owner ends, so none is ever left behind.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from runoff.errors import AnotherRun
from runoff.processes.interruption import breakable

VARIABLE = "RUNOFF_LOCKS"
SHARED = Path("/tmp")  # noqa: S108  # every user's, which no TMPDIR of one's own is
"""Where the machine's lock is where RUNOFF_LOCKS names no other folder."""
NAME = "runoff-measuring.lock"
PAUSE = 0.2


def machine_lock(variables: Mapping[str, str] = os.environ) -> Path:
    """Return the file of the lock that all runs on this machine share."""
    return Path(variables.get(VARIABLE) or SHARED) / NAME


@contextmanager
def alone(path: Path, seconds: float, say: Callable[[str], object]) -> Iterator[None]:
    """Hold a lock while the block lasts; wait up to so many seconds for the run that has it, and say so first.

    Raises AnotherRun where that one does not end in time, and OSError where the file system has no locks, or the file
    can't be opened.
    """
    deadline, said = time.monotonic() + seconds, False
    while (held := try_lock(path)) is None:
        if time.monotonic() >= deadline:
            raise AnotherRun(
                f"{holder_words(path)} measures on this machine, and did not end within {seconds:.0f} s: two at once "
                "would disturb each other; wait for its end, end it, or give --wait more"
            )
        if not said:
            say(f"waiting up to {seconds:.0f} s for {holder_words(path)}, which measures on this machine")
            said = True
        with breakable():
            time.sleep(PAUSE)
    try:
        yield
    finally:
        os.close(held)


def try_lock(path: Path) -> int | None:
    """Return the open file that holds a lock, None where another process has it.

    The file is made by the first who needs it and stays. Others need no right but to read it: Linux lets nobody open
    another's file in /tmp in order to make it (fs.protected_regular). A file that was put in its place meanwhile, as
    where /tmp is cleared, is locked anew.
    """
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.lstat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def open_lock(path: Path) -> int:
    """Open a lock's file for reading, and make it where there is none; nobody's link is followed."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    for also in (0, os.O_CREAT | os.O_EXCL):
        try:
            descriptor = os.open(path, flags | also, 0o644)
        except FileNotFoundError:
            continue
        except FileExistsError:
            return os.open(path, flags)
        if also:
            os.fchmod(descriptor, 0o644)
        return descriptor
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


def holder_words(path: Path, locks: Path = Path("/proc/locks")) -> str:
    """Name the run that holds a lock, by its process as far as the system shows it."""
    try:
        found = path.stat().st_ino
        rows = [line.split() for line in locks.read_text().splitlines()]
        holders = [int(row[4]) for row in rows if row[1] == "FLOCK" and row[5].split(":")[-1] == str(found)]
    except (OSError, ValueError, IndexError):
        holders = []
    if not holders or holders[0] <= 0:
        return "another run of Runoff"
    try:
        place = f" in {Path(f'/proc/{holders[0]}/cwd').readlink()}"
    except OSError:  # another user's
        place = ""
    return f"another run of Runoff (process {holders[0]}{place})"
