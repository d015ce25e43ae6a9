"""Golden of a model that is a module: its own eager float32 outputs, and how far float32 is from exact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Arrays
from runoff.contract import Model, from_json
from runoff.errors import CheckpointBroken
from runoff.model.golden.golden import Golden, save_golden
from runoff.model.module.module import make_module, run_module


def compute_golden(model: dict[str, Any], inputs: dict[str, str], destination: str, exact_examples: int) -> None:
    """Run the module on each example of ``.npy`` files, in float32 and the first few in float64; save the Golden.

    torch takes more than a second for an image in float64.
    """
    given = from_json(Model, model)
    module = make_module(given)
    examples = {name: np.load(file) for name, file in inputs.items()}
    single = list(each_output(module, given, examples))
    module = module.double()
    few = {name: in_float64(array[:exact_examples]) for name, array in examples.items()}
    exact = list(each_output(module, given, few))
    outputs = {each.name: np.concatenate([row[each.name] for row in single]) for each in given.outputs}
    if not all(np.isfinite(array).all() for array in outputs.values()):
        raise CheckpointBroken(
            f"the checkpoint {given.name} gives outputs that are not finite numbers for these inputs; "
            "use weights that were trained for this architecture"
        )
    roundings = {
        name: max(float(np.abs(row[name] - true[name]).max()) for row, true in zip(single, exact, strict=False))
        for name in outputs
    }
    save_golden(Path(destination), Golden(outputs, roundings))


def each_output(module: Any, model: Model, examples: Arrays) -> Iterator[Arrays]:
    """Yield a module's outputs for one example after another."""
    for place in range(min(map(len, examples.values()))):
        yield run_module(module, model, {name: array[place : place + 1] for name, array in examples.items()})


def in_float64(array: Any) -> Any:
    """Return numbers as float64, but whole ones as they are."""
    return array.astype(np.float64) if array.dtype.kind == "f" else array
