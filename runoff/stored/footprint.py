"""What each contender takes on disk, as a stored run has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runoff.stored.fields import Field


@dataclass(frozen=True)
class Package:
    """A package by name and version, with its bytes; None where they are not known."""

    name: str
    version: str
    size: int | None
    is_shared: bool


@dataclass(frozen=True)
class Footprint:
    """A contender's packages, and bytes: of its backend's own, of those that others need too, of the artifact."""

    contender: str
    own: int
    shared: int
    artifact: int
    packages: Sequence[Package]


def read_deployed(benchmarks: Mapping[str, Field]) -> tuple[Footprint, ...]:
    """Read the benchmarks of the group ``footprint``, by contender."""
    return tuple(read_one(name, benchmark["extra_info"]) for name, benchmark in benchmarks.items())


def read_one(contender: str, about: Field) -> Footprint:
    """Read one contender's."""
    return Footprint(
        contender=contender,
        own=about["own_bytes"].whole(),
        shared=about["shared_bytes"].whole(),
        artifact=about["artifact_bytes"].whole(),
        packages=tuple(
            Package(
                package["name"].text(),
                package["version"].text(),
                package.optional("bytes", Field.whole),
                bool(package["shared_with"].items()),
            )
            for package in about["packages"].items()
        ),
    )
