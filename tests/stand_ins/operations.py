"""Takes the place of runoff/model/operations.py in the copied suite: a count that needs no framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DISTRIBUTIONS = ()
COUNT_VERSION = 2


@dataclass(frozen=True)
class Operations:
    """What one inference takes."""

    flop: int
    padding: int
    weights: int
    activations: int

    @property
    def needed(self) -> int:
        """The operations that have an effect."""
        return self.flop - self.padding


def count_operations(model: dict[str, Any]) -> dict[str, int]:
    """Give a model of a million operations and a thousand weights a class."""
    return {"flop": 1_000_000, "padding": 0, "weights": 1000 * len(model["labels"]), "activations": 1000}
