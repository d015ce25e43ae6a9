"""Which weights the run uses: TorchVision's official ones, the built-in ones, or a file of the user's own.

Runs without torch: what needs it (official weights, ``.pth`` files) is done by runoff.model.official, called through
``run_step`` in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.contract import Checkpoint, checkpoint_from_json
from runoff.errors import CheckpointBroken, CheckpointUnavailable
from runoff.model.builtin import BUILTIN_SHA256, builtin_labels, expand_builtin
from runoff.model.state_dict import hash_state_dict, load_state_dict, save_state_dict

ARCHITECTURE = "resnet18"

RunStep = Callable[[str, dict[str, Any]], Any]
"""Calls ``module:function`` with JSON arguments in a process that may import frameworks."""


@dataclass(frozen=True)
class Choice:
    """The checkpoint to use, with one plain line where it is not the first choice."""

    checkpoint: Checkpoint
    note: str | None = None


def choose_checkpoint(weights: str, folder: Path, run_step: RunStep, architecture: str = ARCHITECTURE) -> Choice:
    """Read ``--weights``: auto, imagenet, builtin, or the path of a state dict (``.pth``, ``.pt``, ``.npz``).

    Raises CheckpointUnavailable where they can't be had, CheckpointBroken where they are not what they should be.
    """
    if weights == "builtin":
        return Choice(builtin_checkpoint(folder, architecture))
    if weights == "imagenet":
        return Choice(official_checkpoint(folder, run_step, architecture))
    if weights != "auto":
        return Choice(file_checkpoint(Path(weights), folder, run_step, architecture))
    try:
        return Choice(official_checkpoint(folder, run_step, architecture))
    except CheckpointUnavailable as error:
        note = f"using the built-in checkpoint, because the official weights can't be had: {error}"
        return Choice(builtin_checkpoint(folder, architecture), note)


def builtin_checkpoint(folder: Path, architecture: str = ARCHITECTURE) -> Checkpoint:
    """Expand the built-in checkpoint once, and hold the file to its hash from then on.

    Raises CheckpointUnavailable for another architecture than its own, CheckpointBroken for a file that was changed.
    """
    if architecture != ARCHITECTURE:
        raise CheckpointUnavailable(
            f"the built-in checkpoint is a {ARCHITECTURE}, not a {architecture}; give --weights PATH"
        )
    path = folder / f"builtin-{BUILTIN_SHA256[:16]}.npz"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        save_state_dict(path, expand_builtin())
    require_hash(path, BUILTIN_SHA256)
    return Checkpoint("builtin", architecture, path, BUILTIN_SHA256, builtin_labels())


def official_checkpoint(folder: Path, run_step: RunStep, architecture: str = ARCHITECTURE) -> Checkpoint:
    """Give TorchVision's official weights, from its cache or its download."""
    return imported(
        run_step("runoff.model.official:import_official", {"architecture": architecture, "folder": str(folder)})
    )


def file_checkpoint(path: Path, folder: Path, run_step: RunStep, architecture: str = ARCHITECTURE) -> Checkpoint:
    """Give the weights of a file, imported once per content."""
    if not path.is_file():
        raise CheckpointUnavailable(
            f"no weights file at {path}; --weights takes auto, imagenet, builtin, or the path of a {architecture} "
            "state dict (.pth, .pt or .npz)"
        )
    return imported(
        run_step(
            "runoff.model.official:import_file",
            {"path": str(path.absolute()), "architecture": architecture, "folder": str(folder)},
        )
    )


def imported(values: dict[str, Any]) -> Checkpoint:
    """Read the checkpoint that an import step gave, and hold its file to its hash."""
    checkpoint = checkpoint_from_json(values)
    require_hash(checkpoint.weights, checkpoint.sha256)
    return checkpoint


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
