"""Declarations of imagined backends."""

from __future__ import annotations

from typing import Any

from runoff.backends import Declaration
from runoff.contract import MODULE, Variant


def declared(module: str = "imagined", **changes: Any) -> Declaration:
    """Make what a backend declares, which needs nothing but what is said."""
    plain: dict[str, Any] = {
        "VARIANTS": (Variant(),),
        "REQUIRES": (),
        "FORM": MODULE,
        "DISTRIBUTIONS": (),
        "SUFFIX": ".npy",
    }
    return Declaration(module, f"{module}.py", **plain | changes)
