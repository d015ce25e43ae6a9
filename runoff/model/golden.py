"""Golden: the outputs of the model's own eager float32 module, and how far float32 itself is from exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Arrays
from runoff.contract import Model, from_json
from runoff.errors import CheckpointBroken
from runoff.files.arrays import load_arrays, save_arrays
from runoff.model.module.module import make_module, run_module

REQUIRES = ("torch", "torchvision")
DISTRIBUTIONS = ("torch", "torchvision")
GOLDEN_VERSION = 2
"""Goes up with every change of how golden is computed, so that it is computed anew; a test asks."""


ROUNDING = "rounding of "
"""How an output's rounding error is named in the file."""


@dataclass(frozen=True)
class Golden:
    """Golden outputs, each for N examples, with the largest difference that float64 arithmetic makes to any of each."""

    outputs: Arrays
    roundings: Mapping[str, float]


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
    save_arrays(
        Path(destination), {**outputs, **{f"{ROUNDING}{name}": np.array(error) for name, error in roundings.items()}}
    )


def each_output(module: Any, model: Model, examples: Arrays) -> Iterator[Arrays]:
    """Yield a module's outputs for one example after another."""
    for place in range(min(map(len, examples.values()))):
        yield run_module(module, model, {name: array[place : place + 1] for name, array in examples.items()})


def in_float64(array: Any) -> Any:
    """Return numbers as float64, but whole ones as they are."""
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def load_golden(path: Path) -> Golden:
    """Read what compute_golden saved."""
    saved = load_arrays(path)
    outputs = {name: array for name, array in saved.items() if not name.startswith(ROUNDING)}
    return Golden(outputs, {name: float(saved[f"{ROUNDING}{name}"]) for name in outputs})
