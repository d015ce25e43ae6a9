"""What each environment can do with every backend: run it, convert for it, and by which wheels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runoff.contract import MODULE, Variant
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment, Wheel, find_converter, missing_modules
from runoff.environments.survey import canonical
from runoff.model.golden.steps import STEPS
from runoff.text.ids import HERE


@dataclass(frozen=True)
class BackendFinding:
    """Whether a backend can run in an environment, and which environment of all converts for it, None for none.

    ``convert_missing`` names what no environment has together, ``variants_missing`` what variants want besides, by id;
    ``install`` names what to give to pip for what is missing, but for modules of which any one would do; ``doubled``
    holds the modules that several distributions brought, which overwrite each other's files. ``broken`` says why one
    from elsewhere can't be used at all.
    """

    name: str
    missing: tuple[str, ...]
    converter: str | None
    convert_missing: tuple[str, ...]
    variants_missing: Mapping[str, tuple[str, ...]]
    install: tuple[str, ...]
    distributions: tuple[Wheel, ...]
    doubled: Mapping[str, tuple[str, ...]]
    broken: str = ""


@dataclass(frozen=True)
class EnvironmentFinding:
    """An environment: its Python and numpy (without which no worker runs), and every backend.

    ``golden_missing`` is what golden of a module lacks; that of an ONNX file is computed without it.
    """

    name: str
    interpreter: str
    python: str
    numpy: Wheel | None
    backends: tuple[BackendFinding, ...]
    golden_missing: tuple[str, ...]


def judge_environment(environment: Environment, environments: Mapping[str, Environment]) -> EnvironmentFinding:
    """Say what one of the environments can do."""
    return EnvironmentFinding(
        name=environment.name,
        interpreter=str(environment.interpreter),
        python=environment.installed.versions["python"],
        numpy=environment.installed.wheels.get("numpy"),
        backends=tuple(judge_backend(name, environment, environments) for name in environment.backends),
        golden_missing=environment.missing(STEPS[MODULE].requires) if environment.name == HERE else (),
    )


def judge_backend(name: str, environment: Environment, environments: Mapping[str, Environment]) -> BackendFinding:
    """Say what an environment can do with one backend.

    What no environment can convert is to be mended ``here``, and is said of that environment alone.
    """
    backend, installed = environment.backends[name], environment.installed
    plain = Contender(name, Variant(), environment.name)
    missing, to_convert = missing_modules(plain, environments)
    by_variant = {}
    for contender in (Contender(name, variant, environment.name) for variant in backend.VARIANTS):
        _, lacking = missing_modules(contender, environments)
        if besides := tuple(module for module in lacking if module not in to_convert):
            by_variant[contender.id] = besides
    here = environment.name == HERE
    own = [canonical(distribution) for distribution in backend.DISTRIBUTIONS]
    providers = {module: installed.providers.get(module, ()) for module in backend.REQUIRES}
    shown = dict.fromkeys([*own, *(provider for names in providers.values() for provider in names)])
    wanted = [distribution_of(module, own) for module in missing]
    if here:
        converting = [*to_convert, *(module for modules in by_variant.values() for module in modules)]
        wanted += [canonical(module) for module in converting if module not in missing and " or " not in module]
    return BackendFinding(
        name=name,
        missing=missing,
        converter=None if to_convert else find_converter(plain, environments).name,
        convert_missing=to_convert if here else (),
        variants_missing=by_variant if here else {},
        install=tuple(dict.fromkeys(wanted)),
        distributions=tuple(installed.wheels[wheel] for wheel in shown if wheel in installed.wheels),
        doubled={module: names for module, names in providers.items() if len(names) > 1},
        broken=backend.broken,
    )


def distribution_of(module: str, distributions: list[str]) -> str:
    """Name the distribution to install for a backend's module: the one named alike, or the backend's first."""
    alike = canonical(module)
    return alike if alike in distributions or not distributions else distributions[0]
