"""Repairs of what is linear in a picture's rows and columns: written as products with a matrix for each side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from onnx import helper

from runoff.model.onnx.graph import Graph, read_attributes


def cubic_resize(node: Any, graph: Graph) -> list[Any] | None:
    """Return the two products of one cubic Resize of N×C×H×W: resizing is linear in the values, each side by itself.

    None where the sizes are not known.
    """
    attributes = read_attributes(node)
    before, after = (graph.shapes.get(name, ()) for name in (node.input[0], node.output[0]))
    mode = attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    is_plain = not attributes.get("exclude_outside") and not attributes.get("antialias")
    if attributes.get("mode") != b"cubic" or mode not in COORDINATES or not is_plain:
        return None
    if len(before) != 4 or before[:2] != after[:2] or None in (*before[2:], *after[2:]):
        return None
    coefficient = float(attributes.get("cubic_coeff_a", -0.75))
    rows, columns = (cubic_matrix(old, new, mode, coefficient) for old, new in zip(before[2:], after[2:], strict=True))
    return products(node, graph, rows, columns.T, 0.0)


COORDINATES: Mapping[str, Callable[[Any, int, int], Any]] = {
    "half_pixel": lambda place, old, new: (place + 0.5) * old / new - 0.5,
    "pytorch_half_pixel": lambda place, old, new: (place + 0.5) * old / new - 0.5 if new > 1 else place * 0.0,
    "align_corners": lambda place, old, new: place * (old - 1) / max(new - 1, 1),
    "asymmetric": lambda place, old, new: place * old / new,
}
"""Where a place of the resized side lies on the old one, by ONNX's names."""


def cubic_matrix(old: int, new: int, mode: str, coefficient: float) -> Any:
    """Return the new×old matrix of cubic interpolation along one side; what lies outside is the border's value.

    R. G. Keys, "Cubic convolution interpolation for digital image processing", IEEE Trans. ASSP 29 (1981), 1153-1160.
    """
    places = COORDINATES[mode](np.arange(new, dtype=np.float64), old, new)
    first = np.floor(places).astype(int)
    matrix = np.zeros((new, old))
    for offset in range(-1, 3):
        weights = cubic_weight(np.abs(places - first - offset), coefficient)
        np.add.at(matrix, (np.arange(new), np.clip(first + offset, 0, old - 1)), weights)
    return matrix.astype(np.float32)


def cubic_weight(distance: Any, a: float) -> Any:
    """Return Keys' kernel at a distance of at most 2."""
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


PAD_MODES = {"constant", "reflect", "edge"}


def pad(node: Any, graph: Graph) -> list[Any] | None:
    """Return the products of one Pad of N×C×H×W, whose matrices pick rows and columns; None where sizes are not known.

    onnx-tf traces cutting off beside padding, and TensorFlow refuses the one where it can tell that it does not fit.
    What is padded by less than nothing is cut off.
    """
    given = [name for name in node.input[1:3] if name]
    mode, before = read_attributes(node).get("mode", b"constant").decode(), graph.shapes.get(node.input[0], ())
    if mode not in PAD_MODES or any(node.input[3:]) or any(name not in graph.constants for name in given):
        return None
    if len(before) != 4 or None in before[2:]:
        return None
    _, _, top, left, _, _, bottom, right = pads = [int(side) for side in graph.constants[given[0]]]
    if any(pads[:2] + pads[4:6]) or (mode != "constant" and min(pads) < 0):
        return None
    rows, columns = pad_matrix(before[2], top, bottom, mode), pad_matrix(before[3], left, right, mode).T
    value = float(graph.constants[given[1]]) if len(given) > 1 else 0.0
    return products(node, graph, rows, columns, np.where(np.outer(rows.any(1), columns.any(0)), 0, value))


def pad_matrix(side: int, first: int, last: int, mode: str) -> Any:
    """Return the matrix that pads one side by so many before and after; rows of zeros where a constant shall be."""
    if mode == "constant":
        return np.eye(side + first + last, side, -first, dtype=np.float32)
    return np.eye(side, dtype=np.float32)[np.pad(np.arange(side), (first, last), mode)]  # type: ignore[call-overload]  # by name


def products(node: Any, graph: Graph, rows: Any, columns: Any, added: Any) -> list[Any]:
    """Return the nodes of rows · x · columns + added for each picture x and channel of a node's first input."""
    name = node.output[0]
    left, right = graph.add_constant(f"{name}/rows", rows), graph.add_constant(f"{name}/columns", columns)
    border = graph.add_constant(f"{name}/border", np.asarray(added, np.float32))
    return [
        helper.make_node("MatMul", [left, node.input[0]], [f"{name}/taller"]),
        helper.make_node("MatMul", [f"{name}/taller", right], [f"{name}/wider"]),
        helper.make_node("Add", [f"{name}/wider", border], [name]),
    ]
