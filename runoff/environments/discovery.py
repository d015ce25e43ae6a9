"""Ask environments what they hold: what their trees' backends declare, and what is installed in their interpreters."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runoff.backends import Declaration, find_backends
from runoff.environments.environment import Environment, Installed, Wheel
from runoff.environments.outside import Offer, everywhere, installed_offers, joined, read_offers
from runoff.environments.survey import canonical, offered_backends, survey
from runoff.errors import FrameworkMissing
from runoff.files.git import git
from runoff.files.values import from_json
from runoff.model.golden.steps import STEPS
from runoff.model.onnx import export as onnx_export
from runoff.processes.process import call
from runoff.processes.surroundings import ROOT, Surroundings
from runoff.text.ids import HERE

DECLARE_TIMEOUT = 60.0
SURVEY_TIMEOUT = 120.0
GPU_LIBRARIES = ("nvidia-", "rocm-")
TOOLS = {"PIL": "pillow", "mlperf_loadgen": "mlcommons-loadgen"}
"""What some service questions need in a worker beside its framework: modules, and the distributions that bring them."""


def ask_environments(
    environments: Mapping[str, Environment], logs: Path, offers: Sequence[Offer] = (), *, packages: bool = False
) -> dict[str, Environment]:
    """Complete environments: by what each one's tree declares and what is offered, and by what is installed there.

    Each is asked for all that any of their backends could want, since any may convert. Raises BackendsClash where two
    backends have one name, ProtocolMismatch for a tree of another protocol, a WorkerFailed where one can't be run, or
    FrameworkMissing for one without numpy; where ``packages`` are asked for, too, that one is described as well.
    """
    own = {name: read_declarations(environment, logs) for name, environment in environments.items()}
    here = outside_backends(offers)
    backends = with_outside(environments, own, dict.fromkeys(environments, here))
    answers = survey_all(environments, backends, logs, packages=packages)
    elsewhere = {name: answer["offers"] for name, answer in answers.items() if name != HERE and answer["offers"]}
    if elsewhere:
        found = {name: read_offers([*offers, *installed_offers(given)]) for name, given in elsewhere.items()}
        backends = with_outside(environments, own, everywhere(here, found, environments))
        answers = survey_all(environments, backends, logs, packages=packages)
    asked = {
        name: dataclasses.replace(
            environment,
            commit=tree_version(environment.tree) if environment.has_own_tree else None,
            backends=backends[name],
            installed=read_installed(answers[name], every_backend(backends)),
        )
        for name, environment in environments.items()
    }
    for environment in asked.values():
        if not packages and environment.missing(["numpy"]):
            raise FrameworkMissing(
                f"numpy, which every worker needs, is not installed for {environment.interpreter}; "
                f"{environment.interpreter} -m pip install numpy"
            )
    return asked


def outside_backends(offers: Sequence[Offer] = ()) -> dict[str, Declaration]:
    """Return what is offered, and what distributions that are installed here offer; raises BackendsClash."""
    return read_offers([*offers, *installed_offers(offered_backends())])


def known_backends(offers: Sequence[Offer] = ()) -> dict[str, Declaration]:
    """Return the backends of this tree with those from elsewhere that this interpreter has; raises BackendsClash."""
    return joined(find_backends(), outside_backends(offers), ROOT / "runoff" / "backends")


def with_outside(
    environments: Mapping[str, Environment],
    own: Mapping[str, Mapping[str, Declaration]],
    outside: Mapping[str, Mapping[str, Declaration]],
) -> dict[str, dict[str, Declaration]]:
    """Return the backends of each environment: its tree's own and those from elsewhere.

    Raises BackendsClash where two have one name.
    """
    return {
        name: joined(own[name], outside[name], environment.tree / "runoff" / "backends")
        for name, environment in environments.items()
    }


def every_backend(backends: Mapping[str, Mapping[str, Declaration]]) -> list[Declaration]:
    """Return the backends of all environments."""
    return [declared for each in backends.values() for declared in each.values()]


def survey_all(
    environments: Mapping[str, Environment],
    backends: Mapping[str, Mapping[str, Declaration]],
    logs: Path,
    *,
    packages: bool,
) -> dict[str, dict[str, Any]]:
    """Run a survey in every environment of all that the backends of any could want."""
    every = every_backend(backends)
    return {name: run_survey(environment, logs, every, packages=packages) for name, environment in environments.items()}


def this_environment(backends: Mapping[str, Declaration], home: Path | None = None) -> Environment:
    """Return this very interpreter with what these backends want of it, for which no process is needed."""
    installed = read_installed(survey(**wanted(backends.values()), packages=False), backends.values())
    return Environment(HERE, Path(sys.executable), backends=backends, installed=installed, home=home)


def read_declarations(environment: Environment, logs: Path) -> dict[str, Declaration]:
    """Return what the backends of an environment's tree declare; another tree is asked, in the environment's Python."""
    if not environment.has_own_tree:
        return find_backends()
    declared: dict[str, dict[str, Any]] = call(
        "runoff.backends:declare",
        {},
        label=f"environment {environment.name}",
        log=logs / f"declare-{environment.name}.log",
        timeout=DECLARE_TIMEOUT,
        surroundings=environment.surroundings(),
    )
    return {name: from_json(Declaration, values) for name, values in declared.items()}


def run_survey(
    environment: Environment, logs: Path, backends: Iterable[Declaration] = (), *, packages: bool = False
) -> dict[str, Any]:
    """Run a survey of what these backends could want in an environment's interpreter, by this tree's code.

    Raises a WorkerFailed where its interpreter can't be run.
    """
    answer: dict[str, Any] = call(
        "runoff.environments.survey:survey",
        {**wanted(backends), "packages": packages},
        label=f"environment {environment.name}",
        log=logs / f"survey-{environment.name}.log",
        timeout=SURVEY_TIMEOUT,
        surroundings=Surroundings(environment.interpreter),
    )
    return answer


def wanted(backends: Iterable[Declaration]) -> dict[str, list[str]]:
    """Name the modules and distributions that these backends, golden, and the service questions could want."""
    backends = list(backends)
    modules = {
        name for backend in backends for name in (*backend.REQUIRES, *backend.CONVERT_REQUIRES, *backend.CONVERTERS)
    }
    modules |= {name for backend in backends for name in backend.CONVERTER_REQUIRES.values()}
    modules |= {name for backend in backends for variant in backend.VARIANTS for name in variant.convert_requires}
    modules |= {name for step in STEPS.values() for name in step.requires}
    modules |= {name for needed in onnx_export.EXPORTERS.values() for name in needed}
    return {
        "modules": sorted(modules | {*TOOLS, "numpy"}),
        "distributions": sorted(compared(backends) | set(TOOLS.values())),
    }


def compared(backends: Iterable[Declaration]) -> set[str]:
    """Name the distributions whose versions results are compared by; all others are tools."""
    own = {name for backend in backends for name in (*backend.DISTRIBUTIONS, *backend.CONVERT_DISTRIBUTIONS)}
    own |= {name for step in STEPS.values() for name in step.distributions}
    return own | {*onnx_export.DISTRIBUTIONS, "numpy"}


def read_installed(answer: Mapping[str, Any], backends: Iterable[Declaration]) -> Installed:
    """Read what a survey answered."""
    versions: dict[str, str] = answer["versions"]
    tools = set(TOOLS.values())
    hidden = tools - compared(backends)
    return Installed(
        modules=frozenset(answer["modules"]),
        versions={name: version for name, version in versions.items() if name not in hidden},
        tools={name: version for name, version in versions.items() if name in tools},
        providers={module: tuple(names) for module, names in answer.get("providers", {}).items()},
        wheels={name: read_wheel(name, answer["distributions"]) for name in answer.get("distributions", {})},
    )


def read_wheel(name: str, installed: Mapping[str, Any]) -> Wheel:
    """Read one of the distributions that a survey described; a version's local part follows ``+`` (PEP 440)."""
    version: str = installed[name]["version"]
    required = {canonical(re.split(r"[^\w.-]", text.strip(), maxsplit=1)[0]) for text in installed[name]["requires"]}
    for_gpus = sorted(other for other in required & installed.keys() if other.startswith(GPU_LIBRARIES))
    return Wheel(name, version, version.partition("+")[2] or None, tuple(installed[name]["tags"]), tuple(for_gpus))


def tree_version(tree: Path) -> str | None:
    """Return a checkout's short commit, with ``-dirty`` where files differ from it, None where git knows of none."""
    return git(tree, "describe", "--always", "--dirty", "--exclude=*") or None
