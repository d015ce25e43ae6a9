"""A classifier of TorchVision's or timm's as a value: how it is made, what its pictures become, and its labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.arrays import Input, Output
from runoff.contract import CLASSIFICATION, Model, Preprocessing, Source

RESNET18 = "resnet18"
"""The default model, and the one that has built-in weights."""
BUILTIN = "builtin"
OFFICIAL = "official"
FILE = "file"
"""Whose a model's weights are, beside RANDOM."""
IMAGENET = Preprocessing(
    size=(256, 256),
    crop=(224, 224),
    mean=(0.485, 0.456, 0.406),
    deviation=(0.229, 0.224, 0.225),
)
"""What TorchVision's ``IMAGENET1K_V1`` weights of ResNet-18 are used with."""


@dataclass(frozen=True)
class Architecture:
    """A classifier: its name as ``--model`` has it, and what decides the module, its inputs and its classes.

    ``arguments`` are those of its builder beside the number of classes, which is that of the ``labels``. ``version`` is
    that of the package that makes it, where no backend declares it.
    """

    name: str
    preprocessing: Preprocessing
    labels: tuple[str, ...]
    arguments: Mapping[str, Any]
    kind: str = "torchvision"
    version: str = ""

    @property
    def input(self) -> Input:
        """The input that pictures become."""
        made = self.preprocessing
        return Input("images", made.shape, made.dtype, made.layout)

    def model(self, name: str, origin: str, weights: Path, weights_sha256: str) -> Model:
        """Return the model with these weights: a state dict in an ``.npz`` file, and the hash of its arrays."""
        arguments = {"num_classes": len(self.labels), **self.arguments}
        versions = [self.version] if self.version else []
        graph = json.dumps([self.kind, self.name, arguments, weights_sha256, *versions], sort_keys=True)
        return Model(
            name=name,
            sha256=hashlib.sha256(graph.encode()).hexdigest(),
            inputs=(self.input,),
            outputs=(Output("logits", (len(self.labels),)),),
            preprocessing=self.preprocessing,
            labels=self.labels,
            task=CLASSIFICATION,
            source=Source(self.kind, self.name, arguments, weights, weights_sha256, origin, self.version),
        )
