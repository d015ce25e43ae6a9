"""Convolution and pooling as sums over a kernel's places: what the reference evaluator takes minutes for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

Attributes = Mapping[str, Any]
EACH = (slice(None), slice(None))
"""The first two axes whole: examples and channels of numbers, channels after and before of weights."""


def windows(
    x: Any, kernel: Sequence[int], attributes: Attributes, fill: float = 0.0
) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Yield each place of a kernel with the numbers that lie under it, wherever the kernel is put."""
    ones = [1] * len(kernel)
    strides, dilations = (attributes.get(name) or ones for name in ("strides", "dilations"))
    reaches = [dilation * (size - 1) + 1 for size, dilation in zip(kernel, dilations, strict=True)]
    edges = edges_of(x.shape[2:], reaches, strides, attributes)
    padded = np.pad(x, [(0, 0), (0, 0), *edges], constant_values=fill)
    axes = zip(padded.shape[2:], reaches, strides, strict=True)
    last = [(side - reach) // stride * stride for side, reach, stride in axes]
    for place in np.ndindex(*kernel):
        begins = [step * dilation for step, dilation in zip(place, dilations, strict=True)]
        cut = (slice(begin, begin + end + 1, stride) for begin, end, stride in zip(begins, last, strides, strict=True))
        under = (*EACH, *cut)
        yield place, padded[under]


def edges_of(
    sides: Sequence[int], reaches: Sequence[int], strides: Sequence[int], attributes: Attributes
) -> list[tuple[int, int]]:
    """Return what is padded before and after each side, as given or so that a side is divided by its stride alone."""
    if not (way := attributes.get("auto_pad", "NOTSET")).startswith("SAME"):
        pads = attributes.get("pads") or [0] * 2 * len(sides)
        return list(zip(pads[: len(sides)], pads[len(sides) :], strict=True))
    edges = []
    for side, reach, stride in zip(sides, reaches, strides, strict=True):
        lacking = max(0, (-(-side // stride) - 1) * stride + reach - side)
        first = (lacking + (way == "SAME_LOWER")) // 2
        edges.append((first, lacking - first))
    return edges


def convolve(x: Any, weights: Any, bias: Any, attributes: Attributes) -> Any:
    """Add up the products of a kernel's places with the channels under them, group by group."""
    groups, (channels, below, *kernel) = attributes.get("group") or 1, weights.shape
    total: Any = 0.0
    for place, part in windows(x, kernel, attributes):
        sides = part.shape[2:]
        at = (*EACH, *place)
        here = np.ascontiguousarray(weights[at])  # else numpy multiplies without BLAS
        total = total + here.reshape(groups, channels // groups, below) @ part.reshape(len(x), groups, below, -1)
    made = total.reshape(len(x), channels, *sides)
    return made if bias is None else made + bias.reshape(-1, *[1] * len(sides))


def pool_mean(x: Any, attributes: Attributes) -> Any:
    """Return the mean under a kernel, over what is padded too where that counts."""
    kernel = attributes["kernel_shape"]
    total = sum(part for _, part in windows(x, kernel, attributes))
    if attributes.get("count_include_pad"):
        return total / np.prod(kernel)
    return total / sum(part for _, part in windows(np.ones_like(x[:1, :1]), kernel, attributes))


def pool_largest(x: Any, attributes: Attributes) -> Any:
    """Return the largest number under a kernel; what is padded is none."""
    parts = (part for _, part in windows(x, attributes["kernel_shape"], attributes, -np.inf))
    largest = next(parts)
    for part in parts:
        largest = np.maximum(largest, part)
    return largest
