"""What is installed in an environment for every backend: what is missing, and which wheels are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.contract import Backend
from runoff.environments.contenders import HERE, Environment
from runoff.environments.installation import canonical
from runoff.model import golden
from runoff.processes.process import call

SURVEY_TIMEOUT = 60.0


@dataclass(frozen=True)
class Distribution:
    """An installed distribution; ``variant`` is its version's local part (``cpu``, ``cu128``), None without one.

    ``tags`` are its wheel's; ``gpu_libraries`` are the distributions it brought that only a GPU uses.
    """

    name: str
    version: str
    variant: str | None
    tags: tuple[str, ...]
    gpu_libraries: tuple[str, ...]


@dataclass(frozen=True)
class BackendFinding:
    """Whether a backend can run in an environment, and convert (asked ``here`` only, where converting is done).

    ``install`` names what to give to pip for all that is missing; ``doubled`` holds the modules that several
    distributions brought, which overwrite each other's files.
    """

    name: str
    missing: tuple[str, ...]
    convert_missing: tuple[str, ...] | None
    install: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    doubled: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class EnvironmentFinding:
    """An environment: its Python and numpy (without which no worker runs), and every backend."""

    name: str
    interpreter: str
    python: str
    numpy: Distribution | None
    backends: tuple[BackendFinding, ...]
    golden_missing: tuple[str, ...]


def ask_environment(environment: Environment, backends: Mapping[str, Backend], logs: Path) -> EnvironmentFinding:
    """Ask an environment what is installed in it for these backends.

    Raises a WorkerFailed where its interpreter can't be run.
    """
    modules = {name for backend in backends.values() for name in (*backend.REQUIRES, *backend.CONVERT_REQUIRES)}
    distributions = {name for each in backends.values() for name in (*each.DISTRIBUTIONS, *each.CONVERT_DISTRIBUTIONS)}
    answer = call(
        "runoff.environments.installation:survey",
        {
            "modules": sorted(modules | {*golden.REQUIRES, "numpy"}),
            "distributions": sorted(distributions | {*golden.DISTRIBUTIONS, "numpy"}),
        },
        label=f"environment {environment.name}",
        log=logs / f"survey-{environment.name}.log",
        timeout=SURVEY_TIMEOUT,
        interpreter=environment.interpreter,
    )
    return read_environment(environment, backends, answer)


def read_environment(
    environment: Environment, backends: Mapping[str, Backend], answer: Mapping[str, Any]
) -> EnvironmentFinding:
    """Read what ``installation.survey`` answered."""
    here = environment.name == HERE
    numpy = answer["distributions"].get("numpy")
    return EnvironmentFinding(
        name=environment.name,
        interpreter=str(environment.interpreter),
        python=answer["python"],
        numpy=read_distribution("numpy", numpy) if numpy else None,
        backends=tuple(read_backend(name, backend, answer, here=here) for name, backend in backends.items()),
        golden_missing=tuple(name for name in golden.REQUIRES if here and name not in answer["modules"]),
    )


def read_backend(name: str, backend: Backend, answer: Mapping[str, Any], *, here: bool) -> BackendFinding:
    """Pick one backend's share of a survey."""
    missing = tuple(module for module in backend.REQUIRES if module not in answer["modules"])
    convert_missing = tuple(module for module in backend.CONVERT_REQUIRES if module not in answer["modules"])
    providers = {module: tuple(answer["providers"].get(module, ())) for module in backend.REQUIRES}
    own = [canonical(each) for each in backend.DISTRIBUTIONS]
    shown = dict.fromkeys([*own, *(provider for each in providers.values() for provider in each)])
    wanted = [distribution_of(module, own) for module in missing]
    if here:
        wanted += [canonical(module) for module in convert_missing if module not in missing]
    return BackendFinding(
        name=name,
        missing=missing,
        convert_missing=convert_missing if here else None,
        install=tuple(dict.fromkeys(wanted)),
        distributions=tuple(
            read_distribution(each, answer["distributions"][each]) for each in shown if each in answer["distributions"]
        ),
        doubled={module: each for module, each in providers.items() if len(each) > 1},
    )


def distribution_of(module: str, distributions: list[str]) -> str:
    """Name the distribution to install for a backend's module: the one named alike, or the backend's first."""
    alike = canonical(module)
    return alike if alike in distributions or not distributions else distributions[0]


def read_distribution(name: str, values: Mapping[str, Any]) -> Distribution:
    """Read one distribution of a survey; the local part follows ``+`` (PEP 440)."""
    return Distribution(
        name=name,
        version=values["version"],
        variant=values["version"].partition("+")[2] or None,
        tags=tuple(values["tags"]),
        gpu_libraries=tuple(values["gpu_libraries"]),
    )
