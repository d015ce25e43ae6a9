"""A backend that keeps the contract, by numpy alone: each output is a sum of products with the model's weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Arrays, Signature
from runoff.contract import MODULE, Form, Variant
from runoff.errors import conversion_stage

VARIANTS = (
    Variant(description="computes once", default=True),
    Variant("int8", "rounds its weights", precision="int8", convert_options={"levels": 127}),
    Variant("twice", "computes twice", load_options={"times": 2}),
)
REQUIRES = ("numpy",)
FORM = MODULE
DISTRIBUTIONS = ("numpy",)
SUFFIX = ".npz"
LAYOUT = "NHWC"


@dataclass(frozen=True)
class HonestSession:
    """Weights by the names of an input and an output, and how often they are used."""

    weights: Arrays
    signature: Signature
    times: int
    threads: int

    def run(self, inputs: Arrays) -> list[NDArray[Any]]:
        """Weigh all numbers of each input, pictures in the order of NCHW."""
        flat = {
            given.name: np.moveaxis(inputs[given.name], -1, 1) if given.layout else inputs[given.name]
            for given in self.signature.inputs
        }
        made: list[NDArray[Any]] = []
        for _ in range(self.times):
            made = [
                sum(array.reshape(len(array), -1) @ self.weights[f"{name}/{each.name}"] for name, array in flat.items())
                for each in self.signature.outputs
            ]
        return made


def import_framework(variant: Variant) -> None:
    """There is none."""


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Read the weights and write them, rounded where the variant says so."""
    source = form.model.source.weights
    assert source is not None
    with conversion_stage("read"), source.open("rb") as file, np.load(file) as read:
        weights = dict(read)
    if levels := variant.convert_options.get("levels"):
        weights = {name: rounded(array, levels) for name, array in weights.items()}
    np.savez(artifact, **weights)


def rounded(array: NDArray[Any], levels: int) -> NDArray[Any]:
    """Round an array to so many levels to each side of zero."""
    step = np.abs(array).max() / levels
    return (np.round(array / step) * step).astype(array.dtype)


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> HonestSession:
    """Read the weights."""
    with np.load(artifact) as read:
        weights = dict(read)
    return HonestSession(weights, signature, variant.load_options.get("times", 1), threads)
