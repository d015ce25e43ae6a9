"""Example inputs for onnx2tf, which follows shapes through a graph by them and else downloads pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Input, arranged

EXAMPLES = 24
"""onnx2tf downloads pictures besides where it is given 20 or fewer."""
SAMPLE_FILE, SAMPLES = "calibration_image_sample_data_20x128x128x3_float32.npy", (20, 128, 128, 3)
"""The pictures that it downloads for a graph of a fixed batch, unless they are where it was started."""
AXES_IT_MOVES = (2, 3, 4)
"""onnx2tf takes examples of so many axes for channels with one, two or three sides."""


def examples_for_onnx2tf(inputs: Sequence[Input], folder: Path, layout: str) -> list[list[Any]]:
    """Write seeded random examples for each input into a folder; return them as onnx2tf takes them.

    Pictures are in a ``layout``, where it names one. They are always the same ones, so that what it converts depends on
    no pictures of a run.
    """
    random, given = np.random.default_rng(0), []
    examples = {each.name: some_numbers(each, random) for each in inputs}
    for place, (name, array) in enumerate(arranged(examples, inputs, layout).items()):
        file = folder / f"examples-{place}.npy"
        np.save(file, array)
        channel = array.ndim - 1 if layout.endswith("C") else 1
        wide = [side if axis == channel else 1 for axis, side in enumerate(array.shape)]
        given.append([name, str(file), np.zeros(wide, np.float32), np.ones(wide, np.float32)])
    return given


def some_numbers(given: Input, random: np.random.Generator) -> Any:
    """Return random numbers of an input's type; whole ones, whose range is not known, are 0 and 1."""
    numbers = random.standard_normal((EXAMPLES, *given.shape))
    return (numbers if np.dtype(given.dtype).kind == "f" else numbers > 0).astype(given.dtype)


def kept_as_they_are(inputs: Sequence[Input], layout: str) -> list[str]:
    """Name the inputs whose axes onnx2tf must not move: all that are not pictures of another layout than its own."""
    same = [each for each in inputs if each.axes(layout) == tuple(range(1 + len(each.shape)))]
    return [each.name for each in same if len(each.shape) in AXES_IT_MOVES]


@contextmanager
def sample_pictures(folder: Path) -> Iterator[None]:
    """Work in a folder with seeded random pictures in the place of those that onnx2tf would download."""
    np.save(folder / SAMPLE_FILE, np.random.default_rng(0).random(SAMPLES, np.float32))
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
