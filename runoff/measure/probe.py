"""What an environment holds: asked by running this in it, so that nothing of it is imported here."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runoff.contenders import Environment
from runoff.contract import Backend
from runoff.measure.process import call
from runoff.model import golden

PROBE_TIMEOUT = 60.0


@dataclass(frozen=True)
class Holding:
    """Which of the modules asked for an environment has, and the versions of the distributions."""

    modules: frozenset[str]
    versions: dict[str, str]


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
    modules = {name for backend in backends for name in (*backend.REQUIRES, *backend.CONVERT_REQUIRES)}
    modules |= {name for backend in backends for variant in backend.VARIANTS for name in variant.convert_requires}
    distributions = {name for backend in backends for name in (*backend.DISTRIBUTIONS, *backend.CONVERT_DISTRIBUTIONS)}
    answer = call(
        "runoff.measure.probe:probe",
        {
            "modules": sorted(modules | {*golden.REQUIRES}),
            "distributions": sorted(distributions | {*golden.DISTRIBUTIONS, "numpy"}),
        },
        label=f"environment {environment.name}",
        log=logs / f"probe-{environment.name}.log",
        timeout=PROBE_TIMEOUT,
        interpreter=environment.interpreter,
        tree=environment.tree,
    )
    return Holding(modules=frozenset(answer["modules"]), versions=answer["versions"])
