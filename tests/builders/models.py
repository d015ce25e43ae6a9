"""Models as values, with weights that need not be there."""

from __future__ import annotations

from pathlib import Path

from runoff.contract import Model
from runoff.model.sources.architecture import IMAGENET, RESNET18, Architecture


def resnet18(name: str, weights: Path, weights_sha256: str, labels: tuple[str, ...], origin: str) -> Model:
    """Return ResNet-18 with these weights."""
    return Architecture(RESNET18, IMAGENET, labels, {}).model(name, origin, weights, weights_sha256)
