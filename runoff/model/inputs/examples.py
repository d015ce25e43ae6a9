"""What a model is run on: pictures, a file of arrays, or random numbers; N examples of each input."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Arrays, Input
from runoff.errors import InputsUnusable
from runoff.model.inputs.images import ImageSet, hash_pixels, save_images
from runoff.model.inputs.input_options import InputOptions
from runoff.text.numbers import first_few

PICTURES, ARRAYS, RANDOM_NUMBERS = "pictures", "arrays", "random numbers"
"""Where examples come from."""
RANDOM_COUNT = 16
RANDOM_SEED = 0
BYTE = 256
Range = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples with their names in a fixed order: an array for each input, and what they are.

    ``sha256`` is the hash of names and arrays. ``doubts`` say what was odd about some of their files.
    """

    names: tuple[str, ...]
    arrays: Arrays
    kind: str
    sha256: str
    doubts: tuple[str, ...] = ()

    @property
    def note(self) -> str | None:
        """What there is to know about them, None for nothing."""
        if self.doubts:
            return f"odd about the files, though all could be read: {first_few(self.doubts, between='; ')}"
        if self.kind != RANDOM_NUMBERS:
            return None
        return (
            f"the model is run on {len(self.names)} examples of seeded random numbers; "
            "give it its own by --inputs FILE.npz"
        )


def picture_examples(images: ImageSet, given: Input) -> Examples:
    """Return pictures as the examples of a model's one input."""
    return Examples(images.names, {given.name: images.pixels}, PICTURES, images.sha256, images.doubts)


def given_examples(inputs: Sequence[Input], options: InputOptions, count: int = RANDOM_COUNT) -> Examples:
    """Return the examples of ``--inputs``, or so many random ones.

    Raises InputsUnusable.
    """
    if options.file is not None:
        return file_examples(options.file, inputs)
    ranges = {declared.input.name: declared.limits for declared in options.inputs if declared.limits}
    return random_examples(inputs, ranges, count)


def file_examples(path: Path, inputs: Sequence[Input]) -> Examples:
    """Read ``--inputs``: an ``.npz`` file with an array for each input, whose first axis are the examples.

    Raises InputsUnusable.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved.files}
    except (OSError, ValueError, EOFError, TypeError, AttributeError, KeyError) as error:
        raise InputsUnusable(f"--inputs {path} can't be read as an .npz file of plain arrays ({error})") from error
    if problem := next(misfits(arrays, inputs), None):
        raise InputsUnusable(f"--inputs {path}: {problem}")
    fitting = {given.name: arrays[given.name].astype(given.dtype) for given in inputs}
    return named_examples(fitting, ARRAYS)


def misfits(arrays: Arrays, inputs: Sequence[Input]) -> Iterator[str]:
    """Say what keeps arrays from being a model's inputs."""
    names = [given.name for given in inputs]
    if set(arrays) != set(names):
        yield f"expected arrays named {', '.join(names)}, found {', '.join(arrays) or 'none'}"
        return
    for given in inputs:
        array = arrays[given.name]
        if array.shape[1:] != given.shape or array.ndim == 0:
            wanted = "×".join(["N", *map(str, given.shape)])
            yield f"{given.name} should be {wanted}, and is {'×'.join(map(str, array.shape)) or 'one number'}"
        elif not np.can_cast(array.dtype, given.dtype, "same_kind"):
            yield f"{given.name} should be {given.dtype}, and is {array.dtype}"
        elif not np.isfinite(array).all():
            yield f"{given.name} holds numbers that are not finite"
        elif array.dtype.kind in "iu" and not np.array_equal(array.astype(given.dtype), array):
            yield f"{given.name} holds numbers that {given.dtype} does not reach"
    counts = {name: len(array) for name, array in arrays.items() if array.ndim}
    if len(set(counts.values())) > 1:
        yield f"the arrays hold different numbers of examples: {counts}"
    if 0 in counts.values():
        yield "it holds no example"


def random_examples(inputs: Sequence[Input], ranges: Mapping[str, Range], count: int = RANDOM_COUNT) -> Examples:
    """Return seeded random examples, always the same ones: normal, or whole numbers of a range that is given.

    Raises InputsUnusable for whole numbers without a range.
    """
    random = np.random.default_rng(RANDOM_SEED)
    return named_examples(
        {each.name: random_numbers(each, ranges.get(each.name), random, count) for each in inputs}, RANDOM_NUMBERS
    )


def random_numbers(given: Input, limits: Range | None, random: np.random.Generator, count: int) -> NDArray[Any]:
    """Return random numbers for so many examples of an input.

    Raises InputsUnusable.
    """
    shape, dtype = (count, *given.shape), np.dtype(given.dtype)
    if dtype.kind == "f" and limits is None:
        return random.standard_normal(shape).astype(dtype)
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(dtype)
    if limits is None and dtype == np.uint8:
        limits = (0, BYTE - 1)
    if limits is None:
        sides = "x".join(map(str, given.shape))
        raise InputsUnusable(
            f"the numbers that the input {given.name} ({given.dtype}) may hold are unknown; give --inputs FILE.npz, "
            f"or their range: --input {given.name}={sides}:{given.dtype}:0..999"
        )
    return random.integers(limits[0], limits[1] + 1, shape).astype(dtype)


def named_examples(arrays: Arrays, kind: str) -> Examples:
    """Return arrays as examples, named by their place."""
    count = min(map(len, arrays.values()))
    names = tuple(f"example {place + 1}" for place in range(count))
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    digest = hashlib.sha256("".join(f"{name}\0{hash_pixels(array)}\0" for name, array in whole.items()).encode())
    return Examples(names, whole, kind, digest.hexdigest())


def save_examples(examples: Examples, folder: Path) -> dict[str, Path]:
    """Write the examples of each input as a plain ``.npy`` file, whole, which workers read; return the files.

    Raises ResultsUnwritable where that can't be done.
    """
    files = {name: folder / f"input-{place}.npy" for place, name in enumerate(examples.arrays)}
    for name, array in examples.arrays.items():
        save_images(ImageSet(examples.names, array, ""), files[name])
    return files
