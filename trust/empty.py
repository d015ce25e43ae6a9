"""A backend that does nothing: what is left of its times is the harness."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runoff.arrays import Arrays, Logits, Signature
from runoff.contract import MODULE, Form, Variant

VARIANTS = (Variant(description="does nothing"),)
REQUIRES = ("numpy",)
FORM = MODULE
DISTRIBUTIONS = ("numpy",)
SUFFIX = ".npy"


@dataclass(frozen=True)
class EmptySession:
    """A session that gives the same logits at once."""

    outputs: list[Logits]
    threads: int

    def run(self, inputs: Arrays) -> list[Logits]:
        """Return the logits."""
        return self.outputs


def import_framework(variant: Variant) -> None:
    """There is none."""


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Write the logits."""
    np.save(artifact, np.zeros((1, 1000), dtype=np.float32))


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> EmptySession:
    """Read the logits."""
    return EmptySession([np.load(artifact)], threads)
