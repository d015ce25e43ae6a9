"""Folders that are made once, in a separate process, and checked against their record ever after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.errors import ArtifactBroken
from runoff.files.hashing import hash_files, named_from
from runoff.files.whole import note_use
from runoff.processes.temporary import owned_folder, remove_abandoned

RECORD = "record.json"
MAKING = "converting-"
"""How the names of folders begin in which something is being made."""


@dataclass(frozen=True)
class Made:
    """A cached folder's main file, the bytes and hash of all its files, and what was noted when it was made."""

    path: Path
    size: int
    sha256: str
    noted: Mapping[str, Any]


def key_of(inputs: Mapping[str, Any]) -> str:
    """Hash what decides the bytes of something, given as JSON values."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def made_once(home: Path, name: str, make: Callable[[Path], Mapping[str, Any]]) -> Made:
    """Return what is cached in a folder, made by ``make`` the first time.

    ``make`` writes the file or folder whose path it is given, and more beside it if it likes; what it returns is noted.
    It works in a temporary folder that is moved to its place whole, so that one broken off leaves nothing. Raises what
    ``make`` raises, and ArtifactBroken for a folder that was changed.
    """
    if home.exists():
        return read_made(note_use(home))
    home.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(home.parent, MAKING)
    with owned_folder(home.parent, MAKING) as folder:
        working = folder / home.name
        working.mkdir()
        noted = make(working / name)
        size, sha256 = measure_files(working)
        (working / RECORD).write_text(json.dumps({"file": name, "size": size, "sha256": sha256, "noted": noted}))
        try:
            working.rename(home)
        except OSError:
            if not home.exists():  # another run that shares the cache has made it meanwhile: its own is as good
                raise
    return read_made(home)


def read_made(home: Path) -> Made:
    """Read a folder's record and compare its files with it.

    Raises ArtifactBroken.
    """
    remedy = f"delete the folder {home} and run again: it is then made again"
    try:
        record = json.loads((home / RECORD).read_text())
        path, expected = home / record["file"], (record["size"], str(record["sha256"]))
        size, sha256 = measure_files(home)
        noted = record["noted"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactBroken(f"the cached artifact in {home} is not whole ({error}); {remedy}") from error
    if (size, sha256) != expected:
        raise ArtifactBroken(
            f"the cached artifact {path} is not what was put there: expected {expected[0]} bytes with SHA-256 "
            f"{expected[1][:12]}…, found {size} bytes with {sha256[:12]}…; {remedy}"
        )
    return Made(path, size, sha256, noted)


def measure_files(home: Path) -> tuple[int, str]:
    """Return the bytes of all of a folder's files, and one SHA-256 of their names and contents."""
    files = [path for path in home.rglob("*") if path.is_file() and path != home / RECORD]
    return sum(path.stat().st_size for path in files), hash_files(named_from(home, files))
