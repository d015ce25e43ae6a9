"""What is asked of the model on a command line: declared once, for the suite and for the page."""

from __future__ import annotations

import dataclasses
import json
import os
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from runoff import quantities
from runoff.contract import RANDOM
from runoff.errors import LabelsUnusable, UsageError
from runoff.model.inputs.preprocessing_fields import read_field_file, read_fields
from runoff.model.pictures.label_table import LabelTable, read_label_table, read_text
from runoff.model.sources.architecture import BUILTIN, IMAGENET, RESNET18

AUTO = "auto"
IMAGENET_NAME = "imagenet"
CHANNELS: Mapping[tuple[int, ...], Mapping[str, str]] = {(1,): {"channels": "L"}, (3,): {}}
"""What the first number of ``--input-size`` says of the pictures."""
SHORT_FORMS = {"mean": "--mean", "deviation": "--std", "crop": "--input-size"}
Value = TypeVar("Value")


@dataclass(frozen=True)
class Written(Generic[Value]):
    """What an option's file held, and what the option was, which alone makes no difference."""

    value: Value
    text: str = field(compare=False)


@dataclass(frozen=True)
class ModelOptions:
    """Which model is asked for, whose weights, what its pictures become, and its labels.

    ``preprocessing`` are fields that are given in place of the known ones. ``mean``, ``std`` and ``input_size``
    (channels, height, width) are short forms, and empty where they are not given. ``picture_labels``, which the same
    option gives, says what is on the user's pictures.
    """

    model: str = RESNET18
    weights: str = AUTO
    preprocessing: Written[Mapping[str, Any]] = Written({}, AUTO)
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    input_size: tuple[int, ...] = ()
    labels: Written[tuple[str, ...]] | None = None
    picture_labels: Written[LabelTable] | None = None

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The fields to lay over the known preprocessing, in order, as JSON values."""
        return [json.loads(json.dumps(fields)) for fields in (self.preprocessing.value, self.short_fields) if fields]

    @property
    def short_fields(self) -> dict[str, Any]:
        """The fields that the short forms give."""
        numbers = {"mean": self.mean, "deviation": self.std, "crop": self.input_size[1:]}
        return {**CHANNELS.get(self.input_size[:1], {}), **{name: value for name, value in numbers.items() if value}}

    def words(self, path: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
        """Yield the options with their values as words, those at their default left out but for model and weights.

        ``path`` writes a file's path.
        """
        yield "--model", path(self.model) if os.sep in self.model else self.model
        yield "--weights", path(self.weights) if os.sep in self.weights else self.weights
        if self.preprocessing.value:
            text = self.preprocessing.text
            yield "--preprocessing", text if text == IMAGENET_NAME else path(text)
        for name, given in (("--mean", self.mean), ("--std", self.std), ("--input-size", self.input_size)):
            if given:
                yield name, *(f"{number:.10g}" for number in given)
        for labels in (self.labels, self.picture_labels):
            if labels is not None:
                file, sign, columns = labels.text.partition("#")
                yield "--labels", f"{path(file)}{sign}{columns}"


def asks_for_own(options: ModelOptions) -> bool:
    """Whether another model is asked for than ResNet-18 with weights that come with a source, or are drawn."""
    return options.model != RESNET18 or options.weights not in (AUTO, BUILTIN, RANDOM)


def add_model_options(add: Callable[..., object]) -> None:
    """Declare the options by a parser's ``add_argument``, or a group's ``addoption``."""
    defaults = ModelOptions()
    add(
        "--model",
        default=defaults.model,
        metavar="NAME",
        help="any classifier of TorchVision's, timm:NAME for one of timm's, package.module:callable for your own "
        "module, or PATH.onnx (%(default)s)",
    )
    add(
        "--weights",
        default=defaults.weights,
        metavar="W",
        help="the weights: auto (the source's own, or those that a callable loads, else those built in), builtin, "
        "random (for speed alone), a tag of TorchVision's (IMAGENET1K_V2), or the PATH of a state dict, with #PLACE if "
        "it holds several (auto)",
    )
    add(
        "--preprocessing",
        type=read_preprocessing,
        default=defaults.preprocessing,
        metavar="P",
        help="how pictures become the input: auto (the preprocessing of the weights), imagenet, or a JSON or TOML FILE "
        "with the fields to change: size, crop, mean, deviation, resize, interpolation, fill, scale, channels, layout, "
        "dtype (auto)",
    )
    add("--mean", type=read_numbers, nargs="+", metavar="M", help="the mean to subtract, such as 0.485,0.456,0.406")
    add("--std", type=read_numbers, nargs="+", metavar="S", help="the standard deviation to divide by")
    add(
        "--input-size",
        type=quantities.positive,
        nargs=3,
        metavar=("C", "H", "W"),
        help="channels, height and width of the input, such as 3 299 299",
    )
    add(
        "--labels",
        type=read_labels,
        action="append",
        default=[],
        metavar="FILE",
        help="names of the classes, one a line or a JSON list (those of the source); or the labels of the pictures of "
        "--images: a picture's name and its label a row, in CSV, TSV or JSON lines; may be given twice, once for each",
    )


def model_options(given: Any) -> ModelOptions:
    """Read the options from what a parser returned.

    Raises UsageError.
    """
    size = tuple(given.input_size or ())
    if size and size[:1] not in CHANNELS:
        raise UsageError(f"--input-size begins with the channels, 3 or 1 (grey) for pictures; found {size[0]}")
    options = ModelOptions(
        model=given.model,
        weights=given.weights,
        preprocessing=given.preprocessing,
        mean=tuple(number for part in given.mean or () for number in part),
        std=tuple(number for part in given.std or () for number in part),
        input_size=size,
        labels=of_kind(tuple, given.labels),
        picture_labels=of_kind(LabelTable, given.labels),
    )
    channels = options.preprocessing.value.get("channels")
    if size and channels and len(channels) != size[0]:
        raise UsageError(f"--input-size says {size[0]} channels, and {options.preprocessing.text} says {channels}")
    for name, value in options.short_fields.items():
        try:
            read_fields({name: value})
        except UsageError as error:
            raise UsageError(f"{SHORT_FORMS.get(name, name)}: {error}") from error
    return options


def split_place(weights: str) -> tuple[Path, str | None]:
    """Split ``PATH#PLACE`` of ``--weights``; a path that has a ``#`` of its own is a path."""
    path, sign, place = weights.rpartition("#")
    if not sign or Path(weights).exists():
        return Path(weights), None
    return Path(path), place


def read_preprocessing(text: str) -> Written[Mapping[str, Any]]:
    """Read ``--preprocessing``.

    Raises ArgumentTypeError, which argparse and pytest show as the user's mistake.
    """
    if text == AUTO:
        return Written({}, text)
    if text == IMAGENET_NAME:
        return Written(dataclasses.asdict(IMAGENET), text)
    if not Path(text).is_file():
        raise ArgumentTypeError(f"no file {text}; expected auto, imagenet, or the PATH of a JSON or TOML file")
    try:
        return Written(read_field_file(Path(text)), text)
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from error


def read_numbers(text: str) -> tuple[float, ...]:
    """Read numbers that commas separate.

    Raises ArgumentTypeError.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise ArgumentTypeError(f"expected numbers such as 0.485,0.456,0.406, found {text!r}") from error


def of_kind(kind: type[Value], given: Sequence[Written[Any]]) -> Written[Value] | None:
    """Return the one of the label files whose content is of a kind, None where there is none.

    Raises UsageError for several.
    """
    found = [written for written in given if isinstance(written.value, kind)]
    if len(found) > 1:
        what = "labels of pictures" if kind is LabelTable else "names of classes"
        raise UsageError(f"--labels is given {what} by {' and by '.join(each.text for each in found)}; leave one")
    return found[0] if found else None


def read_labels(text: str) -> Written[Any]:
    """Read a label file by what it holds: names of classes, one a line or a JSON list, or a table of pictures.

    Raises ArgumentTypeError.
    """
    path, columns = split_place(text)
    try:
        content = read_text(path.read_bytes(), text)
        table = None if content.lstrip().startswith("[") else read_label_table(content, str(path), columns)
    except (OSError, LabelsUnusable) as error:
        raise ArgumentTypeError(f"the labels in {text} can't be read ({error})") from error
    return Written(class_names(content, text), text) if table is None else Written(table, text)


def class_names(content: str, called: str) -> tuple[str, ...]:
    """Read the names of classes: one a line, or a JSON list.

    Raises ArgumentTypeError.
    """
    try:
        names = json.loads(content) if content.lstrip().startswith("[") else content.rstrip().splitlines()
    except (ValueError, RecursionError) as error:
        raise ArgumentTypeError(f"{called} begins as a JSON list and is none ({error})") from error
    for place, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise ArgumentTypeError(f"label {place + 1} in {called} is {name!r}; expected a name for each class")
    if not names:
        raise ArgumentTypeError(f"{called} holds no labels; expected a name for each class, one a line")
    return tuple(name.strip() for name in names)
