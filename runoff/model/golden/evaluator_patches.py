"""Operators that onnx's reference evaluator gets wrong or takes minutes for, done as their definition says.

The definitions are those of ONNX's Operators.md and Changelog.md. ``REPLACED`` lists which, and why. The
evaluator calls each with the operator itself, its inputs, and its attributes by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx.defs import get_schema
from onnx.reference.op_run import OpRun
from onnx.reference.ops import load_op

from runoff.model.golden.resizing import resize_matrix
from runoff.model.golden.windows import convolve, pool_largest, pool_mean

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
        return by_evaluator(operator, x, roi, scales, sizes)
    for axis, side in zip(axes, map(int, sides), strict=True):
        if side != x.shape[axis]:
            matrix = resize_matrix(x.shape[axis], side, attributes)
            x = np.moveaxis(np.tensordot(matrix.astype(x.dtype), x, (1, axis)), 0, axis)
    return (x,)


def conv(operator: Any, x: Any, weights: Any, bias: Any = None, **attributes: Any) -> Outputs:
    """Convolve."""
    return (convolve(x, weights, bias, attributes),)


def average_pool(operator: Any, x: Any, **attributes: Any) -> Outputs:
    """Take the mean under a kernel; by the evaluator where sides are rounded up."""
    return by_evaluator(operator, x) if attributes.get("ceil_mode") else (pool_mean(x, attributes),)


def max_pool(operator: Any, x: Any, **attributes: Any) -> Outputs:
    """Take the largest number under a kernel; by the evaluator where sides are rounded up or places asked for."""
    plain = not attributes.get("ceil_mode") and len(operator.onnx_node.output) == 1 and x.dtype.kind == "f"
    return (pool_largest(x, attributes),) if plain else by_evaluator(operator, x)


def by_evaluator(operator: Any, *inputs: Any) -> Outputs:
    """Run an operator as the evaluator itself does."""
    opsets = operator.run_params["opsets"]
    own = load_op("", operator.op_type, opsets.get("", opsets.get("ai.onnx")))
    outputs: Outputs = own(operator.onnx_node, operator.run_params).run(*inputs)
    return outputs


@dataclass(frozen=True)
class Patch:
    """What an operator is replaced by, why, and in which operator sets."""

    run: Callable[..., Outputs]
    why: str
    first: int = 1
    last: int = 99


REPLACED: Mapping[str, Patch] = {
    "BatchNormalization": Patch(normalise_batch, "it runs as in training, by the batch's own statistics", 7, 13),
    "Softmax": Patch(softmax, "it takes its axis alone, not all from it on", last=12),
    "LogSoftmax": Patch(log_softmax, "it takes its axis alone, not all from it on", last=12),
    "Squeeze": Patch(squeeze, "it counts a second negative axis from the end after the first is gone", last=12),
    "GlobalMaxPool": Patch(pool_globally, "of anything but pictures it takes the largest over channels, too"),
    "Resize": Patch(resize, "it raises for an empty region of interest, and takes minutes for a picture", first=11),
    "Conv": Patch(conv, "a kernel for each channel takes six times as long"),
    "AveragePool": Patch(average_pool, "those of a picture take a minute"),
    "MaxPool": Patch(max_pool, "those of a picture take seconds"),
}
"""What onnx's reference evaluator (1.16.2) does wrong or too slowly; tests hold each against ONNX Runtime."""


def patches(opset: int) -> list[Any]:
    """Return the operators that replace the evaluator's own for a model of an operator set, by the names it asks."""
    return [
        type(name, (OpRun,), {"_run": patch.run, "op_schema": get_schema(name, opset, "")})
        for name, patch in REPLACED.items()
        if patch.first <= opset <= patch.last
    ]
