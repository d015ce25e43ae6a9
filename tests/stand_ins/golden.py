"""Takes the place of runoff/model/golden.py in the copied suite: golden by numpy alone, from the fake's own formula."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from runoff.backends.fake import true_logits

from runoff.arrays import Arrays
from runoff.files.arrays import load_arrays, save_arrays

REQUIRES = ()
DISTRIBUTIONS = ()
GOLDEN_VERSION = 1
OUTPUT = "logits"


@dataclass(frozen=True)
class Golden:
    """Golden logits, and what float32 rounding may do to them."""

    outputs: Arrays
    roundings: dict[str, float]


def compute_golden(model: dict[str, Any], inputs: dict[str, str], destination: str, exact_examples: int) -> None:
    """Save the true logits."""
    (images,) = inputs.values()
    save_arrays(Path(destination), {OUTPUT: true_logits(np.load(images))})


def load_golden(path: Path) -> Golden:
    """Read what compute_golden saved."""
    return Golden(load_arrays(path), {OUTPUT: 1e-6})
