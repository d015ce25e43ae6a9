"""Ways that depend on the values of an input, of which a graph keeps the one that it was traced with."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from runoff.arrays import Input, share_off
from runoff.errors import ConversionFailed
from runoff.model.module.factory import leaves_of
from runoff.text.numbers import percent

SPREADS = ((1.0, 0.0), (1.0, 1.0), (1.0, -1.0), (3.0, 0.0), (0.1, 0.5), (3.0, -3.0))
"""Deviation and mean of the numbers of each input that is tried."""
SEED = 0
OFF = 1e-3
"""By which share of its largest number an output is another one: rounding leaves far less."""
LEVELS = 255


def require_one_way(module: Any, examples: tuple[Any, ...], inputs: Sequence[Input], stage: str) -> None:
    """Refuse a module that computes otherwise than its trace does, for other inputs than the traced one.

    torch's exporter to ONNX traces as torch.jit.trace does: an ``if`` on values keeps one side without a word. Raises
    ConversionFailed at this stage.
    """
    import torch

    pairs: list[tuple[list[Any], Sequence[Any]]] = []
    with torch.no_grad(), warnings.catch_warnings(), torch.jit.optimized_execution(False):
        warnings.simplefilter("ignore")  # of every size that is read, too
        traced = torch.jit.trace(module, examples, check_trace=False)
        for arrays in other_examples(inputs):
            given = [torch.from_numpy(array) for array in arrays]
            with suppress(Exception):  # the user's code may refuse such numbers, by any error
                pairs.append((given, leaves_of(module(*given))))
        for given, expected in pairs:
            require_same(expected, leaves_of(traced(*given)), stage)
    if not pairs:
        sys.stderr.write("the module takes no other numbers than zeros: whether it branches was not checked\n")


def require_same(expected: Sequence[Any], found: Sequence[Any], stage: str) -> None:
    """Refuse outputs of a trace that are not those of its module.

    Raises ConversionFailed.
    """
    for one, other in zip(expected, found, strict=True):
        off = share_off(other.numpy(), one.numpy())
        if off > OFF:
            amount = f"off by {percent(off)} of its largest number" if np.isfinite(off) else "of another shape"
            raise ConversionFailed(
                stage,
                "the module branches on the values of its input, and a graph keeps the one way that it was traced "
                f"with: for another input an output is {amount}; write it without `if` on tensors, by torch.where",
            )


def other_examples(inputs: Sequence[Input]) -> Iterator[list[Any]]:
    """Yield a few examples of all inputs that are unlike zeros and each other, always the same ones."""
    random = np.random.default_rng(SEED)
    for deviation, mean in SPREADS:
        yield [some_numbers(given, deviation, mean, random) for given in inputs]


def some_numbers(given: Input, deviation: float, mean: float, random: np.random.Generator) -> Any:
    """Return one example of an input: of whole numbers, whose range is not known, zeros and ones but for bytes."""
    shape, dtype = (1, *given.shape), np.dtype(given.dtype)
    numbers = random.normal(mean, deviation, shape)
    if dtype == np.uint8:
        return np.clip(LEVELS * (numbers + 3) / 6, 0, LEVELS).astype(dtype)
    return (numbers if dtype.kind == "f" else numbers > 0).astype(dtype)
