"""A file of weights as people have them, read as arrays: nothing in it is ever run. Needs torch but for its own kinds.

What holds no state dict is named for what it is, found by its first bytes and its entries (the ZIP, safetensors and
git-lfs formats; torch's serialization notes), before anything reads it.
"""

from __future__ import annotations

import pickle
import pickletools
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runoff.errors import CheckpointBroken
from runoff.model.weights.state_dict import Array, load_state_dict

Content = dict[str, "Array | Content"]
"""What a file holds: arrays by their names, in mappings that may lie in each other; anything else is left out."""

ARRAYS, TORCH, SAFETENSORS = "arrays", "torch", "safetensors"
LEGACY = bytes.fromhex("80028a0a6cfc9c46")
LEGACY_PICKLES = 4
"""How many pickles come before the numbers in a file without a ZIP archive: three of the format, then the object."""
SAVE = "torch.save(model.state_dict(), 'weights.pth')"
FIRST_BYTES = 256
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
    OSError,
)
"""What torch raises for a file that it can't read."""


def read_checkpoint(path: Path) -> Content:
    """Read the arrays of a file: ``.npz``, safetensors, or torch's format, floating-point numbers as float32.

    Raises CheckpointBroken for what is none of them, or damaged.
    """
    kind = kind_of(path)
    if kind == ARRAYS:
        return dict(in_float32(load_state_dict(path)))
    loaded = read_safetensors(path) if kind == SAFETENSORS else read_torch(path)
    if not isinstance(loaded, Mapping):
        what = loaded.what if isinstance(loaded, Inert) else f"one {type(loaded).__name__}"
        raise refusal(path, f"{what} and no state dict", f"save one by {SAVE} where it was trained")
    return arrays_of(path, loaded)


def kind_of(path: Path) -> str:
    """Say which of the readable kinds a file is.

    Raises CheckpointBroken, with what it is instead and what to do.
    """
    with path.open("rb") as file:
        first = file.read(FIRST_BYTES)
    if first.startswith(b"PK"):
        return kind_of_archive(path)
    if first.startswith(LEGACY):
        return TORCH
    if first[8:9] == b"{" and int.from_bytes(first[:8], "little") < path.stat().st_size:
        return SAFETENSORS
    again = "fetch or copy it again"
    if not first:
        raise refusal(path, "an empty file", again)
    if first.startswith(b"version https://git-lfs"):
        raise refusal(path, "a pointer of Git LFS in place of the file", "run git lfs pull")
    if first.lstrip().startswith(b"<"):
        raise refusal(path, "a page of HTML or XML, perhaps of a login", again)
    if first.startswith(b"\x80"):
        raise refusal(path, "a pickle that torch.save did not write", f"save a state dict by {SAVE}")
    if first.startswith(b"\x08") and b"onnx" in path.suffix.lower().encode() + first.lower():
        raise refusal(path, "an ONNX file, which is a model with its weights", "give a state dict")
    raise refusal(path, "something of an unknown kind", f"save a state dict by {SAVE}, or an .npz of the same arrays")


def kind_of_archive(path: Path) -> str:
    """Say which of the readable kinds a ZIP archive is.

    Raises CheckpointBroken as kind_of does.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise refusal(path, f"a truncated archive ({error})", "fetch or copy it again") from error
    inner = {name.partition("/")[2] for name in names}
    exported = f"save a state dict by {SAVE} before it is exported"
    if names and all(name.endswith(".npy") for name in names):
        return ARRAYS
    if "constants.pkl" in inner and any(name.startswith("code/") for name in inner):
        raise refusal(path, "a TorchScript module", exported)
    if {"archive_format"} & (inner | set(names)):
        raise refusal(path, "a program exported by torch.export", exported)
    if "data.pkl" in inner:
        return TORCH
    raise refusal(path, "a ZIP archive of something else", f"save a state dict by {SAVE}")


def refusal(path: Path, found: str, remedy: str) -> CheckpointBroken:
    """Make the error for a file that holds no state dict."""
    return CheckpointBroken(f"the weights file {path} should hold a state dict, and is {found}; {remedy}")


class Inert:
    """What stands in for an object beside a state dict: it takes everything and does nothing."""

    what = "an object"

    def __new__(cls, *arguments: Any, **named: Any) -> Any:
        """Make an empty object whatever it is given."""
        return super().__new__(cls)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Keep nothing."""

    def __setstate__(self, state: Any) -> None:
        """Keep nothing."""


def read_torch(path: Path) -> Any:
    """Load what torch.save wrote by torch's own reader of plain data; classes that it does not know become Inert.

    Raises CheckpointBroken.
    """
    import torch

    try:
        stubs = [(type("Inert", (Inert,), {"what": f"a whole {name}"}), name) for name in foreign_names(path)]
        with torch.serialization.safe_globals(stubs):
            return torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise refusal(path, f"not readable as one ({why_unreadable(error)})", f"save one by {SAVE}") from error


def foreign_names(path: Path) -> list[str]:
    """Name the classes and functions that a file of torch's asks for, without running anything.

    Of a file without a ZIP archive these are all: torch's reader prefers its own to any that is given in their place.
    """
    import torch

    if zipfile.is_zipfile(path):
        return list(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    with path.open("rb") as file:
        steps = [step for _ in range(LEGACY_PICKLES) for step in pickletools.genops(file)]
    return [str(argument).replace(" ", ".", 1) for step, argument, _ in steps if step.name == "GLOBAL"]


def why_unreadable(error: Exception) -> str:
    """Say why torch could not load a file, without its advice to run what is in it."""
    text = str(error)
    if "GLOBAL" in text:
        name = text.partition("GLOBAL ")[2].split()[0].strip(".'`")
        return f"it asks to run {name}, which Runoff never does"
    if "persistent_load" in text:
        return "it holds a whole module, whose code Runoff never runs"
    if isinstance(error, pickle.UnpicklingError):
        return "its pickle is damaged or of objects"
    return next(iter(text.strip().splitlines()), "") or type(error).__name__


def read_safetensors(path: Path) -> dict[str, Any]:
    """Load a file of safetensors, by its own library.

    Raises CheckpointBroken, also where the library is not installed.
    """
    try:
        from safetensors.torch import load_file
    except ModuleNotFoundError as error:
        raise CheckpointBroken(f"{path} is a safetensors file; python -m pip install safetensors") from error
    try:
        loaded: dict[str, Any] = load_file(path)
    except Exception as error:
        raise refusal(path, f"a damaged safetensors file ({error})", "fetch or copy it again") from error
    return loaded


def arrays_of(path: Path, loaded: Mapping[Any, Any]) -> Content:
    """Turn tensors in nested mappings into arrays, and leave out what is no tensor.

    Raises CheckpointBroken for a tensor without plain numbers.
    """
    import torch

    content: Content = {}
    for name, value in loaded.items():
        if isinstance(value, Mapping):
            content[str(name)] = arrays_of(path, value)
        elif isinstance(value, torch.Tensor):
            if value.layout != torch.strided or value.is_quantized or value.device.type != "cpu":
                raise refusal(path, f"of a tensor {name!r} that is sparse, quantised or empty", "save it dense")
            plain = value.detach()
            content[str(name)] = (plain.float() if plain.is_floating_point() else plain).numpy()
        elif isinstance(value, np.ndarray):
            content[str(name)] = value
    return content


def in_float32(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return arrays with floating-point numbers as float32."""
    return {
        name: array.astype(np.float32) if array.dtype.kind == "f" and array.dtype != np.float32 else array
        for name, array in arrays.items()
    }
