"""The model of a stored run: what it was, whether another is the same, and both in words."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import asdict
from typing import Any

from msgspec import Struct, structs

from runoff.arrays import Input, Output, shape_text
from runoff.contract import CLASSIFICATION, RANDOM, Preprocessing
from runoff.text.ids import with_weights

HASH_DIGITS = 12
SPEED_ONLY = "speed only"
IN_THE_INPUT = ("crop", "channels", "dtype")
"""What preprocessing decides of the input, which is said of that."""


class StoredSource(Struct, frozen=True, omit_defaults=True):
    """Where a model comes from."""

    kind: str
    """The kind of source: `torchvision`, `timm`, `factory` or `onnx`."""
    origin: str
    """Whose the weights are, such as `official`, `own` or `random`."""
    version: str = ""
    """The version of the package that makes it, where no environment's versions have it."""


class StoredModel(Struct, frozen=True):
    """The model that every contender ran.

    Its hash, inputs and preprocessing decide whether two models are the same; the names do not.
    """

    name: str
    """Its name, as `--model` has it."""
    weights: str
    """The name of its weights."""
    sha256: str
    """The hash of weights and graph."""
    source: StoredSource
    """Where it comes from."""
    preprocessing: Preprocessing | None = None
    """How pictures become its input; none where it takes no pictures, and in old runs."""
    task: str = CLASSIFICATION
    """`classification`, or `other`."""
    inputs: tuple[Input, ...] = ()
    """What it takes; empty in old runs."""
    outputs: tuple[Output, ...] = ()
    """What it gives; empty in old runs."""
    classes: int | None = None
    """How many classes a classifier has (classes); none for other models."""
    speed_only: bool = False
    """Whether its weights are random, so that only speed means anything."""

    def __post_init__(self) -> None:
        """Let the source alone decide whether it is for speed only."""
        structs.force_setattr(self, "speed_only", self.source.origin == RANDOM)

    @property
    def classifies(self) -> bool:
        """Whether its one output names a class."""
        return self.task == CLASSIFICATION

    @property
    def gives_probabilities(self) -> bool:
        """Whether a classifier's output holds probabilities already, and no logits."""
        return self.classifies and any(output.probabilities for output in self.outputs)

    @property
    def identity(self) -> Hashable:
        """What two runs' models have in common where they are the same."""
        return self.sha256, self.task, self.inputs, self.preprocessing


def model_title(model: StoredModel) -> str:
    """Name a model and its weights, and say where they are random."""
    return f"{with_weights(model.name, model.weights)}{f' ({SPEED_ONLY})' if model.speed_only else ''}"


def model_words(model: StoredModel) -> str:
    """Name a model with the beginning of its hash."""
    return f"{model_title(model)} ({model.sha256[:HASH_DIGITS]})"


def input_words(model: StoredModel) -> str:
    """Write shapes and types of what the model takes, by name where it takes no pictures; empty where unknown."""
    if model.preprocessing:
        return f"{shape_text(model.preprocessing.shape)} {model.preprocessing.dtype}"
    return ", ".join(map(array_words, model.inputs))


def array_words(declared: Input | Output) -> str:
    """Write an input's or output's name, shape and type."""
    shape = "shape unknown" if declared.shape is None else shape_text(declared.shape)
    return f"{declared.name} {shape} {declared.dtype}"


def model_differences(base: StoredModel, head: StoredModel) -> Iterator[str]:
    """Say what makes two models not the same, as far as both runs know it."""
    if base.sha256 != head.sha256:
        yield f"model: {model_words(base)} → {model_words(head)}"
    if base.task != head.task:
        yield f"task: {base.task} → {head.task}"
    before, after = input_words(base), input_words(head)
    if before and after and before != after:
        yield f"input: {before} → {after}"
    if base.preprocessing and head.preprocessing:
        changes = "; ".join(preprocessing_changes(base.preprocessing, head.preprocessing))
        if changes:
            yield f"preprocessing: {changes}"


def preprocessing_changes(base: Preprocessing, head: Preprocessing) -> Iterator[str]:
    """Say what pictures become otherwise, but for what is seen of the input."""
    after = asdict(head)
    for name, before in asdict(base).items():
        if before != after[name] and name not in IN_THE_INPUT:
            yield f"{name} {value_words(before)} → {value_words(after[name])}"


def value_words(value: Any) -> str:
    """Write a field's value: numbers by commas, or a word."""
    if isinstance(value, tuple):
        return ", ".join(map(value_words, value))
    return value if isinstance(value, str) else f"{value:g}"


def preprocessing_lines(made: Preprocessing) -> tuple[str, ...]:
    """Say what every picture becomes before a model sees it."""
    size, crop = map(shape_text, (made.size, made.crop))
    mean, deviation = map(value_words, (made.mean, made.deviation))
    return (
        f"resized to {size} ({made.resize}, {made.interpolation}), of which the middle {crop}",
        f"{made.channels} divided by {made.scale:g}, mean {mean}, deviation {deviation}, {made.layout}",
    )
