"""Contenders and their ids: a backend's variant, optionally in another environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runoff.contract import Backend, UnknownContender, Variant

HERE = "here"


@dataclass(frozen=True)
class Environment:
    """A Python interpreter with its packages; ``here`` is the one that pytest runs in."""

    name: str
    interpreter: Path


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
    found = [find_contender(name, known, environments) for name in names]
    return list({contender.id: contender for contender in found}.values())


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
            "(name more with --environment NAME=PYTHON)"
        )
    found = known[plain]
    return Contender(found.backend, found.variant, environment or HERE)
