"""What every distribution in an interpreter takes on disk, and what it requires: asked by running this in it.

Standard library only, so that an environment without numpy can be asked too.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runoff.environments.installation import canonical


def survey_sizes() -> dict[str, Any]:
    """Describe all installed distributions by canonical name, and the values that markers are evaluated with."""
    return {"markers": marker_values(), "distributions": measure(importlib.metadata.distributions())}


def measure(distributions: Iterable[importlib.metadata.Distribution]) -> dict[str, dict[str, Any]]:
    """Give each distribution's version, requirements and bytes on disk.

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


def size_of(distribution: importlib.metadata.Distribution, seen: set[Path]) -> int | None:
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


def is_editable(distribution: importlib.metadata.Distribution) -> bool:
    """Tell whether a distribution only points to a folder of sources (PEP 610, ``direct_url.json``).

    An origin that can't be read counts as one: what was recorded need not be all there is.
    """
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")  # installers space it differently
        return bool((origin.get("dir_info") or {}).get("editable"))
    except (ValueError, AttributeError):
        return True


def marker_values() -> dict[str, str]:
    """Give what environment markers are evaluated with (PEP 508, "Environment Markers")."""
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
