"""Who competes: one file each, found by scanning this folder; a framework is imported only when its backend runs."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import cast

from runoff import backends
from runoff.contract import Backend


def find_backends(package: ModuleType = backends) -> dict[str, Backend]:
    """Find every backend of a package: its file name is its name."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return {name: cast(Backend, importlib.import_module(f"{package.__name__}.{name}")) for name in names}
