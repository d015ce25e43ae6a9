"""What the tests of weights begin with: a folder for whole checkpoints, and a stand-in for the official file."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runoff.model.module.torchvision_import import import_torchvision


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is emptied afterwards: whole checkpoints take 45 MB each."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.fixture(scope="module")
def tensors() -> dict[str, Any]:
    """The state dict of TorchVision's ResNet-18 with random weights."""
    import torch

    torch.manual_seed(0)
    return dict(import_torchvision().models.resnet18(weights=None).state_dict())


@pytest.fixture(scope="module")
def official_file(tensors: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A stand-in for the official file: named after its hash, as torch.hub does."""
    import torch

    home = tmp_path_factory.mktemp("official")
    plain = home / "plain.pth"
    torch.save(tensors, plain)
    named = plain.rename(home / f"resnet18-{hashlib.sha256(plain.read_bytes()).hexdigest()[:8]}.pth")
    yield named
    shutil.rmtree(home)
