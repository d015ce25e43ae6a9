"""Write a file so that nobody ever sees a part of it, also where two processes write the same one."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], object]) -> Path:
    """Let ``write`` write another file beside ``path``, move it there, and return the path.

    Each call has a file of its own, so that two runs which share a cache don't write into each other's. Raises what
    ``write`` raises, and OSError where the folder can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
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
    return path if path.exists() else write_whole(path, make)
