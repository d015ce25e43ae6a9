"""Contenders and their ids: a backend's variant, optionally in another environment."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runoff.contract import Backend, Variant
from runoff.errors import UnknownContender, UsageError
from runoff.processes.process import ROOT

HERE = "here"


@dataclass(frozen=True)
class Environment:
    """A Python interpreter with its packages; ``here`` is the one that pytest runs in.

    ``tree`` is the Runoff checkout whose ``runoff/`` runs in it: this one, unless the environment has its own.
    """

    name: str
    interpreter: Path
    tree: Path = ROOT

    @property
    def has_own_tree(self) -> bool:
        """Whether what runs in it is another checkout of Runoff than this one."""
        return self.tree != ROOT


def split_name(text: str, form: str) -> tuple[str, str]:
    """Split an environment's name from what is given for it.

    Raises ArgumentTypeError, which argparse and pytest show as the user's mistake.
    """
    name, _, given = text.partition("=")
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
    path = Path(interpreter).absolute()  # not resolved: a virtual environment's link is what makes it one
    if not path.is_file():
        raise ArgumentTypeError(f"no Python interpreter at {interpreter}; give the path of its executable")
    return Environment(name, path)


def parse_tree(text: str) -> tuple[str, Path]:
    """Read NAME=DIR.

    Raises ArgumentTypeError.
    """
    name, folder = split_name(text, "NAME=DIR")
    path = Path(folder).resolve()
    if not (path / "runoff" / "measure" / "worker.py").is_file():
        raise ArgumentTypeError(
            f"no Runoff checkout at {folder}: it has no runoff/measure/worker.py; give the folder that holds runoff/"
        )
    return name, path


def make_environments(
    interpreter: Path, given: Sequence[Environment], trees: Sequence[tuple[str, Path]]
) -> dict[str, Environment]:
    """Give every environment by name: ``here``, those of ``--environment``, and the trees.

    A tree has the interpreter of the environment with its name, or this one. Raises UsageError for a name that one
    option gives twice.
    """
    for option, names in (("--environment", [one.name for one in given]), ("--tree", [name for name, _ in trees])):
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise UsageError(f"{option} gives {twice!r} twice; give each environment a name of its own")
    environments = {HERE: Environment(HERE, interpreter)} | {environment.name: environment for environment in given}
    for name, tree in trees:
        environments[name] = Environment(name, environments.get(name, environments[HERE]).interpreter, tree)
    return environments


@dataclass(frozen=True)
class Contender:
    """What takes part: ``pytorch``, ``onnxruntime-int8``, ``onnxruntime@ort118``."""

    backend: str
    variant: Variant
    environment: str = HERE

    @property
    def id(self) -> str:
        """The name that users give and see."""
        name = f"{self.backend}-{self.variant.name}" if self.variant.name else self.backend
        return name if self.environment == HERE else f"{name}@{self.environment}"


def all_contenders(backends: Mapping[str, Backend]) -> dict[str, Contender]:
    """Give every variant of every backend, by id, in the environment ``here``."""
    contenders = [Contender(name, variant) for name, backend in backends.items() for variant in backend.VARIANTS]
    return {contender.id: contender for contender in contenders}


def choose_contenders(asked: str, backends: Mapping[str, Backend], environments: Sequence[str]) -> list[Contender]:
    """Read ``--contenders``: ``default``, ``all``, or ids separated by commas.

    ``onnxruntime@1.18,1.23`` names two: after an id with an environment, further environments may stand alone.

    Raises UnknownContender for an id that no backend offers, an unknown environment, or none at all.
    """
    known = all_contenders(backends)
    if asked == "default":
        return [contender for contender in known.values() if contender.variant.default]
    if asked == "all":
        return list(known.values())
    names = [name.strip() for name in asked.split(",") if name.strip()]
    if not names:
        raise UnknownContender(f"no contender is named in {asked!r}; the valid ones are: {', '.join(known)}")
    found = [find_contender(name, known, environments) for name in whole_ids(names, known, environments)]
    return list({contender.id: contender for contender in found}.values())


def whole_ids(names: Sequence[str], known: Mapping[str, Contender], environments: Sequence[str]) -> list[str]:
    """Write each environment that stands alone as the id before it in that environment."""
    whole: list[str] = []
    for name in names:
        before, at, _ = whole[-1].partition("@") if whole else ("", "", "")
        stands_alone = at and "@" not in name and name not in known and name in environments
        whole.append(f"{before}@{name}" if stands_alone else name)
    return whole


def find_contender(name: str, known: Mapping[str, Contender], environments: Sequence[str]) -> Contender:
    """Find one contender by its id.

    Raises UnknownContender with the valid names.
    """
    plain, at, environment = name.partition("@")
    if plain not in known:
        raise UnknownContender(f"unknown contender {name!r}; the valid ones are: {', '.join(known)}")
    if at and environment not in environments:
        raise UnknownContender(
            f"unknown environment {environment!r} in {name!r}; the valid ones are: {', '.join(environments)} "
            "(name more with --environment NAME=PYTHON or --tree NAME=DIR)"
        )
    found = known[plain]
    return Contender(found.backend, found.variant, environment or HERE)
