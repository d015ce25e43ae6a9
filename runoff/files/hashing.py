"""One hash of several files: of their names, sizes and contents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

BLOCK = 1 << 20


def hash_files(files: Iterable[tuple[str, Path]]) -> str:
    """Return the SHA-256 of files in their order, each called by its own name, a block read at a time.

    Raises OSError for a file that can't be read.
    """
    digest = hashlib.sha256()
    for name, path in files:
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()


def named_from(folder: Path, files: Iterable[Path]) -> list[tuple[str, Path]]:
    """Name files by their paths from a folder, in the order of their paths."""
    return [(path.relative_to(folder).as_posix(), path) for path in sorted(files)]
