"""The one place where timm is imported, and its models are made."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from runoff.errors import FrameworkMissing
from runoff.model.module.torchvision_import import import_torchvision

KIND = "timm"
RANGE = "timm>=1.0.20,<1.1"
"""The versions that work, as the extra of this name has them."""


def import_timm() -> ModuleType:
    """Import timm and return it, after TorchVision, which it imports as it is.

    Raises FrameworkMissing where it is not installed.
    """
    import_torchvision()
    try:
        return importlib.import_module(KIND)
    except ModuleNotFoundError as error:
        raise FrameworkMissing(
            f"a model of timm's needs {error.name}, which is not installed here; "
            f"{sys.executable} -m pip install '{RANGE}'"
        ) from error


def build_timm(name: str, arguments: Mapping[str, Any]) -> Any:
    """Build a model of timm's, with weights that are still to be given."""
    return import_timm().create_model(name, pretrained=False, **arguments)
