"""What is asked of a model's inputs and of what is right, on a command line."""

from __future__ import annotations

import dataclasses
import os
import re
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff import quantities
from runoff.arrays import Input, Signature, shape_text
from runoff.contract import CLASSIFICATION, OTHER, Model
from runoff.errors import UsageError

DTYPES = ("float16", "float32", "float64", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
FORM = "NAME=3x224x224, then :uint8, :NHWC or :0..999 where it is so"
AUTO = "auto"


@dataclass(frozen=True)
class DeclaredInput:
    """An input as ``--input`` has it, the range of its numbers where that was given, and the option's text."""

    input: Input
    limits: tuple[int, int] | None
    text: str

    def fits(self, own: Input) -> bool:
        """Whether an input of the model is what was said of it; a type or layout that was not said may be any."""
        dtype = self.input.dtype if self.says_dtype else own.dtype
        return (self.input.shape, dtype, self.input.layout or own.layout) == (own.shape, own.dtype, own.layout)

    @property
    def says_dtype(self) -> bool:
        """Whether the option's text has the type of the numbers."""
        return any(mark in DTYPES for mark in self.text.rpartition("=")[2].split(":")[1:])


@dataclass(frozen=True)
class InputOptions:
    """The inputs that are declared, a file of examples, what the model is for, and how far outputs may be off."""

    inputs: tuple[DeclaredInput, ...] = ()
    file: Path | None = None
    task: str = AUTO
    tolerance: float | None = None

    def words(self, path: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
        """Yield the options with their values as words, those at their default left out."""
        for declared in self.inputs:
            yield "--input", declared.text
        if self.file is not None:
            yield "--inputs", path(os.fspath(self.file))
        if self.task != AUTO:
            yield "--task", self.task
        if self.tolerance is not None:
            yield "--tolerance", quantities.share_text(self.tolerance)


def add_input_options(add: Callable[..., object]) -> None:
    """Declare the options by a parser's ``add_argument``, or a group's ``addoption``."""
    add(
        "--input",
        type=read_input,
        action="append",
        default=[],
        metavar="NAME=SHAPE",
        help=f"an input of the model, with the shape of one example: {FORM}; may be given more than once",
    )
    add(
        "--inputs",
        type=Path,
        metavar="FILE.npz",
        help="the model's inputs: an array for each input by its name, whose first axis is that of the examples "
        "(pictures for a model of pictures, else seeded random numbers)",
    )
    add(
        "--task",
        choices=(AUTO, CLASSIFICATION, OTHER),
        default=AUTO,
        help="compare Top-1 with golden's, or the outputs' numbers (auto: decided by the outputs)",
    )
    add(
        "--tolerance",
        type=quantities.positive_share,
        metavar="T%",
        help="how far reduced precision may be off in a model that is no classifier: an output's root mean square "
        "error as a share of golden's (only shown)",
    )


def input_options(given: Any) -> InputOptions:
    """Read the options from what a parser returned."""
    return InputOptions(tuple(given.input), given.inputs, given.task, given.tolerance)


def read_input(text: str) -> DeclaredInput:
    """Read ``--input``.

    Raises ArgumentTypeError, which argparse and pytest show as the user's mistake.
    """
    name, sign, rest = text.rpartition("=")
    sides, *marks = rest.split(":")
    if not sign or not name or not re.fullmatch(r"(\d+([x×]\d+)*)?", sides):
        raise ArgumentTypeError(f"expected {FORM}; found {text!r}")
    shape = tuple(int(side) for side in re.split("[x×]", sides)) if sides else ()
    if 0 in shape:
        raise ArgumentTypeError(f"a side of {name} is 0 in {text!r}; expected sides of 1 or more")
    dtype, layout, limits = "float32", "", None
    for mark in marks:
        if mark in DTYPES:
            dtype = mark
        elif sorted(mark) == sorted("NCHW") and len(shape) == len("CHW"):
            layout = mark
        elif between := re.fullmatch(r"(-?\d+)\.\.(-?\d+)", mark):
            limits = (int(between[1]), int(between[2]))
            if limits[0] > limits[1]:
                raise ArgumentTypeError(f"the range {mark} of {name} ends before it begins")
        else:
            raise ArgumentTypeError(
                f"{mark!r} in {text!r} is no type ({', '.join(DTYPES)}), no layout of three sides (NCHW, NHWC), "
                "and no range (0..999)"
            )
    return DeclaredInput(Input(name, shape, dtype, layout), limits, text)


def asked_model(model: Model, options: InputOptions) -> Model:
    """Return a model for the task that is asked for.

    Raises UsageError for a task that its outputs can't do, for inputs that are not its own, and where pictures become
    another input than it takes.
    """
    require_fitting_pictures(model)
    own = {given.name: given for given in model.inputs}
    for declared in options.inputs:
        if declared.input.name not in own or not declared.fits(own[declared.input.name]):
            taken = ", ".join(map(input_text, model.inputs))
            raise UsageError(
                f"--input {declared.text}: {model.source.architecture} takes {taken}; "
                "say so, or change what pictures become by --input-size or --preprocessing"
            )
    if options.task == CLASSIFICATION and model.signature.classes is None:
        raise UsageError(
            f"--task {CLASSIFICATION} takes one output of a floating-point number for each of two classes or more, and "
            f"{model.source.architecture} gives {outputs_text(model.signature)}; leave it out"
        )
    return model if options.task == AUTO else dataclasses.replace(model, task=options.task)


def require_fitting_pictures(model: Model) -> None:
    """Refuse preprocessing that does not make the model's one input.

    Raises UsageError.
    """
    if model.preprocessing is None or len(model.inputs) != 1:
        return
    made, (given,) = model.preprocessing, model.inputs
    if (made.shape, made.dtype) != (given.shape, given.dtype):
        raise UsageError(
            f"pictures become {shape_text(made.shape)} {made.dtype}, and {model.source.architecture} takes "
            f"{input_text(given)}; change that by --input-size or --preprocessing"
        )


def task_of(signature: Signature) -> str:
    """Say what a model is for by what it gives."""
    return OTHER if signature.classes is None else CLASSIFICATION


def input_text(given: Input) -> str:
    """Write an input as ``--input`` has it."""
    marks = [given.dtype if given.dtype != "float32" else "", given.layout]
    return f"{given.name}={'x'.join(map(str, given.shape))}{''.join(f':{mark}' for mark in marks if mark)}"


def outputs_text(signature: Signature) -> str:
    """Write what a model gives."""
    return ", ".join(f"{each.name} ({shape_text(each.shape or ())} {each.dtype})" for each in signature.outputs)
