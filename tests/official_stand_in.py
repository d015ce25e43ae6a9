"""What the tests of weights share: a folder for whole checkpoints, and a stand-in for the official file."""

from __future__ import annotations

import hashlib
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runoff.contract import Model, from_json
from runoff.model import official
from runoff.model.state_dict import load_state_dict
from runoff.model.torchvision_import import import_torchvision


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


def assert_same(found: Path, tensors: dict[str, Any]) -> None:
    """Hold a checkpoint's file to the state dict that it was made from."""
    arrays = load_state_dict(found)
    assert list(arrays) == list(tensors)
    for key, tensor in tensors.items():
        np.testing.assert_array_equal(arrays[key], tensor.numpy(), strict=True)


def import_from(url: str, folder: Path, cache: Path | None = None) -> Model:
    """Import the official weights, with nothing in TorchVision's cache unless one is given."""
    empty = str(cache or folder / "empty-cache")
    return from_json(Model, official.import_official(str(folder / "made"), url, empty))


def nobody_listens() -> str:
    """Return an address on which every connection is refused."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"
