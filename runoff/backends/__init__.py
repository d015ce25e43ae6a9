"""Who competes: one file each, found by scanning this folder; a framework is imported only when its backend runs."""

from __future__ import annotations

import importlib
import json
import pkgutil
from dataclasses import asdict
from types import ModuleType
from typing import Any, cast

from runoff import backends
from runoff.contract import Backend


def find_backends(package: ModuleType = backends) -> dict[str, Backend]:
    """Find every backend of a package: its file name is its name."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return {name: cast(Backend, importlib.import_module(f"{package.__name__}.{name}")) for name in names}


def declare() -> dict[str, dict[str, Any]]:
    """Give what every backend of this tree declares as JSON values, for a suite that runs in another tree."""
    names = set(Backend.__annotations__) - {"__name__", "__file__", "VARIANTS"}
    declared = {
        name: {
            "__name__": backend.__name__,
            "VARIANTS": [asdict(variant) for variant in backend.VARIANTS],
            **{attribute: getattr(backend, attribute) for attribute in sorted(names)},
        }
        for name, backend in find_backends().items()
    }
    as_json: dict[str, dict[str, Any]] = json.loads(json.dumps(declared, default=str))
    return as_json
