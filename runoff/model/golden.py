"""Golden: the logits of the model's own eager float32 module, and how far float32 itself is from exact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.contract import Logits, Model, from_json
from runoff.errors import CheckpointBroken
from runoff.model.module import make_module

REQUIRES = ("torch", "torchvision")
DISTRIBUTIONS = ("torch", "torchvision")
GOLDEN_VERSION = 1
"""Goes up with every change of how golden is computed, so that it is computed anew; a test asks."""


@dataclass(frozen=True)
class Golden:
    """Golden logits, N×classes, with the largest difference that float64 arithmetic makes to any of them."""

    logits: Logits
    rounding: float


def compute_golden(model: dict[str, Any], images: str, destination: str, exact_images: int) -> None:
    """Run the module on each image of an ``.npy`` file, in float32 and the first few in float64; save the Golden.

    torch takes more than a second for an image in float64.
    """
    import torch

    module = make_module(from_json(Model, model))
    pixels = np.load(images)
    with torch.inference_mode():
        single = [module(torch.from_numpy(image[None])).numpy() for image in pixels]
        module = module.double()
        few = pixels[:exact_images]
        exact = [module(torch.from_numpy(image[None].astype(np.float64))).numpy() for image in few]
    logits = np.concatenate(single)
    if not np.isfinite(logits).all():
        raise CheckpointBroken(
            f"the checkpoint {model['name']} gives logits that are not finite numbers on these images; "
            "use weights that were trained for this architecture"
        )
    rounding = float(np.abs(logits[: len(exact)] - np.concatenate(exact)).max())
    with Path(destination).open("wb") as file:
        np.savez(file, logits=logits, rounding=rounding)


def load_golden(path: Path) -> Golden:
    """Read what compute_golden saved."""
    with np.load(path) as saved:
        logits: NDArray[np.float32] = saved["logits"]
        return Golden(logits=logits, rounding=float(saved["rounding"]))
