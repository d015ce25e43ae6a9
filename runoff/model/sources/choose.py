"""Which model the run uses: one of TorchVision's, of timm's, of the user's own, or an ONNX file.

Runs without any framework: what needs one is done by other modules of this folder, called through ``run_step`` in a
process of its own.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.contract import RANDOM, Model
from runoff.errors import CheckpointBroken, CheckpointUnavailable, UnknownModel, UsageError
from runoff.files.values import from_json, to_json
from runoff.model.inputs.input_options import InputOptions
from runoff.model.inputs.preprocessing_fields import changed
from runoff.model.module import timm_import
from runoff.model.module.factory import is_factory
from runoff.model.sources.architecture import BUILTIN, IMAGENET, RESNET18, Architecture
from runoff.model.sources.options import AUTO, ModelOptions, split_place
from runoff.model.sources.own_module import choose_factory, has_package
from runoff.model.sources.own_onnx import choose_onnx, is_onnx_file
from runoff.model.weights.builtin import BUILTIN_SHA256, builtin_labels, expand_builtin
from runoff.model.weights.state_dict import hash_state_dict, load_state_dict, save_state_dict

DEFAULT = "DEFAULT"
TAG = r"[A-Z][A-Z0-9_]*"
"""How TorchVision writes the tags of its weights: DEFAULT, IMAGENET1K_V2."""
TAKEN = "auto, builtin (resnet18 alone), random, a tag such as DEFAULT or IMAGENET1K_V2, or the PATH of a state dict"


STEPS: Mapping[str, str] = {
    "": "runoff.model.sources.torchvision_weights",
    timm_import.KIND: "runoff.model.sources.timm_weights",
}
"""The modules with the steps of each source, by what stands before the colon of ``--model``."""
IMPORT_TIMEOUT = 600.0
"""Seconds that importing weights may take, the download included."""

NO_INPUTS = InputOptions()
RunStep = Callable[[str, dict[str, Any]], Any]
"""Calls ``module:function`` with JSON arguments in a process that may import frameworks."""


@dataclass(frozen=True)
class Choice:
    """The model to use, with one plain line where there is something to know about it."""

    model: Model
    note: str | None = None


def choose_model(options: ModelOptions, folder: Path, run_step: RunStep, inputs: InputOptions = NO_INPUTS) -> Choice:
    """Choose the model that is asked for, with its preprocessing and labels.

    Raises UnknownModel, CheckpointUnavailable where weights can't be had, CheckpointBroken where they are not what they
    should be, and UsageError for an input or labels that do not fit the model.
    """
    if is_onnx_file(options.model):
        return Choice(labelled(choose_onnx(options, inputs, folder, run_step), options))
    if is_factory(options.model) and has_package(options.model):
        model, note = choose_factory(options, inputs, folder, run_step)
        return Choice(labelled(model, options), note or None)
    choice = choose_weights(options, folder, run_step)
    if options.changes:
        run_step("runoff.model.module.module:require_input", {"model": to_json(choice.model)})
    return dataclasses.replace(choice, model=labelled(choice.model, options))


def labelled(model: Model, options: ModelOptions) -> Model:
    """Give a model the labels of a file.

    Raises UsageError where they are not as many as its classes.
    """
    if options.labels is None:
        return model
    names = options.labels.value
    if len(names) != model.classes:
        raise UsageError(
            f"--labels {options.labels.text} holds {len(names)} labels, and {model.source.architecture} with "
            f"{model.name} weights has {model.classes} classes; give one for each"
        )
    return dataclasses.replace(model, labels=names)


def choose_weights(options: ModelOptions, folder: Path, run_step: RunStep) -> Choice:
    """Read ``--model`` and ``--weights``: a classifier of TorchVision's, and whose its weights are.

    The weights are ``auto``, ``builtin``, ``random``, a tag of TorchVision's, or the path of a file, with ``#PLACE``
    where it holds several state dicts.
    """
    weights, steps = options.weights, steps_of(options.model)
    given = {"architecture": options.model, "folder": str(folder), "changes": options.changes}
    if weights == BUILTIN:
        require_resnet18(options.model)
        return Choice(builtin_model(folder, options.changes))
    if weights == RANDOM:
        return imported(run_step(f"{steps}:import_random", given))
    if weights == AUTO or (re.fullmatch(TAG, weights) and not Path(weights).exists()):
        return official_model(weights, given, folder, run_step)
    path, place = split_place(weights)
    if not path.is_file():
        raise CheckpointUnavailable(f"no weights file at {path}; --weights takes {TAKEN}")
    return imported(run_step(f"{steps}:import_file", {**given, "path": str(path.absolute()), "place": place}))


def steps_of(model: str) -> str:
    """Return the module with the steps of a model's source, by the model's name.

    Raises UnknownModel.
    """
    before, colon, _ = model.partition(":")
    if colon and before not in STEPS:
        raise UnknownModel(
            f"unknown source {before!r} in {model!r}; expected timm:NAME, package.module:callable of a package that is "
            f"installed or in {Path.cwd()}, or a name of TorchVision's"
        )
    return STEPS[before if colon else ""]


def official_model(weights: str, given: Mapping[str, Any], folder: Path, run_step: RunStep) -> Choice:
    """Return the source's own weights; where ``auto`` can't have them, ResNet-18's built-in ones."""
    tag = DEFAULT if weights == AUTO else weights
    try:
        return imported(run_step(f"{steps_of(given['architecture'])}:import_official", {**given, "tag": tag}))
    except CheckpointUnavailable as error:
        if weights != AUTO:
            raise
        if given["architecture"] != RESNET18:
            raise CheckpointUnavailable(f"{error}; --weights takes {TAKEN}") from error
        note = f"using the built-in checkpoint, because the official weights can't be had: {error}"
        return Choice(builtin_model(folder, given["changes"]), note)


def require_resnet18(architecture: str) -> None:
    """Refuse built-in weights for another architecture.

    Raises CheckpointUnavailable.
    """
    if architecture != RESNET18:
        raise CheckpointUnavailable(
            f"only {RESNET18} has built-in weights, not {architecture}; --weights takes {TAKEN}"
        )


def builtin_model(folder: Path, changes: Sequence[Mapping[str, Any]] = ()) -> Model:
    """Expand the built-in checkpoint once, and hold the file to its hash from then on.

    ``changes`` are fields to lay over its preprocessing. Raises CheckpointBroken for a file that was changed.
    """
    path = folder / f"builtin-{BUILTIN_SHA256[:16]}.npz"
    if not path.exists():
        save_state_dict(path, expand_builtin())
    require_hash(path, BUILTIN_SHA256)
    preprocessing = changed(IMAGENET, changes) or IMAGENET
    return Architecture(RESNET18, preprocessing, builtin_labels(), {}).model(BUILTIN, BUILTIN, path, BUILTIN_SHA256)


def imported(values: dict[str, Any]) -> Choice:
    """Read what an import step returned, and hold the model's weights to their hash."""
    return Choice(whole(from_json(Model, values["model"])), values["note"] or None)


def whole(model: Model) -> Model:
    """Return a model whose weights are what they were.

    Raises CheckpointBroken.
    """
    assert model.source.weights is not None
    assert model.source.weights_sha256 is not None
    require_hash(model.source.weights, model.source.weights_sha256)
    return model


def require_hash(path: Path, expected: str) -> None:
    """Refuse an expanded state dict that is not the one it should be.

    Raises CheckpointBroken.
    """
    try:
        found = hash_state_dict(load_state_dict(path))
    except CheckpointBroken:
        found = "no readable state dict"
    if found != expected:
        raise CheckpointBroken(
            f"the weights file {path} was changed since it was made: expected hash {expected[:16]}…, "
            f"found {found[:22]}…; delete it and run again"
        )
