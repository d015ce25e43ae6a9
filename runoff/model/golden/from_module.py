"""Golden of a model that is a module: its own eager float32 outputs, and how far float32 is from exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Arrays
from runoff.contract import Model
from runoff.errors import CheckpointBroken
from runoff.files.values import from_json
from runoff.judge.golden_check import largest_difference, largest_number
from runoff.model.golden.golden import Golden, in_float64, save_golden
from runoff.model.module.module import make_module, run_module


def compute_golden(model: dict[str, Any], inputs: dict[str, str], destination: str, exact_examples: int) -> None:
    """Run the module on each example of ``.npy`` files, in float32 and the first few in float64; save the Golden.

    torch takes more than a second for an image in float64. Raises CheckpointBroken for outputs that are not finite.
    """
    given = from_json(Model, model)
    module = make_module(given)
    examples = {name: np.load(file) for name, file in inputs.items()}
    single = list(each_output(module, given, examples))
    exact, note = exact_rows(module, given, {name: array[:exact_examples] for name, array in examples.items()})
    outputs = {each.name: np.concatenate([row[each.name] for row in single]) for each in given.outputs}
    if not all(np.isfinite(array).all() for array in outputs.values()):
        raise CheckpointBroken(
            f"the checkpoint {given.name} gives outputs that are not finite numbers for these inputs; "
            "use weights that were trained for this architecture"
        )
    roundings = {
        name: max(largest_difference(row[name], true[name]) for row, true in zip(single, exact, strict=False))
        for name in outputs
    }
    if note:
        roundings = {name: max(error, least_rounding(outputs[name])) for name, error in roundings.items()}
    save_golden(Path(destination), Golden(outputs, roundings, note=note))


def open_golden(model: Model) -> Callable[[Arrays], Arrays]:
    """Make the module, and return what gives its outputs for a batch of examples."""
    module = make_module(model)
    return lambda batch: run_module(module, model, batch)


def exact_rows(module: Any, model: Model, few: Arrays) -> tuple[list[Arrays], str]:
    """Return the outputs for a few examples in float64, one row each, and nothing else to say.

    A module with constants of its own in float32 does not run so: its sums are taken in the other order that a batch
    of examples brings, and a note says so.
    """
    try:
        return list(each_output(module.double(), model, {name: in_float64(array) for name, array in few.items()})), ""
    except (RuntimeError, TypeError, ValueError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    note = f"golden's rounding is that of a batch against single examples: the model does not run in float64 ({reason})"
    module.float()
    try:
        batch = run_module(module, model, few)
    except (RuntimeError, TypeError, ValueError):  # it takes one example at a time
        return list(each_output(module, model, few)), note
    count = min(map(len, few.values()))
    return [{name: array[place : place + 1] for name, array in batch.items()} for place in range(count)], note


def least_rounding(output: NDArray[Any]) -> float:
    """Return what rounding its largest number makes of an output in float32, 0 for whole numbers."""
    return float(np.finfo(np.float32).eps) * largest_number(output) if output.dtype.kind == "f" else 0.0


def each_output(module: Any, model: Model, examples: Arrays) -> Iterator[Arrays]:
    """Yield a module's outputs for one example after another."""
    for place in range(min(map(len, examples.values()))):
        yield run_module(module, model, {name: array[place : place + 1] for name, array in examples.items()})
