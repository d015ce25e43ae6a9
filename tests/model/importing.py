"""What the tests of weights share: how weights are imported, and what they should have become."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runoff.contract import RANDOM, Model
from runoff.files.values import from_json, to_json
from runoff.model.golden.from_module import compute_golden
from runoff.model.golden.golden import load_golden
from runoff.model.module.timm_import import RANGE
from runoff.model.operations import count_operations
from runoff.model.sources import torchvision_weights
from runoff.model.weights.state_dict import load_state_dict

NEEDS_TIMM = [
    pytest.mark.framework,
    pytest.mark.skipif(
        importlib.util.find_spec("timm") is None, reason=f"timm is not installed: python -m pip install '{RANGE}'"
    ),
]


def assert_same(found: Path, tensors: dict[str, Any]) -> None:
    """Hold a checkpoint's file to the state dict that it was made from."""
    arrays = load_state_dict(found)
    assert list(arrays) == list(tensors)
    for key, tensor in tensors.items():
        np.testing.assert_array_equal(arrays[key], tensor.numpy(), strict=True)


def import_from(url: str, folder: Path, cache: Path | None = None) -> Model:
    """Import the official weights, with nothing in TorchVision's cache unless one is given."""
    empty = str(cache or folder / "empty-cache")
    made = torchvision_weights.import_official("resnet18", "DEFAULT", str(folder / "made"), (), url, empty)
    return from_json(Model, made["model"])


def nobody_listens() -> str:
    """Return an address on which every connection is refused."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def assert_random_weights_matter(make: Callable[[], dict[str, Any]], folder: Path, least_operations: float) -> None:
    """Make random weights twice: one hash, golden differs from picture to picture, and operations are counted."""
    first, again = (from_json(Model, make()["model"]) for _ in range(2))
    assert first == again
    assert (first.source.origin, first.name) == (RANDOM, "random-0")
    images = folder / "images.npy"
    np.save(images, np.random.default_rng(1).standard_normal((2, *first.picture_shape)).astype(np.float32))
    compute_golden(to_json(first), {"images": str(images)}, str(folder / "golden.npz"), 1)
    golden = load_golden(folder / "golden.npz")
    assert np.ptp(golden.outputs["logits"], axis=0).max() > 100 * golden.roundings["logits"]
    assert count_operations(to_json(first))["flop"] > least_operations
