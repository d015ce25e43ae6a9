"""A classifier of TorchVision's with weights: its own, a file's, or random ones. Runs in a process that has torch."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runoff.contract import RANDOM, Preprocessing, to_json
from runoff.errors import CheckpointBroken, CheckpointUnavailable, UnknownModel
from runoff.model.architecture import FILE, OFFICIAL, Architecture
from runoff.model.checkpoint_file import read_checkpoint
from runoff.model.download import download, require_hash_of_name
from runoff.model.module import build_empty, build_module, taking
from runoff.model.preprocessing_fields import changed
from runoff.model.random_weights import SEED, random_state_dict
from runoff.model.state_dict import Array, hash_state_dict, save_state_dict
from runoff.model.state_dict_search import Shapes, find_state_dict
from runoff.model.torchvision_import import import_torchvision

ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "googlenet": {"transform_input": True, "aux_logits": False, "init_weights": False},
    "inception_v3": {"transform_input": True, "aux_logits": False, "init_weights": False},
}
"""What TorchVision's builders set where weights are given: heads for training alone are left out."""
SIZES: Mapping[str, Callable[[int, int], Mapping[str, Any]]] = {
    "vit": lambda height, width: {"image_size": height},
    "maxvit": lambda height, width: {"input_size": (height, width)},
}
"""How the size of the pictures is said to a builder, by how an architecture's name begins."""
FEW, MANY = 7, 1000
"""Two numbers of classes: the entries of a state dict whose shapes differ between them are the head."""
DEFAULT = "DEFAULT"
"""TorchVision's name for the weights that it recommends."""


Changes = Sequence[Mapping[str, Any]]
"""Fields to lay over the preprocessing that goes with weights."""


def import_official(
    architecture: str, tag: str, folder: str, changes: Changes = (), url: str | None = None, cache: str | None = None
) -> dict[str, Any]:
    """Return a classifier with TorchVision's weights of this tag, from ``cache`` (TorchVision's own) or from ``url``.

    Raises UnknownModel, CheckpointUnavailable without a network, and CheckpointBroken for a file with another hash than
    its name says.
    """
    import torch

    entries = find_entries(architecture)
    if tag not in entries:
        raise CheckpointUnavailable(f"{architecture} has no weights {tag}; TorchVision has {', '.join(entries)}")
    address = url or entries[tag].url
    file = address.rpartition("/")[2]
    cached = Path(cache or Path(torch.hub.get_dir()) / "checkpoints") / file
    if not cached.exists():
        cached = download(address, Path(folder) / file)
    require_hash_of_name(cached, file)
    made = architecture_of(architecture, entries[tag], changes)
    name = str(entries[tag].name).lower().replace("_", "-")
    arrays, _ = find_state_dict(file, read_checkpoint(cached), None, shapes_of(made))
    return save_model(made, name, OFFICIAL, arrays, Path(folder))


def import_file(architecture: str, path: str, place: str | None, folder: str, changes: Changes = ()) -> dict[str, Any]:
    """Return a classifier with a file's weights, named after it; ``place`` says which, where the file has several.

    Arguments and preprocessing are those of the first of TorchVision's weights whose shapes fit.
    Raises UnknownModel, and CheckpointBroken where the file holds no state dict of the architecture.
    """
    file, refused = Path(path), []
    content = read_checkpoint(file)
    entries = find_entries(architecture).values()
    for made in unlike(architecture_of(architecture, entry, changes) for entry in entries):
        shapes = shapes_of(made)
        try:
            arrays, note = find_state_dict(file.name, content, place, shapes)
        except CheckpointBroken as error:
            refused.append(error)
            continue
        count = min((arrays[key].shape[0] for key in shapes.head), default=len(made.labels))
        own = dataclasses.replace(made, labels=tuple(f"class {index}" for index in range(count)))
        return save_model(own, file.name, FILE, arrays, Path(folder), note)
    raise refused[0]


def unlike(given: Iterable[Architecture]) -> Iterator[Architecture]:
    """Yield those of architectures that are made unlike any before them: labels make no difference to shapes."""
    seen: list[Mapping[str, Any]] = []
    for made in given:
        if made.arguments not in seen:
            seen.append(made.arguments)
            yield made


def import_random(architecture: str, folder: str, changes: Changes = ()) -> dict[str, Any]:
    """Return a classifier with random weights, always the same ones, with which every part of it matters.

    Raises UnknownModel, and CheckpointBroken where its outputs say nothing.
    """
    made = architecture_of(architecture, find_entries(architecture)[DEFAULT], changes)
    arrays = random_state_dict(made.model(RANDOM, RANDOM, Path(), ""))
    return save_model(made, f"{RANDOM}-{SEED}", RANDOM, arrays, Path(folder))


def find_entries(architecture: str) -> dict[str, Any]:
    """Return TorchVision's weights of a classifier by tag, the recommended ones first.

    Raises UnknownModel with the names that are near.
    """
    models = import_torchvision().models
    classifiers = models.list_models(module=models)
    if architecture not in classifiers:
        near = difflib.get_close_matches(architecture.lower(), classifiers, n=4, cutoff=0.5)
        other = " (it is a model of TorchVision's, but no classifier)" if architecture in models.list_models() else ""
        raise UnknownModel(
            f"TorchVision has no classifier {architecture!r}{other}; "
            f"{'near are ' + ', '.join(near) if near else 'it has ' + ', '.join(classifiers)}"
        )
    entries = models.get_model_weights(architecture)
    named = {DEFAULT: entries[DEFAULT]} | dict(entries.__members__)
    # VGG-16 has weights for its features alone, which classify nothing.
    return {tag: entry for tag, entry in named.items() if entry.meta["categories"]}


def architecture_of(name: str, entry: Any, changes: Changes = ()) -> Architecture:
    """Return a classifier as TorchVision makes it for an entry of its weights, with what goes with them.

    Raises UsageError for changes of the preprocessing that can't be.
    """
    transforms = entry.transforms()
    (short_side,), (crop,) = transforms.resize_size, transforms.crop_size
    own = Preprocessing(
        size=(short_side, short_side),
        crop=(crop, crop),
        mean=tuple(transforms.mean),
        deviation=tuple(transforms.std),
        interpolation=transforms.interpolation.value,
    )
    preprocessing = changed(own, changes) or own
    size = SIZES.get(name.partition("_")[0])
    arguments = {**ARGUMENTS.get(name, {}), **(size(*preprocessing.crop) if size else {})}
    return Architecture(name, preprocessing, tuple(entry.meta["categories"]), arguments)


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
    sha256 = hash_state_dict(arrays)
    path = folder / f"{Path(name).stem}-{sha256[:16]}.npz"
    if not path.exists():
        save_state_dict(path, arrays)
    return {"model": to_json(made.model(name, origin, path, sha256)), "note": note}
