"""Reading, writing and hashing a state dict as plain numpy arrays, one per key."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.errors import CheckpointBroken, CheckpointUnavailable
from runoff.files.whole import write_whole

Array = NDArray[Any]


def hash_state_dict(arrays: Mapping[str, Array]) -> str:
    """Hash the arrays of a state dict, independently of the file they came from and of this machine's byte order.

    SHA-256 over the sorted keys; for each: key, little-endian type, shape and the C-ordered little-endian bytes.
    """
    digest = hashlib.sha256()
    for key in sorted(arrays):
        array = np.asarray(arrays[key])
        shape = array.shape
        little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"{key}\0{little_endian.dtype.str}\0{shape}\0".encode())
        digest.update(little_endian.tobytes())
    return digest.hexdigest()


def save_state_dict(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write the arrays to an uncompressed ``.npz`` file that appears whole or not at all.

    Raises ``OSError`` where the folder can't be written.
    """
    named: dict[str, Any] = {key: np.asarray(array) for key, array in arrays.items()}

    def write(partial: Path) -> None:
        with partial.open("wb") as file:
            np.savez(file, **named)

    write_whole(path, write)


def store_state_dict(folder: Path, name: str, arrays: Mapping[str, Array]) -> tuple[Path, str]:
    """Write the arrays once into a file that is named after their hash; return the file and the hash.

    Raises ``OSError`` where the folder can't be written.
    """
    sha256 = hash_state_dict(arrays)
    path = folder / f"{name}-{sha256[:16]}.npz"
    if not path.exists():
        save_state_dict(path, arrays)
    return path, sha256


def load_state_dict(path: Path) -> dict[str, Array]:
    """Read every array of an ``.npz`` file into memory.

    Raises ``CheckpointUnavailable`` where there is no file, and ``CheckpointBroken`` where the file is truncated,
    damaged, or something other than an archive of plain arrays.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:  # numpy leaves a file open that it opened itself and can't read
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise CheckpointBroken(_broken(path, f"a single array of shape {archive.shape}"))
            with archive:
                return {key: archive[key] for key in archive.files}
    except FileNotFoundError as error:
        raise CheckpointUnavailable(
            f"No weights file at {path}: expected an .npz archive with one array per state-dict key, found nothing. "
            "Check the path, or make the file again."
        ) from error
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, NotImplementedError) as error:
        raise CheckpointBroken(_broken(path, f"{type(error).__name__}: {error}")) from error


def _broken(path: Path, found: str) -> str:
    """Say which file is broken, what it should have been, what it is, and what to do."""
    return (
        f"The weights file {path} can't be read: expected a whole .npz archive with one array per state-dict key, "
        f"found {found}. Delete the file so that it is made again, or restore it from its source."
    )
