"""Golden of an ONNX file: ONNX Runtime's float32 outputs, checked by onnx's reference evaluator in float64.

The rounding is how far float32 is from exact, by that evaluator. Where the evaluator can't be believed or can't run the
file, it is how far float32 is from itself: see ``unsure_roundings``. It is never less than half a step of float32 at an
output's largest number, since no runtime can store the output more exactly.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Arrays, arranged, named
from runoff.contract import Model
from runoff.errors import CheckpointBroken
from runoff.files.values import from_json
from runoff.judge.golden_check import (
    Check,
    difference_share,
    half_step,
    largest_difference,
    why_unbelievable,
)
from runoff.model.golden import evaluator
from runoff.model.golden.golden import Golden, save_golden
from runoff.model.onnx.runtime import OPTIMISED, PLAIN, open_session

BY = "onnx's reference evaluator in float64"
CHECK_SECONDS = 60.0
"""How long the evaluator may take for all examples; 2 to 18 s for a picture are usual."""
MOST_MOVES = 16
"""How often inputs are moved at most, until every output has moved: a probability of 0.001 has so few digits in ONNX
Runtime's sigmoid, which adds 0.5, that one movement in five changes none of four."""
REASON_LENGTH = 160


def compute_golden(model: dict[str, Any], inputs: dict[str, str], destination: str, exact_examples: int) -> None:
    """Run a file on each example of ``.npy`` files by ONNX Runtime, check the first few, and save the Golden.

    Raises CheckpointBroken where ONNX Runtime can't run it, or its outputs are not finite.
    """
    given = from_json(Model, model)
    arrays = {name: np.load(file) for name, file in inputs.items()}
    examples = [one_example(arrays, place) for place in range(min(map(len, arrays.values())))]
    single = run_file(given, examples)
    outputs = {each.name: np.concatenate([row[each.name] for row in single]) for each in given.outputs}
    if unfinite := [name for name, array in outputs.items() if not np.isfinite(array).all()]:
        raise CheckpointBroken(
            f"{given.source.architecture} gives numbers that are not finite in its output {unfinite[0]!r} for these "
            "inputs, so no comparison with it is possible; give it inputs that it is made for"
        )
    few = slice(exact_examples)
    check, exact = check_outputs(given, examples[few], single)
    roundings = largest_differences(single, exact) if exact else unsure_roundings(given, examples[few], single)
    roundings = {name: max(rounding, half_step(outputs[name])) for name, rounding in roundings.items()}
    save_golden(Path(destination), Golden(outputs, roundings, check))


def open_golden(model: Model) -> Callable[[Arrays], Arrays]:
    """Open the file by ONNX Runtime, and return what gives its outputs for a batch of examples.

    Raises CheckpointBroken where it can't be opened.
    """
    assert model.source.weights is not None
    with refusing(model.source.architecture):
        session = open_session(model.source.weights)
    names = [each.name for each in model.outputs]

    def run(batch: Arrays) -> Arrays:
        count = min(map(len, batch.values()))
        return named(session.run(names, arranged(batch, model.inputs, "")), model.signature, count)

    return run


def one_example(arrays: Arrays, place: int) -> Arrays:
    """Return one example as a batch."""
    return {name: array[place : place + 1] for name, array in arrays.items()}


def run_file(model: Model, examples: Sequence[Arrays], optimisation: str = PLAIN) -> list[Arrays]:
    """Run a file by ONNX Runtime, one example after another.

    Raises CheckpointBroken where it can't.
    """
    assert model.source.weights is not None
    with refusing(model.source.architecture):
        session = open_session(model.source.weights, optimisation)
        names = [each.name for each in model.outputs]
        found = [session.run(names, arranged(example, model.inputs, "")) for example in examples]
    return [named(outputs, model.signature, 1) for outputs in found]


@contextmanager
def refusing(file: str) -> Iterator[None]:
    """Name what ONNX Runtime refuses, whatever it raises."""
    try:
        yield
    except Exception as error:
        raise CheckpointBroken(
            f"ONNX Runtime, which golden is computed by, can't run {file}: {short(error)}"
        ) from error


def check_outputs(model: Model, examples: Sequence[Arrays], single: Sequence[Arrays]) -> tuple[Check, Sequence[Arrays]]:
    """Check float32 outputs by the evaluator: how that went, and its own outputs where they can be believed.

    Whatever the evaluator raises makes golden unchecked and does not end the run; the log has it whole.
    """
    assert model.source.weights is not None
    try:
        given = (arranged(example, model.inputs, "") for example in examples)
        exact = [
            named_outputs(outputs, model) for outputs in evaluator.evaluate(model.source.weights, given, CHECK_SECONDS)
        ]
    except Exception as error:  # noqa: BLE001 - it raises what it likes for what it does not know
        traceback.print_exc(file=sys.stderr)
        return Check(BY, reason=f"{evaluator.failing_operator(error)}{type(error).__name__}: {short(error)}"), ()
    half = evaluator.has_half(model.source.weights)
    pairs = list(zip(single, exact, strict=False))
    for golden, true in pairs:
        if reason := why_unbelievable(golden, true, half=half):
            return Check(BY, reason=reason), ()
    return Check(BY, len(pairs), max(difference_share(golden, true)[1] for golden, true in pairs)), exact


def named_outputs(outputs: Arrays, model: Model) -> Arrays:
    """Return the evaluator's outputs as golden has them, in float64 and each as a batch of one."""
    return {each.name: np.asarray(outputs[each.name])[None if not each.batched else ...] for each in model.outputs}


def unsure_roundings(model: Model, examples: Sequence[Arrays], single: Sequence[Arrays]) -> Mapping[str, float]:
    """Return how far float32 is from itself: the largest difference that either of two harmless changes makes.

    One is ONNX Runtime's own graph optimisation, which computes the same in another order. The other moves every
    number of the inputs by up to half a step of its type, the least that any computation in it does, and again where an
    output stays exactly as it was. On files that the evaluator can run, the larger of them is 0.8 to 1.8 times the true
    rounding; either alone can be 0.
    """
    random = np.random.default_rng(0)
    found = largest_differences(single, run_file(model, examples, OPTIMISED))
    movable = any(array.dtype.kind == "f" for array in examples[0].values())
    for _ in range(MOST_MOVES if movable else 0):
        moved = [{name: move(array, random) for name, array in example.items()} for example in examples]
        made = largest_differences(single, run_file(model, moved))
        found = {name: max(difference, made[name]) for name, difference in found.items()}
        if all(found[name] for name, array in single[0].items() if array.dtype.kind == "f"):
            break
    return found


def move(array: Any, random: np.random.Generator) -> Any:
    """Return numbers moved by up to half the distance to the next of their type; whole ones as they are."""
    if array.dtype.kind != "f":
        return array
    share = np.finfo(array.dtype).eps / 2
    return (array.astype(np.float64) * (1 + share * random.uniform(-1, 1, array.shape))).astype(array.dtype)


def largest_differences(single: Sequence[Arrays], others: Sequence[Arrays]) -> dict[str, float]:
    """Return the largest difference of each output over the examples that both have; 0 of whole numbers."""
    pairs = list(zip(single, others, strict=False))
    return {
        name: max(largest_difference(one[name], other[name]) for one, other in pairs)
        if array.dtype.kind == "f"
        else 0.0
        for name, array in single[0].items()
    }


def short(error: Exception) -> str:
    """Return the beginning of an error's text in one line, without the stop at its end."""
    text = " ".join(str(error).split()).rstrip(".")
    return text if len(text) <= REASON_LENGTH else f"{text[:REASON_LENGTH]}…"
