"""ResNet-18, the default model: TorchVision's architecture with its official weights' preprocessing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from runoff.contract import Input, Model, Preprocessing, Source

ARCHITECTURE = "resnet18"
BUILTIN = "builtin"
OFFICIAL = "official"
FILE = "file"
IMAGENET = Preprocessing(
    short_side=256,
    crop=224,
    interpolation="bilinear",
    mean=(0.485, 0.456, 0.406),
    deviation=(0.229, 0.224, 0.225),
)
"""What TorchVision's ``IMAGENET1K_V1`` weights are used with."""


def resnet18(name: str, weights: Path, weights_sha256: str, labels: tuple[str, ...], origin: str) -> Model:
    """Return the model with these weights: a state dict in an ``.npz`` file, and the hash of its arrays."""
    arguments = {"num_classes": len(labels)}
    graph = json.dumps(["torchvision", ARCHITECTURE, arguments, weights_sha256], sort_keys=True)
    return Model(
        name=name,
        sha256=hashlib.sha256(graph.encode()).hexdigest(),
        inputs=(Input("images", (3, IMAGENET.crop, IMAGENET.crop)),),
        preprocessing=IMAGENET,
        labels=labels,
        task="classification",
        source=Source("torchvision", ARCHITECTURE, arguments, weights, weights_sha256, origin),
    )
