"""Weights for a classifier that a source makes: a file's, or random ones. Runs in a process that has torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runoff.contract import RANDOM
from runoff.errors import CheckpointBroken
from runoff.files.values import to_json
from runoff.model.module.module import build_empty, build_module, taking
from runoff.model.module.random_weights import SEED, random_state_dict
from runoff.model.sources.architecture import FILE, Architecture
from runoff.model.weights.checkpoint_file import read_checkpoint
from runoff.model.weights.state_dict import Array, store_state_dict
from runoff.model.weights.state_dict_search import Shapes, find_state_dict

FEW, MANY = 7, 1000
"""Two numbers of classes: the entries of a state dict whose shapes differ between them are the head."""


def weights_of_file(given: Iterable[Architecture], path: str, place: str | None, folder: str) -> dict[str, Any]:
    """Return a file's weights for the first of some architectures whose shapes fit, named after the file.

    ``place`` says which, where the file has several. Raises CheckpointBroken where it holds none that fits.
    """
    file, refused = Path(path), []
    content = read_checkpoint(file)
    for made in unlike(given):
        shapes = shapes_of(made)
        try:
            arrays, note = find_state_dict(file.name, content, place, shapes)
        except CheckpointBroken as error:
            refused.append(error)
            continue
        count = min((arrays[key].shape[0] for key in shapes.head), default=len(made.labels))
        own = dataclasses.replace(made, labels=unnamed(count))
        return save_model(own, file.name, FILE, arrays, Path(folder), note)
    raise refused[0]


def unnamed(count: int) -> tuple[str, ...]:
    """Return labels for classes whose names are not known."""
    return tuple(f"class {index}" for index in range(count))


def random_weights(made: Architecture, folder: str) -> dict[str, Any]:
    """Return random weights for an architecture, always the same ones, with which every part of it matters.

    Raises CheckpointBroken where its outputs say nothing, and UsageError for an input that it can't take.
    """
    arrays = random_state_dict(made.model(RANDOM, RANDOM, Path(), ""))
    return save_model(made, f"{RANDOM}-{SEED}", RANDOM, arrays, Path(folder))


def unlike(given: Iterable[Architecture]) -> Iterator[Architecture]:
    """Yield those of architectures that are made unlike any before them: labels make no difference to shapes."""
    seen: list[Mapping[str, Any]] = []
    for made in given:
        if made.arguments not in seen:
            seen.append(made.arguments)
            yield made


def shapes_of(made: Architecture) -> Shapes:
    """Return what a state dict of an architecture has to hold.

    Raises UsageError where it can't be made for pictures of this size.
    """
    with taking(made.name, made.input):
        few, many = (state_shapes(made, classes) for classes in (FEW, MANY))
    return Shapes(made.name, many, frozenset(name for name, shape in many.items() if few[name] != shape))


def state_shapes(made: Architecture, classes: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each entry of a state dict of an architecture with this number of classes."""
    arguments = {**made.arguments, "num_classes": classes}
    module = build_empty(made.name, arguments) or build_module(made.name, arguments)
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def save_model(
    made: Architecture, name: str, origin: str, arrays: Mapping[str, Array], folder: Path, note: str = ""
) -> dict[str, Any]:
    """Save a state dict whole, and return the ``model`` with it and the ``note`` as JSON values.

    Raises CheckpointBroken for values that are not finite numbers.
    """
    unusable = [key for key, array in arrays.items() if array.dtype.kind not in "fiu" or not np.isfinite(array).all()]
    if unusable:
        raise CheckpointBroken(
            f"{name} holds values that are not finite numbers (NaN, infinity, text) in {len(unusable)} entries, first "
            f"{unusable[0]!r}; the training that wrote it may have diverged"
        )
    path, sha256 = store_state_dict(folder, Path(name).stem, arrays)
    return {"model": to_json(made.model(name, origin, path, sha256)), "note": note}
