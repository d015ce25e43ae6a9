"""What the folder of caches holds, how large each thing is and when it was last used, and what may go.

A run, and the page, hold a shared lock on it while they use it, so that nothing goes which is in use.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from runoff.errors import AnotherRun
from runoff.processes.alone import open_lock

CACHES = ("artifacts", "forms", "checkpoints", "golden", "images", "conversions", "history", "charts", "webui")
"""The folders of what can be made again."""
LOGS = ("logs",)
USED = "use.lock"


@dataclass(frozen=True)
class Kept:
    """Something in a cache: its bytes on disk, and the moment of the wall clock at which it was last used."""

    path: Path
    size: int
    used: float


@contextmanager
def in_use(home: Path) -> Iterator[None]:
    """Keep what is in the folder of caches from being cleared while the block lasts.

    Where no lock can be had there, as in a folder that can't be written, nobody clears it either.
    """
    descriptor = None
    try:
        with suppress(OSError):
            home.mkdir(parents=True, exist_ok=True)
            descriptor = open_lock(home / USED)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def unused(home: Path) -> Iterator[None]:
    """Hold the folder of caches alone while the block lasts.

    Raises AnotherRun where a run or a page uses it, and OSError where that can't be known.
    """
    descriptor = open_lock(home / USED)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AnotherRun(f"a run or a page uses {home}; nothing was removed: end it first") from error
        yield
    finally:
        os.close(descriptor)


def read_kept(home: Path, folders: Sequence[str] = CACHES) -> list[Kept]:
    """Return what lies in these folders of caches, the longest unused first."""
    found = []
    for folder in folders:
        place = home / folder
        for path in place.iterdir() if place.is_dir() else ():
            with suppress(OSError):  # gone meanwhile
                about = path.lstat()
                found.append(Kept(path, size_of(path), max(about.st_atime, about.st_mtime)))
    return sorted(found, key=lambda kept: (kept.used, kept.path))


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(file.lstat().st_size for file in path.rglob("*") if not file.is_dir())


def over_limit(kept: Iterable[Kept], limit: int) -> list[Kept]:
    """Return what has to go, the longest unused first, so that the rest takes no more bytes than the limit."""
    oldest = sorted(kept, key=lambda each: (each.used, each.path))
    size, gone = sum(each.size for each in oldest), []
    for each in oldest:
        if size <= limit:
            break
        gone.append(each)
        size -= each.size
    return gone


def remove_all(kept: Iterable[Kept]) -> int:
    """Remove what is kept and return how many bytes are free again; what can't be removed stays."""
    freed = 0
    for each in kept:
        with suppress(OSError):
            if each.path.is_symlink() or not each.path.is_dir():
                each.path.unlink()
            else:
                shutil.rmtree(each.path)
            freed += each.size
    return freed


def keep_below(home: Path, limit: int) -> int:
    """Remove what was unused for longest until the caches take no more bytes than a limit; return the bytes freed.

    Where another run or a page uses them, nothing is removed.
    """
    try:
        with unused(home):
            return remove_all(over_limit(read_kept(home), limit))
    except (AnotherRun, OSError):
        return 0
