"""Takes the place of runoff/model/golden.py in the copied suite: golden by numpy alone, from the fake's own formula."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from runoff.backends.fake import true_logits

from runoff.contract import Logits

REQUIRES = ()
DISTRIBUTIONS = ()
GOLDEN_VERSION = 1


@dataclass(frozen=True)
class Golden:
    """Golden logits, and what float32 rounding may do to them."""

    logits: Logits
    rounding: float


def compute_golden(model: dict[str, Any], images: str, destination: str, exact_images: int) -> None:
    """Save the true logits."""
    with Path(destination).open("wb") as file:
        np.savez(file, logits=true_logits(np.load(images)), rounding=1e-6)


def load_golden(path: Path) -> Golden:
    """Read what compute_golden saved."""
    with np.load(path) as saved:
        return Golden(saved["logits"], float(saved["rounding"]))
