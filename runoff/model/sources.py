"""Which weights the run uses: TorchVision's official ones, the built-in ones, or a file of the user's own.

Runs without torch: what needs it (official weights, ``.pth`` files) is done by runoff.model.official, called through
``run_step`` in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.contract import Model, from_json
from runoff.errors import CheckpointBroken, CheckpointUnavailable
from runoff.model.builtin import BUILTIN_SHA256, builtin_labels, expand_builtin
from runoff.model.resnet18 import ARCHITECTURE, BUILTIN, resnet18
from runoff.model.state_dict import hash_state_dict, load_state_dict, save_state_dict

IMPORT_TIMEOUT = 600.0
"""Seconds that importing weights may take, the download included."""

RunStep = Callable[[str, dict[str, Any]], Any]
"""Calls ``module:function`` with JSON arguments in a process that may import frameworks."""


@dataclass(frozen=True)
class Choice:
    """The model to use, with one plain line where it is not the first choice."""

    model: Model
    note: str | None = None


def choose_model(weights: str, folder: Path, run_step: RunStep) -> Choice:
    """Read ``--weights``: auto, imagenet, builtin, or the path of a state dict (``.pth``, ``.pt``, ``.npz``).

    Raises CheckpointUnavailable where they can't be had, CheckpointBroken where they are not what they should be.
    """
    if weights == "builtin":
        return Choice(builtin_model(folder))
    if weights not in ("auto", "imagenet"):
        return Choice(file_model(Path(weights), folder, run_step))
    try:
        return Choice(imported(run_step("runoff.model.official:import_official", {"folder": str(folder)})))
    except CheckpointUnavailable as error:
        if weights == "imagenet":
            raise
        note = f"using the built-in checkpoint, because the official weights can't be had: {error}"
        return Choice(builtin_model(folder), note)


def builtin_model(folder: Path) -> Model:
    """Expand the built-in checkpoint once, and hold the file to its hash from then on.

    Raises CheckpointBroken for a file that was changed.
    """
    path = folder / f"builtin-{BUILTIN_SHA256[:16]}.npz"
    if not path.exists():
        save_state_dict(path, expand_builtin())
    require_hash(path, BUILTIN_SHA256)
    return resnet18("builtin", path, BUILTIN_SHA256, builtin_labels(), BUILTIN)


def file_model(path: Path, folder: Path, run_step: RunStep) -> Model:
    """Return the model with the weights of a file, imported once per content."""
    if not path.is_file():
        raise CheckpointUnavailable(
            f"no weights file at {path}; --weights takes auto, imagenet, builtin, or the path of a {ARCHITECTURE} "
            "state dict (.pth, .pt or .npz)"
        )
    return imported(
        run_step("runoff.model.official:import_file", {"path": str(path.absolute()), "folder": str(folder)})
    )


def imported(values: dict[str, Any]) -> Model:
    """Read the model that an import step returned, and hold its weights to their hash."""
    model = from_json(Model, values)
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
