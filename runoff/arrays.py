"""What a session takes and gives: arrays by name, as a model declares them.

This module needs numpy and the standard library only, so that a worker can import it in any environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.errors import ContractBroken

Logits = NDArray[np.float32]
Pictures = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]
"""Arrays by the names of a model's inputs or outputs."""


def shape_text(shape: Sequence[int]) -> str:
    """Write the sides of one example."""
    return "×".join(map(str, shape)) or "one number"


@dataclass(frozen=True)
class Input:
    """One input of a model."""

    name: str
    """Its name."""
    shape: tuple[int, ...]
    """The shape of one example, without the batch (numbers)."""
    dtype: str = "float32"
    """The type of its numbers."""
    layout: str = ""
    """The axes of a batch of pictures, as in `NCHW`; empty where the axes mean something else."""
    batched: bool = True
    """Whether it has an axis of examples: without one, a session is given an example itself."""

    def axes(self, wanted: str) -> tuple[int, ...]:
        """Return a batch's axes in the order of a wanted layout; as they are, where that is one of other axes."""
        if not self.layout or sorted(self.layout) != sorted(wanted):
            return tuple(range(1 + len(self.shape)))
        return tuple(map(self.layout.index, wanted))


@dataclass(frozen=True)
class Output:
    """One output of a model."""

    name: str
    """Its name."""
    shape: tuple[int, ...] | None
    """The shape of one example, without the batch (numbers); none where only a run shows it."""
    dtype: str = "float32"
    """The type of its numbers."""
    batched: bool = True
    """Whether it has an axis of examples."""
    probabilities: bool = False
    """Whether a classifier's graph ends with a softmax; else it gives logits."""


@dataclass(frozen=True)
class Signature:
    """What a model takes and gives, in the order in which it does."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]

    @property
    def classes(self) -> int | None:
        """The number of classes, where it gives a number for each of two or more and nothing else; else None.

        Sides of 1 after the classes, as convolutions leave them, are none.
        """
        if len(self.outputs) != 1 or not self.outputs[0].shape or not self.outputs[0].batched:
            return None
        classes, *others = self.outputs[0].shape
        plain = set(others) <= {1} and np.dtype(self.outputs[0].dtype).kind == "f"
        return classes if plain and classes > 1 else None


def arranged(arrays: Arrays, inputs: Iterable[Input], layout: str) -> dict[str, NDArray[Any]]:
    """Return a batch as a session is given it: an array for each input, contiguous and in the backend's layout.

    Of an input without an axis of examples it is the first example.
    """
    return {
        given.name: np.ascontiguousarray(arrays[given.name].transpose(given.axes(layout)))
        if given.batched
        else np.array(arrays[given.name][0, ...])  # a copy: OpenVINO refuses one number that is read-only
        for given in inputs
    }


def named(outputs: Any, signature: Signature, examples: int) -> dict[str, NDArray[Any]]:
    """Return what a session gave by the names of the model's outputs, outside of what is timed.

    What has no axis of examples is the one row of what is returned. Raises ContractBroken for anything but numpy arrays
    of N rows as declared: all contenders end at the same place.
    """
    found = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    if len(found) == len(signature.outputs):
        pairs = list(zip(signature.outputs, found, strict=True))
        if all(is_batch(array, declared, examples) for declared, array in pairs):
            return {declared.name: array if declared.batched else array[None] for declared, array in pairs}
    wanted = ", ".join(f"{each.name!r} in {each.dtype}" for each in signature.outputs)
    raise ContractBroken(
        f"run() must give a list of numpy arrays of {examples} rows, {wanted}; "
        f"it gave {', '.join(map(kind_of, found))}; mend the backend's run()"
    )


def share_off(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """Return how far an array is off at most, as a share of the largest expected number; infinity for another shape."""
    if found.shape != expected.shape:
        return np.inf
    one, other = (np.nan_to_num(array.astype(np.float64)) for array in (expected, found))
    scale = float(np.abs(one).max(initial=0.0))
    return float(np.abs(one - other).max(initial=0.0)) / (scale or 1.0)


def kind_of(found: Any) -> str:
    """Say what something is that a session gave."""
    return f"{found.dtype} {found.shape}" if isinstance(found, np.ndarray) else type(found).__name__


def is_batch(array: Any, declared: Output, examples: int) -> bool:
    """Whether something is a numpy array of an output's type with so many rows, where the output has any."""
    if not isinstance(array, np.ndarray) or array.dtype != declared.dtype:
        return False
    known = declared.shape is None or array.ndim == declared.batched + len(declared.shape)
    return known and (not declared.batched or (array.ndim > 0 and len(array) == examples))
