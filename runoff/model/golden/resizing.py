"""Resizing one side of an array as a product with a matrix: nearest, linear and cubic, by ONNX's Resize."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from runoff.model.onnx.products import COORDINATES, cubic_weight

NEAREST: Mapping[str, Callable[[Any], Any]] = {
    "round_prefer_floor": lambda places: np.ceil(places - 0.5),
    "round_prefer_ceil": lambda places: np.floor(places + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}
"""Which place on the old side is the nearest, by ONNX's names."""


def resize_matrix(old: int, new: int, attributes: Mapping[str, Any]) -> Any:
    """Return the new×old matrix that resizes one side; what lies outside is the border's value.

    Raises NotImplementedError for a way of ONNX's that is none of a side by itself.
    """
    mode = attributes["coordinate_transformation_mode"]
    if mode not in COORDINATES:
        raise NotImplementedError(f"Resize by {mode}")
    matrix = np.zeros((new, old))
    for index, weights in taps(COORDINATES[mode](np.arange(new, dtype=np.float64), old, new), attributes):
        np.add.at(matrix, (np.arange(new), np.clip(index.astype(int), 0, old - 1)), weights)
    return matrix


def taps(places: Any, attributes: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield which old places each new one is made of, and with which weights."""
    first = np.floor(places)
    if attributes["mode"] == "nearest":
        yield NEAREST[attributes["nearest_mode"]](places), 1.0
    elif attributes["mode"] == "linear":
        yield first, 1 - (places - first)
        yield first + 1, places - first
    else:
        for offset in range(-1, 3):
            distance = np.abs(places - first - offset)
            yield first + offset, cubic_weight(distance, float(attributes["cubic_coeff_a"]))
