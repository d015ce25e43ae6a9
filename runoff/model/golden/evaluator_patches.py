"""Operators that onnx's reference evaluator gets wrong, done as their definition says.

The definitions are those of ONNX's Operators.md and Changelog.md. ``WRONG`` lists what is replaced, and why. The
evaluator calls each with the operator itself, its inputs, and its attributes by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx.defs import get_schema
from onnx.reference.op_run import OpRun
from onnx.reference.ops.op_resize import Resize

from runoff.model.golden.resizing import resize_matrix

Outputs = tuple[Any, ...]


def normalise_batch(
    operator: Any, x: Any, scale: Any, bias: Any, mean: Any, variance: Any, **attributes: Any
) -> Outputs:
    """Normalise by the statistics that are given: (x - mean) / sqrt(variance + epsilon) * scale + bias."""
    trains = attributes.get("training_mode") or len(operator.onnx_node.output) > 1
    if trains or attributes.get("spatial") == 0:
        raise NotImplementedError("BatchNormalization in training, or of each place by itself")
    wide = (-1, *(1,) * (x.ndim - 2))
    scale, bias, mean, variance = (each.reshape(wide) for each in (scale, bias, mean, variance))
    return (((x - mean) / np.sqrt(variance + np.float64(attributes["epsilon"])) * scale + bias).astype(x.dtype),)


def softmax(operator: Any, x: Any, axis: int) -> Outputs:
    """Take all axes from one on as one, and give each number's share of the exponentials' sum."""
    powers = np.exp(less_largest(x, axis))
    return ((powers / powers.sum(axis=1, keepdims=True)).reshape(x.shape),)


def log_softmax(operator: Any, x: Any, axis: int) -> Outputs:
    """Give the logarithm of softmax."""
    less = less_largest(x, axis)
    return ((less - np.log(np.exp(less).sum(axis=1, keepdims=True))).reshape(x.shape),)


def less_largest(x: Any, axis: int) -> Any:
    """Return an array with the axes before one as rows and the others as columns, less each row's largest number."""
    rows = x.reshape(int(np.prod(x.shape[: axis % x.ndim])), -1)
    return rows - rows.max(axis=1, keepdims=True)


def squeeze(operator: Any, x: Any, axes: Any = None) -> Outputs:
    """Drop sides of 1, all of them or those of the axes."""
    return (np.squeeze(x, axis=None if axes is None else tuple(int(axis) for axis in axes)),)


def pool_globally(operator: Any, x: Any) -> Outputs:
    """Give the largest number of each channel."""
    return (x.max(axis=tuple(range(2, x.ndim)), keepdims=True),)


def resize(operator: Any, x: Any, roi: Any = None, scales: Any = None, sizes: Any = None, **attributes: Any) -> Outputs:
    """Resize side after side, each by a product with a matrix; by the evaluator where there is no such matrix."""
    roi, scales, sizes = (given if given is not None and given.size else None for given in (roi, scales, sizes))
    axes = attributes.get("axes") or list(range(x.ndim))
    sides = sizes if sizes is not None else [scale * x.shape[axis] for axis, scale in zip(axes, scales, strict=True)]
    plain = not any(attributes.get(name) for name in ("antialias", "exclude_outside"))
    policy = attributes.pop("keep_aspect_ratio_policy", "stretch")
    if not (plain and policy == "stretch" and all(float(side).is_integer() for side in sides)):
        resized: Outputs = Resize._run(operator, x, roi, scales, sizes, keep_aspect_ratio_policy=policy, **attributes)
        return resized
    for axis, side in zip(axes, map(int, sides), strict=True):
        if side != x.shape[axis]:
            matrix = resize_matrix(x.shape[axis], side, attributes)
            x = np.moveaxis(np.tensordot(matrix.astype(x.dtype), x, (1, axis)), 0, axis)
    return (x,)


@dataclass(frozen=True)
class Patch:
    """What an operator is replaced by, why, and in which operator sets."""

    run: Callable[..., Outputs]
    why: str
    first: int = 1
    last: int = 99


WRONG: Mapping[str, Patch] = {
    "BatchNormalization": Patch(normalise_batch, "it runs as in training, by the batch's own statistics", 7, 13),
    "Softmax": Patch(softmax, "it takes its axis alone, not all from it on", last=12),
    "LogSoftmax": Patch(log_softmax, "it takes its axis alone, not all from it on", last=12),
    "Squeeze": Patch(squeeze, "it counts a second negative axis from the end after the first is gone", last=12),
    "GlobalMaxPool": Patch(pool_globally, "of anything but pictures it takes the largest over channels, too"),
    "Resize": Patch(resize, "it raises for an empty region of interest, and takes minutes for a picture", first=11),
}
"""What onnx's reference evaluator (1.16.2) does wrong; tests hold each replacement against ONNX Runtime."""


def patches(opset: int) -> list[Any]:
    """Return the operators that replace the evaluator's own for a model of an operator set, by the names it asks."""
    return [
        type(name, (OpRun,), {"_run": patch.run, "op_schema": get_schema(name, opset, "")})
        for name, patch in WRONG.items()
        if patch.first <= opset <= patch.last
    ]
