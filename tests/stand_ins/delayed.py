"""A backend whose variants compute the same and take longer by known delays, for races whose outcome is known."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runoff.arrays import Arrays, Logits, Signature
from runoff.contract import MODULE, Form, Variant

SECONDS = 0.008
"""What an inference takes without a delay, and the unit of delays: as much again.

It ends at its deadline by the clock. Waiting is not slept: a sleep ends when the system comes to it, later by the same
time for all, so that a busy machine would move each ratio towards 1. Nor is it counted work, which a neighbour on the
same core slows for as long as it is there. What comes and goes before the deadline is in no time.
"""
DELAYS = {"": 0.0, "twin": 0.0, "half": 0.5, "whole": 1.0}

VARIANTS = tuple(Variant(name, f"takes {1 + delay} times as long") for name, delay in DELAYS.items())
REQUIRES = ("numpy",)
FORM = MODULE
DISTRIBUTIONS = ("numpy",)
SUFFIX = ".npy"


@dataclass(frozen=True)
class DelayedSession:
    """The weights of each pixel, and the seconds that an inference takes."""

    weights: Logits
    seconds: float
    threads: int

    def run(self, inputs: Arrays) -> list[Logits]:
        """Weigh the first pixels, and answer when the time has come."""
        end = time.perf_counter() + self.seconds
        (batch,) = inputs.values()
        logits = np.ascontiguousarray(batch.reshape(len(batch), -1)[:, : len(self.weights)] * self.weights)
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
    return DelayedSession(np.load(artifact), SECONDS * (1 + DELAYS[variant.name]), threads)
