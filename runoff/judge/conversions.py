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
    """What came of converting one ONNX file and running the result."""

    result: str
    """`right`, `failed`, `skipped`, or `wrong`: it ran, but disagrees with the module it came from."""
    stage: str | None = None
    """Where it stopped; none where it is right."""
    operator: str | None = None
    """The ONNX operator that the reason is about, where it names one."""
    reason: str | None = None
    """Why it is not right."""
    agreement: float | None = None
    """The pictures whose largest output is at the same place (share); none where it did not run."""
    largest_difference: float | None = None
    """The largest difference of any output (units of the output); none where it did not run."""
    noise: float | None = None
    """What outputs may differ by through rounding alone (units of the output)."""
    seconds: float | None = None
    """How long its process took (seconds); none where nothing was tried."""


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix: a model, exported by an exporter to an operator set, converted for a backend."""

    model: str
    """The model."""
    exporter: str
    """The exporter."""
    opset: int
    """The number of the operator set (no unit)."""
    backend: str
    """The backend."""
    plain: Attempt
    """What came of it as it was exported."""
    repaired: Attempt | None = None
    """What came of it after repairs; none where it was right, or nothing was repaired."""
    repairs: tuple[str, ...] = ()
    """What was changed in the file."""
    own: bool = False
    """Whether the model is the user's, and so no part of any share."""

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
