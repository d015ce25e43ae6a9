"""A converter that needs numpy alone: what it does wrong stands in the file that it is given."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runoff.arrays import Arrays, Logits, Signature
from runoff.contract import Form, Variant
from runoff.errors import conversion_stage

VARIANTS = (Variant(),)
GIBIBYTE = 1 << 30


@dataclass(frozen=True)
class ImaginedSession:
    """What a file asks for."""

    asked: str
    threads: int

    def run(self, inputs: Arrays) -> list[Logits]:
        """Give each picture's first ten numbers, or what else was asked for."""
        (batch,) = inputs.values()
        rows = batch.reshape(len(batch), -1)[:, :10]
        return [{"wrong": -rows, "shapeless": rows[:, :3], "not finite": rows * np.nan}.get(self.asked, rows)]


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Do what the file says."""
    asked = form.onnx_file.read_text()
    print(f"converting {asked}", flush=True)
    os.write(1, b'{"nonsense": 1}\n')
    if asked == "hangs":
        signal.pause()
    if asked == "segfaults":
        os.kill(os.getpid(), signal.SIGSEGV)
    with conversion_stage("imagined stage"):
        if asked == "raises":
            raise KeyError("Pad version 18 is not implemented.")
        if asked == "hungry":
            np.ones(64 * GIBIBYTE, np.uint8)
    artifact.write_text(asked)


def import_framework(variant: Variant) -> None:
    """There is none."""


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> ImaginedSession:
    """Read what was asked for."""
    return ImaginedSession(artifact.read_text(), threads)


def repair(model: Path, repaired: Path) -> tuple[str, ...]:
    """Mend what raises, and nothing else."""
    if model.read_text() != "raises":
        return ()
    repaired.write_text("right")
    return ("imagined repair",)
