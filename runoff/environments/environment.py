"""An environment as one value: an interpreter, the tree whose code it runs, what is installed there, its backends."""

from __future__ import annotations

import dataclasses
import os
from argparse import ArgumentTypeError
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runoff.backends import Declaration
from runoff.contract import FORMS, MODULE, ONNX
from runoff.environments.contenders import Contender
from runoff.errors import UnknownContender, UsageError
from runoff.model.onnx.export import EXPORT_REQUIRES
from runoff.processes.surroundings import ROOT, Surroundings
from runoff.text.ids import HERE, join_id


@dataclass(frozen=True)
class Wheel:
    """An installed distribution; ``build`` is its version's local part (``cpu``, ``cu128``), None without one.

    ``tags`` are its wheel's; ``gpu_libraries`` are the distributions it brought that only a GPU uses.
    """

    name: str
    version: str
    build: str | None
    tags: tuple[str, ...]
    gpu_libraries: tuple[str, ...]


@dataclass(frozen=True)
class Installed:
    """Which of the modules asked for an environment has, and the versions of the distributions.

    ``tools`` are the versions of what belongs to no backend, which a result is comparable without. ``providers`` are
    the distributions that brought a module; they and ``wheels``, by name, are empty where packages were not asked for.
    """

    modules: frozenset[str] = frozenset()
    versions: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    providers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    wheels: Mapping[str, Wheel] = field(default_factory=dict)


@dataclass(frozen=True)
class Environment:
    """A Python interpreter with its packages; ``here`` is the one that pytest runs in.

    ``tree`` is the Runoff checkout whose ``runoff/`` runs in it: this one, unless the environment has its own, whose
    ``commit`` is known. ``backends`` are what its tree declares. Only an environment that was asked
    (``discovery.ask_environments``) has these and ``installed``. Its processes can import what lies in ``home``, a
    folder of the user's, where there is one.
    """

    name: str
    interpreter: Path
    tree: Path = ROOT
    commit: str | None = None
    backends: Mapping[str, Declaration] = field(default_factory=dict)
    installed: Installed = field(default_factory=Installed)
    home: Path | None = None

    @property
    def has_own_tree(self) -> bool:
        """Whether what runs in it is another checkout of Runoff than this one."""
        return self.tree != ROOT

    def surroundings(
        self, variables: Mapping[str, str] | None = None, *, high_priority: bool = False, cpus: tuple[int, ...] = ()
    ) -> Surroundings:
        """Return what a process of this environment starts in."""
        return Surroundings(self.interpreter, self.tree, variables or {}, high_priority, cpus, self.home)

    def missing(self, modules: Iterable[str]) -> tuple[str, ...]:
        """Name those of the modules that are not installed in it."""
        return tuple(name for name in dict.fromkeys(modules) if name not in self.installed.modules)

    def missing_to_convert(self, contender: Contender) -> tuple[str, ...]:
        """Name the modules that converting a contender needs and that are not installed in it."""
        backend = self.backends[contender.backend]
        needed = [*backend.CONVERT_REQUIRES, *contender.variant.convert_requires]
        if backend.CONVERTERS:
            installed = (name for name in backend.CONVERTERS if not self.missing([name]))
            converter = next(installed, " or ".join(backend.CONVERTERS))
            needed += [converter, backend.CONVERTER_REQUIRES.get(converter, converter)]
        return self.missing(needed)

    def versions(self, distributions: Sequence[str]) -> dict[str, str]:
        """Return the versions that a result of these distributions belongs to; ``runoff`` is another tree's commit."""
        names = [*distributions, "numpy", "python"]
        known = {name: self.installed.versions[name] for name in names if name in self.installed.versions}
        return known | ({"runoff": self.commit} if self.commit else {})

    def find(self, contender: Contender) -> tuple[Contender, Declaration]:
        """Return a contender and its backend as this environment's tree declares them.

        Raises UnknownContender where that tree has no such backend or variant.
        """
        backend = self.backends.get(contender.backend)
        if backend is None:
            raise UnknownContender(
                f"the tree of {self.name!r} has no backend {contender.backend!r}, only {', '.join(self.backends)}; "
                f"leave {contender.id} out, or add runoff/backends/{contender.backend}.py to that tree"
            )
        variant = next((known for known in backend.VARIANTS if known.name == contender.variant.name), None)
        if variant is None:
            names = ", ".join(join_id(contender.backend, other.name) for other in backend.VARIANTS)
            raise UnknownContender(
                f"the tree of {self.name!r} has no variant {contender.variant.name!r} of {contender.backend!r}, "
                f"only {names}; leave {contender.id} out, or add the variant to that tree"
            )
        return dataclasses.replace(contender, variant=variant), backend


def first_with(modules: Sequence[str], environments: Mapping[str, Environment]) -> Environment | None:
    """Return the first environment that has all these modules, None where none has."""
    return next((environment for environment in environments.values() if not environment.missing(modules)), None)


def find_converter(contender: Contender, environments: Mapping[str, Environment]) -> Environment:
    """Choose what converts for a contender: this environment, or the first other one that has what this one lacks.

    The code that converts is that of the contender's own tree. Where no environment has it all, this one is given.
    """
    own = environments[contender.environment]
    here_first = sorted(environments.values(), key=lambda environment: environment.name != HERE)
    converters = [dataclasses.replace(environment, tree=own.tree, backends=own.backends) for environment in here_first]
    able = (converter for converter in converters if not converter.missing_to_convert(contender))
    return next(able, converters[0])


def missing_modules(
    contender: Contender, environments: Mapping[str, Environment], forms: Collection[str] = FORMS
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the modules that a contender lacks to run in its environment, and those to be converted in any.

    What converts from ONNX needs an environment that exports a module to it; where there is none, that is missing
    ``here``. A model that can be had as no module is not exported.
    """
    environment = environments[contender.environment]
    backend = environment.backends[contender.backend]
    to_convert = find_converter(contender, environments).missing_to_convert(contender)
    if backend.FORM == ONNX and MODULE in forms and first_with(EXPORT_REQUIRES, environments) is None:
        to_convert += environments[HERE].missing(EXPORT_REQUIRES)
    return environment.missing(backend.REQUIRES), tuple(dict.fromkeys(to_convert))


def what_is_missing(
    contender: Contender, environments: Mapping[str, Environment], forms: Collection[str] = FORMS
) -> str | None:
    """Say which modules a contender lacks, or that the model can't be had in its form; None where it lacks nothing.

    Of a backend from elsewhere that is broken it says why. A tree without the backend is no lack of the environment's:
    ``Environment.find`` refuses it.
    """
    if contender.backend not in environments[contender.environment].backends:
        return None
    if broken := environments[contender.environment].backends[contender.backend].broken:
        return broken
    if form := lacking_form(contender, environments, forms):
        return form
    to_run, to_convert = missing_modules(contender, environments, forms)
    if to_run:
        return f"{', '.join(to_run)} is not installed"
    if to_convert:
        return (
            f"{', '.join(to_convert)}, which converting needs, is in no environment of this run "
            "(name one that has all of it with --environment NAME=PYTHON)"
        )
    return None


def lacking_form(contender: Contender, environments: Mapping[str, Environment], forms: Collection[str]) -> str | None:
    """Say that the model can't be had in the form that a contender is made from, None where it can."""
    backend = environments[contender.environment].backends.get(contender.backend)
    if backend is None or backend.broken or backend.FORM in forms:
        return None
    return f"it runs a {backend.FORM} of torch's, and this model comes only as {', '.join(forms)}"


def split_name(text: str, form: str) -> tuple[str, str]:
    """Split an environment's name from what is given for it.

    Raises ArgumentTypeError, which argparse and pytest show as the user's mistake.
    """
    name, _, given = text.partition("=")
    name = name.strip()  # as --contenders reads it
    if not name or not given or name == HERE or any(sign in name for sign in "@,/"):
        raise ArgumentTypeError(
            f"expected {form} with a name other than {HERE!r} and without @, / or comma, found {text!r}"
        )
    return name, given


def parse_environment(text: str) -> Environment:
    """Read NAME=PYTHON.

    Raises ArgumentTypeError.
    """
    name, interpreter = split_name(text, "NAME=PYTHON")
    path = Path(os.path.abspath(interpreter))  # noqa: PTH100 - Path.absolute keeps '..'; not resolved: a virtual environment's link is what makes it one
    if not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises where the system refuses to look
        raise ArgumentTypeError(f"no Python interpreter at {interpreter}; give the path of its executable")
    return Environment(name, path)


def parse_tree(text: str) -> tuple[str, Path]:
    """Read NAME=DIR.

    Raises ArgumentTypeError.
    """
    name, folder = split_name(text, "NAME=DIR")
    path = Path(folder).resolve()
    if not os.path.isfile(path / "runoff" / "measure" / "worker.py"):  # noqa: PTH113 - as above
        raise ArgumentTypeError(
            f"no Runoff checkout at {folder}: it has no runoff/measure/worker.py; give the folder that holds runoff/"
        )
    return name, path


def make_environments(
    interpreter: Path, given: Sequence[Environment], trees: Sequence[tuple[str, Path]], home: Path | None = None
) -> dict[str, Environment]:
    """Return every environment by name: ``here``, those of ``--environment``, and the trees; all import from ``home``.

    A tree has the interpreter of the environment with its name, or this one. Raises UsageError for a name that one
    option gives twice.
    """
    for option, names in (
        ("--environment", [environment.name for environment in given]),
        ("--tree", [name for name, _ in trees]),
    ):
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise UsageError(f"{option} gives {twice!r} twice; give each environment another name")
    environments = {HERE: Environment(HERE, interpreter)} | {environment.name: environment for environment in given}
    for name, tree in trees:
        environments[name] = Environment(name, environments.get(name, environments[HERE]).interpreter, tree)
    return {name: dataclasses.replace(environment, home=home) for name, environment in environments.items()}
