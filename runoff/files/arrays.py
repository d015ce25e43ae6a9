"""Arrays by name in one file, whatever their names are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays by their names; numpy's own way takes names for its arguments."""
    with path.open("wb") as file:
        np.savez(file, np.array(list(arrays)), *arrays.values())


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read what save_arrays wrote."""
    with np.load(path) as saved:
        names, *arrays = (saved[name] for name in saved.files)
        return dict(zip(names.tolist(), arrays, strict=True))
