"""Which model the run uses: a classifier of TorchVision's with its own, built-in or random weights, or a file's.

Runs without torch: what needs it is done by runoff.model.torchvision_weights, called through ``run_step`` in a process
of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.contract import RANDOM, Model, from_json
from runoff.errors import CheckpointBroken, CheckpointUnavailable
from runoff.model.architecture import BUILTIN, IMAGENET, RESNET18, Architecture
from runoff.model.builtin import BUILTIN_SHA256, builtin_labels, expand_builtin
from runoff.model.state_dict import hash_state_dict, load_state_dict, save_state_dict

AUTO = "auto"
DEFAULT = "DEFAULT"
TAG = r"[A-Z][A-Z0-9_]*"
"""How TorchVision writes the tags of its weights: DEFAULT, IMAGENET1K_V2."""
TAKEN = "auto, builtin (resnet18 alone), random, a tag such as DEFAULT or IMAGENET1K_V2, or the PATH of a state dict"
STEPS = "runoff.model.torchvision_weights"
IMPORT_TIMEOUT = 600.0
"""Seconds that importing weights may take, the download included."""

RunStep = Callable[[str, dict[str, Any]], Any]
"""Calls ``module:function`` with JSON arguments in a process that may import frameworks."""


@dataclass(frozen=True)
class Choice:
    """The model to use, with one plain line where there is something to know about it."""

    model: Model
    note: str | None = None


def choose_model(architecture: str, weights: str, folder: Path, run_step: RunStep) -> Choice:
    """Read ``--model`` and ``--weights``: a classifier of TorchVision's, and whose its weights are.

    ``weights`` is ``auto``, ``builtin``, ``random``, a tag of TorchVision's, or the path of a file, with ``#PLACE``
    where it holds several state dicts. Raises UnknownModel, CheckpointUnavailable where weights can't be had,
    CheckpointBroken where they are not what they should be.
    """
    given = {"architecture": architecture, "folder": str(folder)}
    if weights == BUILTIN:
        require_resnet18(architecture)
        return Choice(builtin_model(folder))
    if weights == RANDOM:
        return imported(run_step(f"{STEPS}:import_random", given))
    if weights == AUTO or (re.fullmatch(TAG, weights) and not Path(weights).exists()):
        return official_model(weights, given, folder, run_step)
    path, place = split_place(weights)
    if not path.is_file():
        raise CheckpointUnavailable(f"no weights file at {path}; --weights takes {TAKEN}")
    return imported(run_step(f"{STEPS}:import_file", {**given, "path": str(path.absolute()), "place": place}))


def official_model(weights: str, given: Mapping[str, str], folder: Path, run_step: RunStep) -> Choice:
    """Return TorchVision's own weights; where ``auto`` can't have them, ResNet-18's built-in ones."""
    tag = DEFAULT if weights == AUTO else weights
    try:
        return imported(run_step(f"{STEPS}:import_official", {**given, "tag": tag}))
    except CheckpointUnavailable as error:
        if weights != AUTO:
            raise
        if given["architecture"] != RESNET18:
            raise CheckpointUnavailable(f"{error}; --weights takes {TAKEN}") from error
        note = f"using the built-in checkpoint, because the official weights can't be had: {error}"
        return Choice(builtin_model(folder), note)


def require_resnet18(architecture: str) -> None:
    """Refuse built-in weights for another architecture.

    Raises CheckpointUnavailable.
    """
    if architecture != RESNET18:
        raise CheckpointUnavailable(
            f"only {RESNET18} has built-in weights, not {architecture}; --weights takes {TAKEN}"
        )


def split_place(weights: str) -> tuple[Path, str | None]:
    """Split ``PATH#PLACE``; a path that has a ``#`` of its own is a path."""
    path, sign, place = weights.rpartition("#")
    if not sign or Path(weights).exists():
        return Path(weights), None
    return Path(path), place


def builtin_model(folder: Path) -> Model:
    """Expand the built-in checkpoint once, and hold the file to its hash from then on.

    Raises CheckpointBroken for a file that was changed.
    """
    path = folder / f"builtin-{BUILTIN_SHA256[:16]}.npz"
    if not path.exists():
        save_state_dict(path, expand_builtin())
    require_hash(path, BUILTIN_SHA256)
    return Architecture(RESNET18, IMAGENET, builtin_labels(), {}).model(BUILTIN, BUILTIN, path, BUILTIN_SHA256)


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
