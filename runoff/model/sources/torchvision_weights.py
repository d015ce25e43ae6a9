"""A classifier of TorchVision's with weights: its own, a file's, or random ones. Runs in a process that has torch."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runoff.contract import Preprocessing
from runoff.errors import CheckpointUnavailable, UnknownModel
from runoff.model.inputs.preprocessing_fields import changed
from runoff.model.module.torchvision_import import import_torchvision
from runoff.model.sources.architecture import OFFICIAL, Architecture
from runoff.model.sources.architecture_weights import random_weights, save_model, shapes_of, weights_of_file
from runoff.model.weights.checkpoint_file import read_checkpoint
from runoff.model.weights.download import download, require_hash_of_name
from runoff.model.weights.state_dict_search import find_state_dict

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
    if not os.access(cached, os.R_OK):  # not there, not readable, or of too long a name
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
    entries = find_entries(architecture).values()
    return weights_of_file((architecture_of(architecture, entry, changes) for entry in entries), path, place, folder)


def import_random(architecture: str, folder: str, changes: Changes = ()) -> dict[str, Any]:
    """Return a classifier with random weights, always the same ones, with which every part of it matters.

    Raises UnknownModel, and CheckpointBroken where its outputs say nothing.
    """
    return random_weights(architecture_of(architecture, find_entries(architecture)[DEFAULT], changes), folder)


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
