"""A classifier of timm's with weights: its own, a file's, or random ones. Runs in a process that has torch and timm."""

from __future__ import annotations

import difflib
import http.client
import math
import os
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from runoff.contract import Preprocessing
from runoff.errors import CheckpointBroken, CheckpointUnavailable, UnknownModel
from runoff.model.inputs.preprocessing import BORDER
from runoff.model.inputs.preprocessing_fields import changed
from runoff.model.module import timm_import
from runoff.model.module.module import taking
from runoff.model.module.timm_import import import_timm
from runoff.model.sources.architecture import OFFICIAL, Architecture
from runoff.model.sources.architecture_weights import random_weights, save_model, state_shapes, unnamed, weights_of_file
from runoff.model.weights.download import TIMEOUT

LONGEST_LOOK = TIMEOUT
"""Seconds after which a network that does not answer is none: finding an address may take longer by itself."""
EMBEDDINGS = ("clip", "pe_core")
"""What is in the names of models that give embeddings, unless they were trained further for classes that timm knows."""
TRAINED = "name one that was trained further for classes (its tag ends in _in1k or _in12k)"
DEFAULT = "DEFAULT"
"""What stands for the weights that a name has."""
COLOURS = 3
NEAR = 3
Changes = Sequence[Mapping[str, Any]]
"""Fields to lay over the preprocessing that goes with weights."""


def import_official(architecture: str, tag: str, folder: str, changes: Changes = ()) -> dict[str, Any]:
    """Return a classifier with the weights that timm itself loads: out of its cache, else downloaded.

    Raises UnknownModel, CheckpointUnavailable where they can't be had, and CheckpointBroken where the cache's can't be
    loaded.
    """
    name = plain_name(architecture)
    config = find_config(name)
    if tag != DEFAULT:
        raise CheckpointUnavailable(f"weights of timm's are named in --model timm:{config.architecture}.TAG, not {tag}")
    if not config.has_weights:
        raise CheckpointUnavailable(f"timm has no weights for {name}")
    made = architecture_of(architecture, config, changes)
    with taking(architecture, made.input):
        state_shapes(made, len(made.labels))
    arguments = {**made.arguments, "num_classes": len(made.labels)}
    create = partial(import_timm().create_model, name, pretrained=True, **arguments)
    try:
        with cache_alone(config):
            module = create()
    except OSError:  # it is not in the cache
        require_answer(address_of(config))
        try:
            module = create()
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise CheckpointUnavailable(
                f"the weights of {name} are not in timm's cache and could not be downloaded ({reason})"
            ) from error
    except Exception as error:
        raise CheckpointBroken(
            f"timm can't load the weights of {name} in its cache ({type(error).__name__}: {error}); delete them there"
        ) from error
    arrays = {key: tensor.numpy() for key, tensor in module.state_dict().items()}
    return save_model(made, config.tag or name, OFFICIAL, arrays, Path(folder))


@contextmanager
def cache_alone(config: Any) -> Iterator[None]:
    """Keep the hub's client from its network, as HF_HUB_OFFLINE does; the few that are not on the hub need their file.

    Raises FileNotFoundError where that is not there.
    """
    import torch
    from huggingface_hub import constants

    file = Path(torch.hub.get_dir()) / "checkpoints" / str(config.url).rpartition("/")[2]
    if not config.hf_hub_id and not os.access(file, os.R_OK):
        raise FileNotFoundError(file)
    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def import_file(architecture: str, path: str, place: str | None, folder: str, changes: Changes = ()) -> dict[str, Any]:
    """Return a classifier with a file's weights, named after it; ``place`` says which, where the file has several.

    Raises UnknownModel, and CheckpointBroken where the file holds no state dict of the architecture.
    """
    made = architecture_of(architecture, find_config(plain_name(architecture)), changes)
    return weights_of_file([made], path, place, folder)


def import_random(architecture: str, folder: str, changes: Changes = ()) -> dict[str, Any]:
    """Return a classifier with random weights, always the same ones, with which every part of it matters.

    Raises UnknownModel, and CheckpointBroken where its outputs say nothing.
    """
    return random_weights(architecture_of(architecture, find_config(plain_name(architecture)), changes), folder)


def plain_name(architecture: str) -> str:
    """Return an architecture's name as timm has it."""
    return architecture.removeprefix(f"{timm_import.KIND}:")


def find_config(name: str) -> Any:
    """Return what timm knows of a classifier and its weights.

    Raises UnknownModel with the names that are near, and for a model that is no classifier.
    """
    timm = import_timm()
    own, _, tag = name.partition(".")
    if not timm.is_model(own) or ":" in name:
        near = near_names(own.lower(), timm.list_models()) if own else []
        shown = f"near are {', '.join(near)}" if near else "timm.list_models() lists all"
        raise UnknownModel(f"timm has no model {name!r}; {shown}")
    tags = [each.partition(".")[2] for each in timm.list_models(f"{own}.*", pretrained=True)]
    if tag and tag not in tags:
        shown = f"it has {', '.join(tags)}" if tags else "leave it out"
        raise UnknownModel(f"timm's {own} has no weights {tag!r}; {shown}")
    config = timm.models.get_pretrained_cfg(name)
    if config is None or not config.num_classes:
        raise UnknownModel(f"timm's {name} gives features and no classes; name a classifier, or another tag")
    if subset_of(config) is None and any(word in f"{name}.{config.tag}" for word in EMBEDDINGS):
        raise UnknownModel(f"timm's {name} gives embeddings of {config.num_classes} numbers and no classes; {TRAINED}")
    return config


def near_names(typed: str, names: Sequence[str]) -> list[str]:
    """Return names that begin with what was typed, and names that are like it."""
    longer = [name for name in names if name.startswith(typed)][:NEAR]
    alike = difflib.get_close_matches(typed, names, n=2 * NEAR - len(longer), cutoff=0.5)
    return list(dict.fromkeys([*longer, *alike]))


def architecture_of(architecture: str, config: Any, changes: Changes = ()) -> Architecture:
    """Return a classifier as timm makes it, with what goes with its weights: the size that it was trained at.

    Raises UsageError for changes of the preprocessing that can't be.
    """
    timm = import_timm()
    own = preprocessing_of(timm.data.resolve_data_config(pretrained_cfg=config.to_dict(), use_test_size=False))
    preprocessing = changed(own, changes) or own
    arguments: dict[str, Any] = {}
    if config.fixed_input_size and preprocessing.crop != own.crop:
        arguments["img_size"] = list(preprocessing.crop)
    if len(preprocessing.channels) != COLOURS:
        arguments["in_chans"] = len(preprocessing.channels)
    version = timm.__version__
    return Architecture(architecture, preprocessing, labels_of(config), arguments, timm_import.KIND, version)


def preprocessing_of(data: Mapping[str, Any]) -> Preprocessing:
    """Return the preprocessing of what timm calls a model's data config."""
    crop, mean = tuple(data["input_size"][1:]), tuple(data["mean"])
    return Preprocessing(
        size=tuple(math.floor(side / data["crop_pct"]) for side in crop),
        crop=crop,
        mean=mean,
        deviation=tuple(data["std"]),
        resize=data["crop_mode"],
        interpolation=data["interpolation"],
        fill=tuple(round(255 * level) for level in mean) if data["crop_mode"] == BORDER else (0,),
    )


def subset_of(config: Any) -> str | None:
    """Name the part of ImageNet whose classes a model gives, None where timm knows none of so many."""
    subset: str | None = import_timm().data.infer_imagenet_subset(config.to_dict())
    return subset


def labels_of(config: Any) -> tuple[str, ...]:
    """Return the names of a model's classes, which timm has for the parts of ImageNet."""
    subset = subset_of(config)
    if subset is None:
        return unnamed(config.num_classes)
    known = import_timm().data.ImageNetInfo(subset)
    return tuple(known.index_to_description(index) for index in range(config.num_classes))


def address_of(config: Any) -> str:
    """Return an address that answers where a model's weights can be had."""
    if not config.hf_hub_id:
        return str(config.url)
    from huggingface_hub import constants

    return f"{constants.ENDPOINT}/{config.hf_hub_id}/resolve/main/config.json"


def require_answer(address: str) -> None:
    """Refuse to begin a download where nobody answers: the hub's client would try again for most of a minute.

    Raises CheckpointUnavailable.
    """
    reasons = [f"no answer within {LONGEST_LOOK:g} s"]

    def look() -> None:
        try:
            request = urllib.request.Request(address, method="HEAD")  # noqa: S310 - timm's own address
            with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310 - as above
                reasons.clear()
        except (OSError, ValueError, http.client.HTTPException) as error:  # urllib's own are OSErrors
            reasons[:] = [" ".join(str(getattr(error, "reason", None) or error).split())]

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(LONGEST_LOOK)
    if reasons:
        raise CheckpointUnavailable(
            f"the weights are not in timm's cache, and {address} does not answer ({reasons[0]})"
        )
