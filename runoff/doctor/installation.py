"""What each environment can do with every backend: run it, convert for it, and by which wheels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment, Wheel, find_converter
from runoff.environments.survey import canonical
from runoff.model import golden
from runoff.text.ids import HERE


@dataclass(frozen=True)
class BackendFinding:
    """Whether a backend can run in an environment, and which environment of all converts for it, None for none.

    ``convert_missing`` names what no environment has together, ``variants_missing`` what variants want besides, by id;
    ``install`` names what to give to pip for what is missing, but for modules of which any one would do; ``doubled``
    holds the modules that several distributions brought, which overwrite each other's files.
    """

    name: str
    missing: tuple[str, ...]
    converter: str | None
    convert_missing: tuple[str, ...]
    variants_missing: Mapping[str, tuple[str, ...]]
    install: tuple[str, ...]
    distributions: tuple[Wheel, ...]
    doubled: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class EnvironmentFinding:
    """An environment: its Python and numpy (without which no worker runs), and every backend."""

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
        golden_missing=environment.missing(golden.REQUIRES) if environment.name == HERE else (),
    )


def judge_backend(name: str, environment: Environment, environments: Mapping[str, Environment]) -> BackendFinding:
    """Say what an environment can do with one backend.

    What no environment can convert is to be mended ``here``: told of every environment, it would be told twice.
    """
    backend, installed = environment.backends[name], environment.installed
    missing = environment.missing(backend.REQUIRES)
    plain = Contender(name, Variant(), environment.name)
    converter = find_converter(plain, environments)
    convert_missing = converter.missing_to_convert(plain)
    by_variant = {}
    for variant in backend.VARIANTS:
        contender = Contender(name, variant, environment.name)
        lacking = find_converter(contender, environments).missing_to_convert(contender)
        if besides := tuple(module for module in lacking if module not in convert_missing):
            by_variant[contender.id] = besides
    own = [canonical(each) for each in backend.DISTRIBUTIONS]
    providers = {module: installed.providers.get(module, ()) for module in backend.REQUIRES}
    shown = dict.fromkeys([*own, *(each for names in providers.values() for each in names)])
    to_convert = [*convert_missing, *(module for modules in by_variant.values() for module in modules)]
    wanted = [distribution_of(module, own) for module in missing]
    if environment.name == HERE:
        wanted += [canonical(module) for module in to_convert if module not in missing and " or " not in module]
    return BackendFinding(
        name=name,
        missing=missing,
        converter=None if convert_missing else converter.name,
        convert_missing=convert_missing if environment.name == HERE else (),
        variants_missing=by_variant if environment.name == HERE else {},
        install=tuple(dict.fromkeys(wanted)),
        distributions=tuple(installed.wheels[each] for each in shown if each in installed.wheels),
        doubled={module: each for module in backend.REQUIRES if len(each := installed.providers.get(module, ())) > 1},
    )


def distribution_of(module: str, distributions: list[str]) -> str:
    """Name the distribution to install for a backend's module: the one named alike, or the backend's first."""
    alike = canonical(module)
    return alike if alike in distributions or not distributions else distributions[0]
