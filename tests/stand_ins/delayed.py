"""A backend whose variants compute the same and take longer by known delays, for races whose outcome is known."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runoff.arrays import Arrays, Logits, Signature
from runoff.contract import MODULE, Form, Variant

PIECE = 0.001
"""Seconds of which an inference is made: each is waited for by itself, so that a busy machine stretches all alike."""
PIECES = 8
"""How many an inference without a delay takes; a delay is a share of it."""
SPUN = 0.0005
"""The end of a piece is not slept, since a sleep ends when the system comes to it."""
DELAYS = {"": 0.0, "twin": 0.0, "half": 0.5, "whole": 1.0}

VARIANTS = tuple(Variant(name, f"takes {1 + delay} times as long") for name, delay in DELAYS.items())
REQUIRES = ("numpy",)
FORM = MODULE
DISTRIBUTIONS = ("numpy",)
SUFFIX = ".npy"


@dataclass(frozen=True)
class DelayedSession:
    """The weights of each pixel, and the pieces of time that an inference takes."""

    weights: Logits
    pieces: int
    threads: int

    def run(self, inputs: Arrays) -> list[Logits]:
        """Weigh the first pixels in each piece, and answer when the last is over."""
        (batch,) = inputs.values()
        for _ in range(self.pieces):
            end = time.perf_counter() + PIECE
            logits = np.ascontiguousarray(batch.reshape(len(batch), -1)[:, : len(self.weights)] * self.weights)
            time.sleep(max(0.0, end - time.perf_counter() - SPUN))
            while time.perf_counter() < end:
                pass
        return [logits]


def import_framework(variant: Variant) -> None:
    """There is none."""


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Write the weights."""
    np.save(artifact, np.linspace(1, 2, 1000, dtype=np.float32))


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> DelayedSession:
    """Read the weights."""
    return DelayedSession(np.load(artifact), round(PIECES * (1 + DELAYS[variant.name])), threads)
