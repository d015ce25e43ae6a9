"""Weights that torch has to read: TorchVision's own and users' ``.pth`` files. Runs in a process of its own."""

from __future__ import annotations

import hashlib
import http.client
import pickle
import re
import struct
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from runoff.contract import to_json
from runoff.errors import CheckpointBroken, CheckpointUnavailable
from runoff.files.whole import write_whole
from runoff.model.resnet18 import ARCHITECTURE, FILE, OFFICIAL, resnet18
from runoff.model.state_dict import Array, hash_state_dict, load_state_dict, save_state_dict
from runoff.model.torchvision_import import import_torchvision

TIMEOUT = 5.0
"""Seconds to wait for a connection, and for each piece of the download."""
DOWNLOAD_TIMEOUT = 300.0
"""Seconds that a whole download may take."""
UNREADABLE = (
    RuntimeError,
    pickle.UnpicklingError,
    EOFError,
    LookupError,
    struct.error,
    zipfile.BadZipFile,
    AttributeError,
    TypeError,
    ValueError,
)
"""What torch raises for a file that it can't read, and numpy for what is no tensor of a type it knows."""


def import_official(folder: str, url: str | None = None, cache: str | None = None) -> dict[str, Any]:
    """Return the model with TorchVision's IMAGENET1K_V1 weights, from ``cache`` (TorchVision's own) or from ``url``.

    Raises CheckpointUnavailable without a network, CheckpointBroken for a file with another hash than its name says.
    """
    import torch

    weights = import_torchvision().models.get_model_weights(ARCHITECTURE)["IMAGENET1K_V1"]
    address = url or weights.url
    name = address.rpartition("/")[2]
    cached = Path(cache or Path(torch.hub.get_dir()) / "checkpoints") / name
    if not cached.exists():
        cached = download(address, Path(folder) / name)
    require_hash_of_name(cached, name)
    labels = tuple(weights.meta["categories"])
    return import_arrays("imagenet1k-v1", read_weights(cached), labels, OFFICIAL, Path(folder))


def import_file(path: str, folder: str) -> dict[str, Any]:
    """Return the model with a user's state dict, named after its file.

    Raises CheckpointBroken where it is not one of the architecture.
    """
    arrays = read_weights(Path(path))
    classes = arrays["fc.bias"].size if "fc.bias" in arrays else 1000
    labels = tuple(f"class {index}" for index in range(classes))
    return import_arrays(Path(path).name, arrays, labels, FILE, Path(folder))


def download(url: str, destination: Path) -> Path:
    """Fetch a file, whole and with the hash that its name says, or not at all; what an earlier run fetched is kept.

    Raises CheckpointUnavailable, and CheckpointBroken where something else came.
    """
    if destination.exists():
        return destination

    def fetch(partial: Path) -> None:
        opened = urllib.request.urlopen(url, timeout=TIMEOUT)  # noqa: S310 - TorchVision's own address, or the caller's
        with opened as answer, partial.open("wb") as file:
            expected = int(answer.headers.get("Content-Length") or -1)
            deadline = time.monotonic() + DOWNLOAD_TIMEOUT
            while block := answer.read(1 << 20):
                file.write(block)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"it takes longer than {DOWNLOAD_TIMEOUT:g} s")
            written = file.tell()
        if expected not in (-1, written):
            raise CheckpointUnavailable(
                f"the download of {destination.name} broke off at {written} of {expected} bytes"
            )
        require_hash_of_name(partial, destination.name)

    try:
        return write_whole(destination, fetch)
    except (OSError, http.client.HTTPException) as error:  # urllib's errors are OSErrors; it lets http's own pass
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the answer's connection
        reason = " ".join(str(getattr(error, "reason", None) or error).split())
        raise CheckpointUnavailable(
            f"{destination.name} is not in TorchVision's cache and could not be downloaded ({reason})"
        ) from error


def require_hash_of_name(path: Path, name: str) -> None:
    """Hold a file to the first digits of its SHA-256, which TorchVision puts in its name (torch.hub's convention).

    Raises CheckpointBroken.
    """
    named = re.search(r"-([0-9a-f]{8,})\.", name)
    expected = named.group(1) if named else "none in its name"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if not found.startswith(expected):
        raise CheckpointBroken(
            f"the weights file {name} is truncated or not the official one: expected a SHA-256 that begins with "
            f"{expected}, found {found[:12]}… over {path.stat().st_size} bytes; "
            f"delete {path} if it is still there, then run again"
        )


def read_weights(path: Path) -> dict[str, Array]:
    """Read a state dict as numpy arrays from ``.npz``, or from torch's format without running code from it.

    Raises CheckpointBroken.
    """
    import torch

    if path.suffix == ".npz":
        return load_state_dict(path)
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
        return {str(name): tensor.numpy() for name, tensor in tensors.items()}
    except UNREADABLE as error:
        first_line = str(error).strip().partition("\n")[0]
        raise CheckpointBroken(
            f"the weights file {path} can't be read as a state dict: {first_line or type(error).__name__}; "
            "it must hold what torch.save(model.state_dict()) writes, or an .npz of the same arrays"
        ) from error


def import_arrays(
    name: str, arrays: dict[str, Array], labels: tuple[str, ...], origin: str, folder: Path
) -> dict[str, Any]:
    """Check a state dict against TorchVision's architecture and save it whole; batch counters may be missing.

    Raises CheckpointBroken.
    """
    if len(labels) < 2:
        raise CheckpointBroken(
            f"{name} gives {len(labels)} logits per image; Top-1 needs a classifier of two or more classes"
        )
    module = import_torchvision().models.get_model(ARCHITECTURE, weights=None, num_classes=len(labels))
    expected = {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}
    found = {key: tuple(array.shape) for key, array in arrays.items()}
    optional = {key for key in expected if key.endswith("num_batches_tracked")} - found.keys()
    different = sorted(
        key for key in expected.keys() | found.keys() if key not in optional and expected.get(key) != found.get(key)
    )
    if different:
        key = different[0]
        raise CheckpointBroken(
            f"{name} is no {ARCHITECTURE} state dict: {len(different)} entries differ, first {key!r}: expected "
            f"{expected.get(key, 'nothing')}, found {found.get(key, 'nothing')}; give the weights of a {ARCHITECTURE}"
        )
    whole = {key: np.asarray(arrays.get(key, np.zeros((), dtype=np.int64))) for key in expected}
    unusable = [key for key, array in whole.items() if array.dtype.kind not in "fiu" or not np.isfinite(array).all()]
    if unusable:
        raise CheckpointBroken(
            f"{name} holds values that are not finite numbers (NaN, infinity, text) in {len(unusable)} entries, first "
            f"{unusable[0]!r}; the training that wrote it may have diverged"
        )
    sha256 = hash_state_dict(whole)
    path = folder / f"{Path(name).stem}-{sha256[:16]}.npz"
    if not path.exists():
        save_state_dict(path, whole)
    return to_json(resnet18(name, path, sha256, labels, origin))
