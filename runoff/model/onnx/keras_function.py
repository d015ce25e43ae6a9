"""What onnx2tf makes with Keras: a function that is told inputs by places and gives outputs by name, and errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from runoff.arrays import Output
from runoff.contract import Form
from runoff.errors import ConversionFailed, first_line

WHERE, ARGUMENTS, TRACE = "Exception encountered when calling", "rguments received by", "in user code:"
"""How Keras begins to say where an error was, what the layer was given, and AutoGraph the way to it."""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def keras_reason(error: Exception) -> str:
    """Return an error's kind and the line that says the reason: Keras puts the layer before it, and arguments after."""
    text = COLOURS.sub("", str(error))
    if WHERE not in text:
        return first_line(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    end = next((place for place, line in enumerate(lines) if ARGUMENTS in line), len(lines))
    told = [line for line in lines[:end] if not line.startswith(WHERE)] or lines
    reason = told[-1] if told[0] == TRACE else told[0]
    return reason if type(error).__name__ in reason else f"{type(error).__name__}: {reason}"


def by_places(model: Any, form: Form, *, channels_last: bool) -> Callable[..., Any]:
    """Return a Keras model as a function of its inputs; where there are several outputs, these by their names.

    Keras itself takes a second input for the argument "training". It has outputs in the order of the ONNX file that it
    was made of, and pictures among them stay as onnx2tf has them, ``channels_last``, or get the model's own order of
    axes. Raises ConversionFailed where some outputs are missing.
    """
    names = outputs_of(form)
    if len(names) != len(model.outputs):
        raise ConversionFailed("onnx2tf", f"gives {len(model.outputs)} outputs and not {', '.join(names)}")
    declared = {each.name: each for each in form.model.outputs}
    moved = {} if channels_last else axes_to_move(names, model.outputs, declared)
    if len(model.inputs) == len(names) == 1 and not moved:
        given: Callable[..., Any] = model
        return given

    def named(*tensors: Any) -> dict[str, Any]:
        made = model(list(tensors))
        found = zip(names, made if isinstance(made, (list, tuple)) else [made], strict=True)
        return {name: transposed(tensor, moved[name]) if name in moved else tensor for name, tensor in found}

    return named


def transposed(tensor: Any, axes: tuple[int, ...]) -> Any:
    """Return a tensor with its axes in another order."""
    import tensorflow as tf

    return tf.transpose(tensor, axes)


def outputs_of(form: Form) -> list[str]:
    """Name a form's outputs in the order of its ONNX file."""
    import onnx

    return [output.name for output in onnx.load(str(form.onnx_file), load_external_data=False).graph.output]


def axes_to_move(names: Sequence[str], made: Sequence[Any], declared: dict[str, Output]) -> dict[str, tuple[int, ...]]:
    """Return the order of axes that gives an output the model's own, for those that have another."""
    axes = {name: axes_back(tensor.shape, declared[name]) for name, tensor in zip(names, made, strict=True)}
    return {name: order for name, order in axes.items() if order != tuple(range(len(order)))}


def axes_back(found: Sequence[Any], output: Output) -> tuple[int, ...]:
    """Return the axes of an output with channels last in the model's order, by the shape that it has."""
    axes = tuple(range(len(found)))
    sides = found[1:]
    if output.shape is None or all(side in (None, own) for side, own in zip(sides, output.shape, strict=True)):
        return axes
    return (0, *axes[-1:], *axes[1:-1])
