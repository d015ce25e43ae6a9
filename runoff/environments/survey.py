"""What is installed in an interpreter: modules, versions, wheels, sizes. Run in it by ``runoff.processes.step``.

Standard library only, so that an environment without numpy can be asked too. Nothing that is looked for is imported.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from typing import Any

GPU_LIBRARIES = ("nvidia-", "rocm-")


def survey(modules: Sequence[str], distributions: Sequence[str], wheels: bool, sizes: bool) -> dict[str, Any]:
    """Look for modules and distributions in this interpreter; JSON values out.

    ``wheels`` adds who brought the modules, and the wheels of those and of ``distributions``; ``sizes`` adds every
    distribution's requirements and bytes. Both read the records of all that is installed, which takes seconds.
    """
    found = [name for name in modules if importlib.util.find_spec(name) is not None]
    answer = {"modules": found, "versions": {"python": platform.python_version(), **versions(distributions)}}
    if wheels:
        providers = {name: providers_of(name) for name in found}
        brought = [name for names in providers.values() for name in names]
        answer |= {"providers": providers, "wheels": describe_wheels([*distributions, *brought])}
    if sizes:
        answer |= {"markers": marker_values(), "distributions": measure(importlib.metadata.distributions())}
    return answer


def versions(distributions: Sequence[str]) -> dict[str, str]:
    """Return the versions of those distributions that are installed."""
    found = {}
    for name in distributions:
        try:
            found[name] = importlib.metadata.version(name)
        except PackageNotFoundError:
            continue
    return found


def canonical(name: str) -> str:
    """Return a distribution's name as indexes compare it: lower case, one hyphen for each run of ``-``, ``_``, ``.``.

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


def describe_wheels(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Describe distributions, where installed: version, wheel's tags, and the GPU libraries that each brought.

    ``tags`` are empty where it was not installed from a wheel ("Binary distribution format", the ``WHEEL`` file).
    """
    installed = {canonical(each.metadata["Name"] or ""): each for each in importlib.metadata.distributions()}
    described = {}
    for name in sorted({canonical(name) for name in names} & set(installed)):
        texts = [text.strip() for text in installed[name].requires or ()]
        required = {canonical(re.split(r"[^\w.-]", text, maxsplit=1)[0]) for text in texts}
        wheel = (installed[name].read_text("WHEEL") or "").splitlines()
        described[name] = {
            "version": installed[name].version,
            "tags": [line.partition(":")[2].strip() for line in wheel if line.startswith("Tag:")],
            "gpu_libraries": sorted(each for each in required & set(installed) if each.startswith(GPU_LIBRARIES)),
        }
    return described


def measure(distributions: Iterable[Distribution]) -> dict[str, dict[str, Any]]:
    """Return each distribution's version, requirements and bytes on disk, by canonical name.

    The bytes are those of the files that its RECORD names and that exist ("Recording installed projects"); a file that
    two distributions record counts for the first by name alone. What was not recorded, such as bytecode compiled later,
    does not count. None stands for a distribution without a RECORD, or one installed from a folder that stays where it
    is: its size is not known.
    """
    found: dict[str, dict[str, Any]] = {}
    seen: set[Path] = set()
    for each in sorted(distributions, key=lambda one: canonical(one.metadata["Name"] or "")):
        name = canonical(each.metadata["Name"] or "")
        if name and name not in found:
            found[name] = {
                "version": each.version,
                "requires": list(each.requires or ()),
                "bytes": None if is_editable(each) else size_of(each, seen),
            }
    return found


def size_of(distribution: Distribution, seen: set[Path]) -> int | None:
    """Add up a distribution's recorded files that were not seen before, None where there is no record.

    ``files`` alone does not tell: of an ``.egg-info`` folder it gives the sources that the package was built from.
    """
    files = distribution.files if distribution.read_text("RECORD") else None
    if files is None:
        return None
    total = 0
    for file in files:
        path = Path(os.path.normpath(str(file.locate())))  # not resolved: a link is a few bytes of its own
        if path not in seen:
            seen.add(path)
            try:
                total += path.lstat().st_size
            except OSError:  # recorded, and removed since
                continue
    return total


def is_editable(distribution: Distribution) -> bool:
    """Whether a distribution only points to a folder of sources (PEP 610, ``direct_url.json``).

    An origin that can't be read counts as one: what was recorded need not be all there is.
    """
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")  # installers space it differently
        return bool((origin.get("dir_info") or {}).get("editable"))
    except (ValueError, AttributeError):
        return True


def marker_values() -> dict[str, str]:
    """Return what environment markers are evaluated with (PEP 508, "Environment Markers")."""
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": platform.python_version(),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }
