"""Write a file so that nobody ever sees a part of it, also where two processes write the same one."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from runoff.errors import ResultsUnwritable
from runoff.files.names import shown

OPEN = ("/dev/std", "/dev/fd/", "/proc/self/fd/")
"""How the paths of what is open already begin; a file behind one of them is not to be replaced."""


def write_whole(path: Path, write: Callable[[Path], object]) -> Path:
    """Let ``write`` write another file beside ``path``, move it there, and return the path.

    Each call has a separate file, so that two runs which share a cache don't write into each other's. Its name is
    short, since that of ``path`` may be as long as a name can be. Raises what ``write`` raises, and OSError where the
    folder can't be written.
    """
    if not path.parent.exists():  # what is no folder is named as such when the file beside is written
        path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{uuid.uuid4().hex}.partial")
    try:
        write(partial)
        with suppress(FileNotFoundError):
            shutil.copymode(path, partial)  # who may read the file of before may read this one, and nobody else
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def write_text(path: Path, text: str) -> Path:
    """Write what a user asked for in UTF-8, whole, or leave what was there before; return the path.

    A link is followed to its file. What is open already, as ``/dev/stdout``, and what is there and is no file, as a
    pipe, is written into. A sign that no UTF-8 has, half of a pair, is written by its number. Raises ResultsUnwritable
    with the path and the reason.
    """

    def write(place: Path) -> None:
        with place.open("ab") as file:
            file.write(text.encode("utf-8", "backslashreplace"))

    try:
        is_open = str(path.absolute()).startswith(OPEN)
        if is_open or (path.exists() and not path.is_file() and not path.is_dir()):
            write(path)
        else:
            write_whole(path.resolve(), write)
    except (OSError, RuntimeError) as error:  # a RuntimeError where links lead in a circle
        reason = getattr(error, "strerror", None) or error
        raise ResultsUnwritable(
            f"{shown(path)} can't be written ({reason}); free space, or give another place: what was there is kept"
        ) from error
    return path


def copy_with(path: Path, beside: Iterable[str], destination: Path) -> None:
    """Copy a file, and the files beside it, which are named from its folder, to the same places beside the copy."""
    shutil.copyfile(path, destination)
    for name in beside:
        copy = destination.parent / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path.parent / name, copy)


def cached(path: Path, make: Callable[[Path], object]) -> Path:
    """Return a path whose file is made by ``make`` the first time, whole."""
    return note_use(path) if path.exists() else write_whole(path, make)


def note_use(path: Path) -> Path:
    """Note that something in a cache is used now, by the moment of its last access, and return its path.

    File systems note that by themselves once a day or never (mount(8), relatime and noatime).
    """
    with suppress(OSError):
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
    return path
