"""What an ONNX file says of itself beside its graph: names of classes, and what its pictures are.

The keys of pictures are those of ONNX's MetadataProps.md, which neither sizes nor means are among.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from runoff.errors import UsageError

RANGES: Mapping[str, Mapping[str, Any]] = {
    "nominalrange_0_255": {"scale": 1.0, "mean": [0.0], "deviation": [1.0]},
    "normalized_0_1": {"scale": 255.0, "mean": [0.0], "deviation": [1.0]},
    "normalized_1_1": {"scale": 127.5, "mean": [1.0], "deviation": [1.0]},
}
CHANNELS = {"gray8": "L", "rgb8": "RGB", "bgr8": "BGR"}
NAMES = ("names", "character")
"""The keys of classes' names: Ultralytics' mapping from numbers, and Paddle's, one a line."""


def read_metadata(model: Any) -> dict[str, str]:
    """Return what a file's metadata has by key, in small letters."""
    return {entry.key.lower(): entry.value for entry in model.metadata_props}


def labels_of(metadata: Mapping[str, str], classes: int) -> tuple[str, ...]:
    """Return the names of so many classes, made up where the metadata has not one for each."""
    known = (read_names(metadata[key]) for key in NAMES if key in metadata)
    return next((names for names in known if len(names) == classes), tuple(f"class {each}" for each in range(classes)))


def read_names(text: str) -> tuple[str, ...]:
    """Read names: of a mapping from the classes' numbers or a list, as Python and JSON write them, else one a line."""
    try:
        found = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return tuple(text.strip("\n").split("\n"))
    if isinstance(found, Mapping):
        found = [found.get(place, found.get(str(place))) for place in range(len(found))]
    return tuple(map(str, found)) if isinstance(found, (list, tuple)) and None not in found else ()


def picture_fields(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a preprocessing that the metadata says.

    Raises UsageError for pictures that no preprocessing here makes.
    """
    fields = dict(RANGES.get(metadata.get("image.nominalpixelrange", "").lower(), {}))
    if channels := CHANNELS.get(metadata.get("image.bitmappixelformat", "").lower()):
        fields["channels"] = channels
    if metadata.get("image.colorspacegamma", "").lower() == "linear":
        raise UsageError("its metadata requires pictures in linear light, which Runoff does not make; give it --inputs")
    return fields
