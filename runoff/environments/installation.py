"""What is installed in an interpreter, in detail: versions, wheels, and who provides a module.

Run in that interpreter through ``runoff.processes.step``, with the standard library only, so that an environment
without numpy can be asked too. Nothing that is looked for is imported.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
from collections.abc import Sequence
from typing import Any

GPU_LIBRARIES = ("nvidia-", "rocm-")


def survey(modules: Sequence[str], distributions: Sequence[str]) -> dict[str, Any]:
    """Look for modules and distributions in this interpreter; JSON values out.

    The distributions described are those asked for and those that provide one of the modules, where installed.
    """
    found = [name for name in modules if importlib.util.find_spec(name) is not None]
    providers = {name: providers_of(name) for name in found}
    wanted = {canonical(name) for name in (*distributions, *(name for names in providers.values() for name in names))}
    installed = {canonical(each.metadata["Name"] or ""): each for each in importlib.metadata.distributions()}
    return {
        "python": platform.python_version(),
        "modules": found,
        "providers": providers,
        "distributions": {name: describe(installed[name], set(installed)) for name in sorted(wanted & set(installed))},
    }


def canonical(name: str) -> str:
    """Give a distribution's name as indexes compare it: lower case, one hyphen for each run of ``-``, ``_``, ``.``.

    Packaging user guide, "Names and normalization".
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def providers_of(module: str) -> list[str]:
    """Name the distributions that brought a module's own ``__init__``, or file; several overwrite each other's."""
    named = importlib.metadata.packages_distributions().get(module, [])
    own = re.compile(rf"{re.escape(module)}(/__init__)?(\.[\w-]+)*\.(py|so|pyd)")
    brought = [
        name
        for name in dict.fromkeys(named)
        if any(own.fullmatch(str(file)) for file in importlib.metadata.files(name) or ())
    ]
    return sorted(canonical(name) for name in brought or dict.fromkeys(named))


def describe(distribution: importlib.metadata.Distribution, installed: set[str]) -> dict[str, Any]:
    """Describe an installed distribution: its version, its wheel's tags, and the GPU libraries that it brought.

    ``tags`` are empty where it was not installed from a wheel ("Binary distribution format", the ``WHEEL`` file).
    """
    wheel = (distribution.read_text("WHEEL") or "").splitlines()
    required = {canonical(re.split(r"[^\w.-]", text.strip(), maxsplit=1)[0]) for text in distribution.requires or ()}
    return {
        "version": distribution.version,
        "tags": [line.partition(":")[2].strip() for line in wheel if line.startswith("Tag:")],
        "gpu_libraries": sorted(name for name in required & installed if name.startswith(GPU_LIBRARIES)),
    }
