"""Takes the place of runoff/model/golden/steps.py in the copied suite: golden by numpy alone, by the fake's formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from runoff.backends.fake import true_logits

from runoff.arrays import Arrays
from runoff.contract import Model
from runoff.model.golden.golden import Golden, save_golden

OUTPUT = "logits"


@dataclass(frozen=True)
class GoldenStep:
    """A step that computes golden."""

    function: str = "runoff.model.golden.steps:compute_golden"
    by: str = "the fake's formula"
    requires: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()
    version: int = 1
    opened_by: str = "runoff.model.golden.steps:open_golden"


STEPS = {"module": GoldenStep()}


def golden_step(kind: str) -> GoldenStep:
    """Return the one step that there is."""
    return STEPS.get(kind, STEPS["module"])


def open_golden(model: Model) -> Callable[[Arrays], Arrays]:
    """Return what gives the true logits of a batch."""
    return lambda batch: {OUTPUT: true_logits(next(iter(batch.values())))}


def compute_golden(model: dict[str, Any], inputs: dict[str, str], destination: str, exact_examples: int) -> None:
    """Save the true logits."""
    (images,) = inputs.values()
    save_golden(Path(destination), Golden({OUTPUT: true_logits(np.load(images))}, {OUTPUT: 1e-6}))
