"""Example inputs for onnx2tf, which follows shapes through a graph by them and else downloads pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

EXAMPLES = 24
"""onnx2tf downloads pictures besides where it is given 20 or fewer."""
UNKNOWN_SIDE = 16
SAMPLE_FILE, SAMPLES = "calibration_image_sample_data_20x128x128x3_float32.npy", (20, 128, 128, 3)
"""The pictures that it downloads for a graph of a fixed batch, unless they are where it was started."""


def examples_for_onnx2tf(model: Path, folder: Path, *, channels_last: bool) -> list[list[Any]]:
    """Write seeded random examples for each input of an ONNX file into a folder; return them as onnx2tf takes them.

    They are always the same ones, so that what it converts depends on no pictures of a run.
    """
    import onnx

    random, given = np.random.default_rng(0), []
    graph = onnx.load(str(model), load_external_data=False).graph
    written = {each.name for each in graph.initializer}
    for place, value in enumerate(value for value in graph.input if value.name not in written):
        known = [side.dim_value for side in value.type.tensor_type.shape.dim][1:]
        sides = [side if side > 0 else UNKNOWN_SIDE for side in known]
        examples = random.standard_normal((EXAMPLES, *sides)).astype(np.float32)
        if channels_last:
            examples = np.moveaxis(examples, 1, -1)
        file = folder / f"examples-{place}.npy"
        np.save(file, np.ascontiguousarray(examples))
        statistics = (1,) * (examples.ndim - 1)
        wide = (*statistics, examples.shape[-1]) if channels_last else (1, sides[0], *statistics[1:])
        given.append([value.name, str(file), np.zeros(wide, np.float32), np.ones(wide, np.float32)])
    return given


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
