"""Conversions that were tried: which came out right, where others broke, what a repair changed. Pure functions."""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

RIGHT = "right"
WRONG = "wrong"
FAILED = "failed"
SKIPPED = "skipped"
EXPORT = "export"
"""The stage that makes the ONNX file; what fails there never reached a converter."""

CLAIMED_FAILURES = 0.15
"""The share of ONNX to TensorFlow conversions that is said to fail, which is what is put to the test."""


@dataclass(frozen=True)
class Attempt:
    """What came of converting one ONNX file and running the result: ``right``, ``wrong``, ``failed`` or ``skipped``.

    A ``wrong`` one ran but disagrees with the module it came from. ``stage`` and ``reason`` say where and why it is not
    right, ``operator`` which ONNX operator the reason is about, where it says so. ``largest_difference`` is over all
    outputs, ``agreement`` the share of pictures whose largest output is at the same place; both are None where it did
    not get that far. ``seconds`` is how long its process took, to its end or failure, None where nothing was tried.
    """

    result: str
    stage: str | None = None
    operator: str | None = None
    reason: str | None = None
    agreement: float | None = None
    largest_difference: float | None = None
    noise: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix: a model, exported by an exporter to an opset, converted by a backend's converter.

    ``plain`` is what came of it as it was exported; ``repaired`` what came of it after ``repairs``, where it was not
    right and something was repaired. ``own`` says that the model is the user's, and so no part of any share.
    """

    model: str
    exporter: str
    opset: int
    backend: str
    plain: Attempt
    repaired: Attempt | None = None
    repairs: tuple[str, ...] = ()
    own: bool = False

    @property
    def best(self) -> Attempt:
        """What came of it with all that is known."""
        return self.repaired if self.repaired is not None and self.repaired.result == RIGHT else self.plain


@dataclass(frozen=True)
class Totals:
    """How many cells came out how: ``repaired`` are right after repair only.

    Those ``not_exported`` gave a converter nothing to convert: that is the exporter's failure.
    """

    right: int = 0
    repaired: int = 0
    wrong: int = 0
    failed: int = 0
    not_exported: int = 0
    skipped: int = 0

    @property
    def tried(self) -> int:
        """The denominator of every share: how many a converter was given."""
        return self.right + self.repaired + self.wrong + self.failed

    @property
    def not_right(self) -> int:
        """How many of these were not right as they were exported."""
        return self.tried - self.right


def outcome(cell: Cell) -> str:
    """Name what came of a cell, by the names of Totals."""
    if cell.plain.result == FAILED and cell.plain.stage == EXPORT:
        return "not_exported"
    if cell.plain.result != RIGHT and cell.best.result == RIGHT:
        return "repaired"
    return cell.plain.result


def count(cells: Iterable[Cell]) -> Totals:
    """Count cells by what came of them, but those of the user's own model: a share is that of the zoo."""
    return Totals(**Counter(outcome(cell) for cell in cells if not cell.own))


def blamed_operator(error: BaseException, operators: Sequence[str]) -> str | None:
    """Find which of a graph's operators an error is about.

    It is the last one that the error's message names; where it names none, the last whose name is that of a source
    file in the traceback, as a converter's handler of ``Pad`` is in ``pad.py``. None where neither tells.
    """
    message = re.findall("|".join(rf"\b{re.escape(name)}\b" for name in operators) or "(?!)", str(error))
    if message:
        return str(message[-1])
    by_stem = {name.lower(): name for name in operators}
    stems = [
        frame.filename.rsplit("/", 1)[-1].removesuffix(".py").replace("_", "").lower()
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    stems += [stem.replace("_", "").lower() for stem in re.findall(r"/(\w+)\.py\"", str(error))]  # one in the message
    return next((by_stem[stem] for stem in reversed(stems) if stem in by_stem), None)
