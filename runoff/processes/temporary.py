"""Temporary folders that nobody has to clear away: each goes with its owner, or by a later run where that was killed.

The owner holds a lock (flock(2)) on a file in its folder for as long as it lives. The kernel lets go of it however the
owner ends, and no process number has to be trusted: whose lock can be had, has no owner any more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TEMPORARY = "runoff-process-"
"""How the names of processes' temporary folders begin."""
LOCK = ".owner"
DAY = 24 * 3600.0
"""How long a folder without a lock is let be: it may have been made just now, or by a Runoff that knew of no locks."""
MOST_REMOVALS = 5
PAUSE = 0.05


@contextmanager
def owned_folder(place: Path, prefix: str) -> Iterator[Path]:
    """Make a separate folder in a place, and remove it with all that is in it when the block is left.

    Raises OSError where it can't be made.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    try:
        lock = held_lock(folder)
        try:
            yield folder
        finally:
            os.close(lock)
    finally:
        remove(folder)


def held_lock(folder: Path) -> int:
    """Lock a folder and return the open file that holds the lock, which a child does not inherit.

    It comes to its name locked, so that nobody finds it free before. A file system without locks leaves it without
    that name.
    """
    new = folder / f"{LOCK}.new"
    lock = os.open(new, os.O_CREAT | os.O_RDWR, 0o600)
    with suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX)
        new.rename(folder / LOCK)
    return lock


def remove(folder: Path) -> None:
    """Remove a folder in which a process that was killed a moment ago may still have made something."""
    for _ in range(MOST_REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(PAUSE)


def remove_abandoned(place: Path, prefix: str) -> None:
    """Remove the folders in a place whose owner is gone, and none of an owner that still lives."""
    for folder in place.glob(f"{prefix}*"):
        with suppress(OSError):  # gone meanwhile, or another user's
            if folder.is_dir() and is_abandoned(folder):
                remove(folder)


def is_abandoned(folder: Path) -> bool:
    """Whether a folder's lock can be had, or is not there after a day."""
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return time.time() - folder.stat().st_mtime > DAY
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
