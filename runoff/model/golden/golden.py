"""Golden as a value, and as the file that a separate process saves it in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Arrays
from runoff.files.arrays import load_arrays, save_arrays
from runoff.files.values import from_json
from runoff.judge.golden_check import Check

ROUNDING = "rounding of "
"""How an output's rounding error is named in the file."""
CHECK = "check of golden"
"""How the check is named there, a text of JSON."""
NOTE = "note of golden"


@dataclass(frozen=True)
class Golden:
    """Golden outputs, each for N examples, with the largest difference that float32 arithmetic makes to any of each.

    ``check`` says how it was checked, None where it is the model's own module, which nobody has to check. ``note`` is
    what there is to know about the roundings, empty for nothing.
    """

    outputs: Arrays
    roundings: Mapping[str, float]
    check: Check | None = None
    note: str = ""


def save_golden(path: Path, golden: Golden) -> None:
    """Write golden to a file."""
    roundings = {f"{ROUNDING}{name}": np.array(error) for name, error in golden.roundings.items()}
    check = {CHECK: np.array(json.dumps(asdict(golden.check)))} if golden.check else {}
    note = {NOTE: np.array(golden.note)} if golden.note else {}
    save_arrays(path, {**golden.outputs, **roundings, **check, **note})


def load_golden(path: Path) -> Golden:
    """Read what save_golden wrote."""
    saved = load_arrays(path)
    check, note = saved.pop(CHECK, None), saved.pop(NOTE, "")
    outputs = {name: array for name, array in saved.items() if not name.startswith(ROUNDING)}
    roundings = {name: float(saved[f"{ROUNDING}{name}"]) for name in outputs}
    return Golden(outputs, roundings, None if check is None else from_json(Check, json.loads(str(check))), str(note))


def in_float64(array: Any) -> Any:
    """Return numbers as float64, but whole ones as they are."""
    return array.astype(np.float64) if array.dtype.kind == "f" else array
