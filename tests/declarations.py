"""Declarations of imagined backends."""

from __future__ import annotations

from typing import Any

from runoff.backends import Declaration
from runoff.contract import MODULE, Variant


def declared(module: str = "imagined", **changes: Any) -> Declaration:
    """Make what a backend declares, which needs nothing but what is said."""
    plain: dict[str, Any] = {
        "VARIANTS": (Variant(),),
        "LAYOUT": "NCHW",
        "REQUIRES": (),
        "FORM": MODULE,
        "CONVERT_VERSION": 1,
        "CONVERT_REQUIRES": (),
        "DISTRIBUTIONS": (),
        "CONVERT_DISTRIBUTIONS": (),
        "SUFFIX": ".npy",
        "ENVIRONMENT": {},
    }
    return Declaration(module, f"{module}.py", **plain | changes)
