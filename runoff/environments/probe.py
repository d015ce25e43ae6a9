"""What an environment holds: asked by running this in it, so that nothing of it is imported here."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runoff.contract import Backend, ConvertsOnnx
from runoff.environments.contenders import Environment
from runoff.model import golden
from runoff.model.zoo import export as zoo
from runoff.processes.process import call

PROBE_TIMEOUT = 60.0
TOOLS = {"PIL": "pillow", "mlperf_loadgen": "mlcommons-loadgen"}
"""What some service questions need in a worker beside its framework: modules, and the distributions that bring them."""


@dataclass(frozen=True)
class Holding:
    """Which of the modules asked for an environment has, and the versions of the distributions.

    ``tools`` are the versions of what belongs to no backend, which a result is comparable without.
    """

    modules: frozenset[str]
    versions: dict[str, str]
    tools: Mapping[str, str] = field(default_factory=dict)


def probe(modules: Sequence[str], distributions: Sequence[str]) -> dict[str, object]:
    """Look for modules and distributions in this interpreter, without importing any."""
    versions = {"python": platform.python_version()}
    for distribution in distributions:
        try:
            versions[distribution] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {"modules": [name for name in modules if importlib.util.find_spec(name) is not None], "versions": versions}


def probe_environment(environment: Environment, backends: Sequence[Backend], logs: Path) -> Holding:
    """Ask an environment what it holds of all that these backends, and golden, could want.

    Raises WorkerCrashed where its interpreter can't be run.
    """
    answer = call(
        "runoff.environments.probe:probe",
        wanted(backends),
        label=f"environment {environment.name}",
        log=logs / f"probe-{environment.name}.log",
        timeout=PROBE_TIMEOUT,
        interpreter=environment.interpreter,
        tree=environment.tree,
    )
    return as_holding(answer, backends)


def probe_here(backends: Sequence[Backend]) -> Holding:
    """Look for the same in this very interpreter, for which no process is needed."""
    return as_holding(probe(**wanted(backends)), backends)


def wanted(backends: Sequence[Backend]) -> dict[str, list[str]]:
    """Name the modules and distributions that these backends, golden, and the service questions could want."""
    modules = {name for backend in backends for name in (*backend.REQUIRES, *backend.CONVERT_REQUIRES)}
    modules |= {name for backend in backends for variant in backend.VARIANTS for name in variant.convert_requires}
    modules |= {name for backend in backends if isinstance(backend, ConvertsOnnx) for name in backend.ONNX_REQUIRES}
    modules |= {name for needed in zoo.EXPORTERS.values() for name in needed}
    return {
        "modules": sorted(modules | {*golden.REQUIRES, *TOOLS}),
        "distributions": sorted(compared(backends) | set(TOOLS.values())),
    }


def compared(backends: Sequence[Backend]) -> set[str]:
    """Name the distributions whose versions results are compared by; all others are tools."""
    own = {name for backend in backends for name in (*backend.DISTRIBUTIONS, *backend.CONVERT_DISTRIBUTIONS)}
    return own | {*golden.DISTRIBUTIONS, *zoo.DISTRIBUTIONS, "numpy"}


def as_holding(answer: Mapping[str, Any], backends: Sequence[Backend]) -> Holding:
    """Read what ``probe`` found."""
    versions: dict[str, str] = answer["versions"]
    tools = set(TOOLS.values())
    return Holding(
        modules=frozenset(answer["modules"]),
        versions={name: version for name, version in versions.items() if name not in tools - compared(backends)},
        tools={name: version for name, version in versions.items() if name in tools},
    )
