"""Golden and logits of a model of two classes, for the tests of what preparation finds right."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runoff.arrays import Logits
from runoff.measure.preparation import FurtherImages, ReferenceOutputs
from runoff.model.golden.golden import Golden
from runoff.model.inputs.examples import PICTURES, Examples
from runoff.model.inputs.images import ImageSet
from runoff.model.sources.architecture import FILE
from tests.builders.models import resnet18

MODEL = resnet18("none", Path("weights.npz"), "0" * 64, ("a", "b"), FILE)
ROUNDING = 1e-6
IMAGES = {"images": Path("images.npy")}
FURTHER = {"images": Path("further.npy")}


def logits_of(*classes: int) -> Logits:
    """Return logits of two classes by which golden is sure of every picture."""
    return np.eye(2, dtype=np.float32)[list(classes)] * 4


def image_set(*names: str) -> ImageSet:
    """Name pictures that nobody looks at."""
    return ImageSet(names, np.zeros((len(names), 1), np.float32), "")


def golden_of(logits: Logits, rounding: float = ROUNDING) -> Golden:
    """Return golden of a classifier."""
    return Golden({"logits": logits}, {"logits": rounding})


def expected_outputs(further: FurtherImages | None = None, judged: tuple[int, ...] = (2, 3)) -> ReferenceOutputs:
    """Return golden of four pictures, of which contenders are calibrated on the first two."""
    golden = golden_of(logits_of(0, 1, 0, 1))
    return ReferenceOutputs(MODEL, Examples(("a", "b", "c", "d"), {}, PICTURES, ""), IMAGES, golden, judged, further)


def further_images(rounding: float = ROUNDING) -> FurtherImages:
    """Return golden of two more pictures."""
    return FurtherImages(image_set("x", "y"), FURTHER, golden_of(logits_of(1, 1), rounding))
