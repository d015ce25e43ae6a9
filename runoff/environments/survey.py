"""What is installed in an interpreter: modules, versions, wheels, sizes. Run in it by ``runoff.processes.step``.

Standard library only, so that an environment without numpy can be asked too. Nothing that is looked for is imported.
"""

from __future__ import annotations

import csv
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError
from operator import itemgetter
from typing import Any

GROUP = "runoff.backends"
"""The group of the entry points by which distributions offer backends."""


def survey(modules: Sequence[str], distributions: Sequence[str], packages: bool) -> dict[str, Any]:
    """Look for modules and distributions in this interpreter; JSON values out.

    ``offers`` are the backends that distributions offer. ``packages`` adds who brought the modules, and describes every
    distribution. That reads the records of all that is installed, which takes seconds.
    """
    present = [name for name in modules if importlib.util.find_spec(name) is not None]
    answer = {
        "modules": present,
        "versions": {"python": platform.python_version(), **versions(distributions)},
        "offers": offered_backends(),
    }
    if packages:
        answer |= {
            "providers": providers_of(present),
            "markers": marker_values(),
            "distributions": describe(importlib.metadata.distributions()),
        }
    return answer


def offered_backends() -> list[dict[str, str]]:
    """Return the backends that installed distributions offer, as ``runoff.environments.outside.Offer`` has them."""
    points = importlib.metadata.entry_points(group=GROUP)
    return [offer_of(point) for point in sorted(points, key=lambda point: point.name)]


def offer_of(point: EntryPoint) -> dict[str, str]:
    """Return what an entry point offers; its file is empty where it names no module that is there."""
    file = file_of_module(point.value)
    distribution = point.dist
    return {
        "name": point.name,
        "module": point.value,
        "file": file,
        "distribution": "" if distribution is None else distribution.metadata["Name"] or "",
        "version": "" if distribution is None else distribution.version,
        "problem": "" if file else f"expected an entry point that names a Python module, found {point.value!r}",
    }


def file_of_module(name: str) -> str:
    """Return a module's Python file, empty where there is none; no package that it lies in is imported."""
    if not re.fullmatch(r"\w+(\.\w+)*", name):
        return ""
    first, *rest = name.split(".")
    spec = importlib.util.find_spec(first) if first not in sys.modules else sys.modules[first].__spec__
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return ""
        spec = PathFinder.find_spec(f"{spec.name}.{part}", spec.submodule_search_locations)
    origin = "" if spec is None else spec.origin or ""
    return origin if origin.endswith(".py") else ""


def versions(distributions: Sequence[str]) -> dict[str, str]:
    """Return the versions of those distributions that are installed."""
    installed = {}
    for name in distributions:
        try:
            installed[name] = importlib.metadata.version(name)
        except PackageNotFoundError:
            continue
    return installed


def canonical(name: str) -> str:
    """Return a distribution's name as indexes compare it: lower case, one hyphen for each run of ``-``, ``_``, ``.``.

    Packaging user guide, "Names and normalization".
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(distribution: Distribution) -> str:
    """Return a distribution's canonical name, empty for a broken one."""
    return canonical(distribution.metadata["Name"] or "")


def providers_of(modules: Sequence[str]) -> dict[str, list[str]]:
    """Name the distributions that brought each module's own ``__init__``, or file; several overwrite each other's."""
    # Not packages_distributions: Python 3.10's knows only what a top_level.txt names, which few wheels have.
    named: dict[str, set[str]] = {module: set() for module in modules}
    brought: dict[str, set[str]] = {module: set() for module in modules}
    for distribution in importlib.metadata.distributions():
        paths = files_of(distribution)
        tops = {path.partition("/")[0].partition(".")[0] for path in paths}
        tops.update((distribution.read_text("top_level.txt") or "").split())
        for module in tops.intersection(modules):
            own = re.compile(rf"{re.escape(module)}(/__init__)?(\.[\w-]+)*\.(py|so|pyd)")
            named[module].add(name_of(distribution))
            if any(own.fullmatch(path) for path in paths):
                brought[module].add(name_of(distribution))
    return {module: sorted(brought[module] or named[module]) for module in modules}


def describe(distributions: Iterable[Distribution]) -> dict[str, dict[str, Any]]:
    """Return each distribution's version, requirements, wheel's tags and bytes on disk, by canonical name.

    The tags are those of its ``WHEEL`` file, none where it was not installed from a wheel ("Binary distribution
    format"). The bytes are those of the files that its RECORD names and that exist ("Recording installed projects"); a
    file that two distributions record counts for the first by name alone. What was not recorded, such as bytecode
    compiled later, does not count. None stands for a distribution without a RECORD, or one installed from a folder that
    stays where it is: its size is not known.
    """
    described: dict[str, dict[str, Any]] = {}
    seen: set[str] = set()
    named = [(name_of(distribution), distribution) for distribution in distributions]
    for name, distribution in sorted(named, key=itemgetter(0)):
        if name and name not in described:
            wheel = (distribution.read_text("WHEEL") or "").splitlines()
            described[name] = {
                "version": distribution.version,
                "requires": list(distribution.requires or ()),
                "tags": [line.partition(":")[2].strip() for line in wheel if line.startswith("Tag:")],
                "bytes": None if is_editable(distribution) else size_of(distribution, seen),
            }
    return described


def size_of(distribution: Distribution, seen: set[str]) -> int | None:
    """Add up a distribution's recorded files that were not seen before, None where there is no record.

    The sources that an ``.egg-info`` folder names are no record.
    """
    recorded = recorded_in(distribution)
    if recorded is None:
        return None
    folder = str(distribution.locate_file(""))
    # Not resolved: a link is a few bytes of its own. What was recorded may have been removed since.
    # Texts: a Path of each of tens of thousands takes seconds.
    paths = {os.path.normpath(os.path.join(folder, name)) for name in recorded} - seen  # noqa: PTH118 - as above
    seen.update(paths)
    total = 0
    for path in paths:
        with suppress(OSError):
            total += os.lstat(path).st_size
    return total


def files_of(distribution: Distribution) -> list[str]:
    """Return a distribution's files relative to the folder it is installed in; of an egg the sources it was made of."""
    recorded = recorded_in(distribution)
    return [str(file) for file in distribution.files or ()] if recorded is None else recorded


def recorded_in(distribution: Distribution) -> list[str] | None:
    """Return the files that a distribution's RECORD names, None where it has none.

    ``distribution.files`` makes a path of each, which takes seconds for the frameworks' tens of thousands of files.
    """
    record = distribution.read_text("RECORD")
    return [row[0] for row in csv.reader(record.splitlines()) if row] if record else None


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
