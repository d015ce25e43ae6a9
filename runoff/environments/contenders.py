"""Contenders and their ids: a backend's variant, optionally in another environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from runoff.backends import Declaration
from runoff.contract import Variant
from runoff.errors import UnknownContender
from runoff.text.ids import HERE, join_id, split_id

EVERY = ("default", "all")
"""What ``--contenders`` is given for those that race if not told otherwise, and for all."""


@dataclass(frozen=True)
class Contender:
    """What takes part: ``pytorch``, ``onnxruntime-int8``, ``onnxruntime@ort118``."""

    backend: str
    variant: Variant
    environment: str = HERE

    @property
    def id(self) -> str:
        """The name that users give and see."""
        return join_id(self.backend, self.variant.name, self.environment)


def all_contenders(backends: Mapping[str, Declaration]) -> dict[str, Contender]:
    """Return every variant of every backend, by id, in the environment ``here``."""
    contenders = [Contender(name, variant) for name, backend in backends.items() for variant in backend.VARIANTS]
    return {contender.id: contender for contender in contenders}


def choose_contenders(asked: str, backends: Mapping[str, Declaration], environments: Sequence[str]) -> list[Contender]:
    """Read ``--contenders``: ``default``, ``all``, or ids separated by commas.

    ``onnxruntime@1.18,1.23`` names two: after an id with an environment, further environments may stand alone.

    Raises UnknownContender for an id that no backend offers, an unknown environment, or none at all.
    """
    known = all_contenders(backends)
    default, everyone = EVERY
    if asked == default:
        return [contender for contender in known.values() if contender.variant.default]
    if asked == everyone:
        return list(known.values())
    names = [name.strip() for name in asked.split(",") if name.strip()]
    if not names:
        raise UnknownContender(f"no contender is named in {asked!r}; the valid ones are: {', '.join(known)}")
    whole = whole_ids([plain_if_broken(name, backends) for name in names], known, environments)
    chosen = [find_contender(name, known, environments) for name in whole]
    return list({contender.id: contender for contender in chosen}.values())


def plain_if_broken(name: str, backends: Mapping[str, Declaration]) -> str:
    """Return an id, but the plain variant's for any variant of a backend that is broken and so declares no other."""
    plain, environment = split_id(name)
    broken = (backend for backend, declared in backends.items() if declared.broken and plain.startswith(f"{backend}-"))
    return next((join_id(backend, "", environment) for backend in broken), name)


def whole_ids(names: Sequence[str], known: Mapping[str, Contender], environments: Sequence[str]) -> list[str]:
    """Write each environment that stands alone as the id before it in that environment."""
    whole: list[str] = []
    for name in names:
        follows = bool(whole) and "@" in whole[-1]
        stands_alone = follows and "@" not in name and name not in known and name in environments
        whole.append(f"{split_id(whole[-1])[0]}@{name}" if stands_alone else name)
    return whole


def find_contender(name: str, known: Mapping[str, Contender], environments: Sequence[str]) -> Contender:
    """Find one contender by its id.

    Raises UnknownContender with the valid names.
    """
    plain, environment = split_id(name)
    if plain not in known:
        raise UnknownContender(f"unknown contender {name!r}; the valid ones are: {', '.join(known)}")
    if environment not in (HERE, *environments):
        raise UnknownContender(
            f"unknown environment {environment!r} in {name!r}; the valid ones are: {', '.join(environments)} "
            "(name more with --environment NAME=PYTHON or --tree NAME=DIR)"
        )
    return replace(known[plain], environment=environment)
