"""What a contender costs to deploy: its framework with all that this needs, from the survey of an environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from runoff.backends import Declaration
from runoff.contract import Source
from runoff.environments.survey import canonical
from runoff.stored.details import Footprint, Package

EVERY_WORKERS = ("numpy",)
"""What a worker needs beside its framework."""
UNRECORDED = {"version": "unknown", "bytes": None}
"""What is known of a framework that is there without being installed as a package."""


def roots_of(backend: Declaration, source: Source) -> tuple[str, ...]:
    """Name the distributions that a backend needs itself, and the one that makes the model, where it runs that code."""
    runs_its_code = "import_model" in backend.functions
    return (*backend.DISTRIBUTIONS, source.kind) if runs_its_code and source.version else backend.DISTRIBUTIONS


def needed(roots: Sequence[str], survey: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the canonical names of the installed distributions that these need, they themselves among them.

    Requirements are followed where their markers hold in that environment, without extras but those that a
    requirement asks for. Where none of the roots is installed as a package, the first stands among the names for it.
    """
    installed = survey["distributions"]
    reached: set[tuple[str, str]] = set()
    waiting = [(canonical(root), "") for root in (*roots, *EVERY_WORKERS)]
    while waiting:
        name, extra = waiting.pop()
        if name in installed and (name, extra) not in reached:
            reached.add((name, extra))
            waiting += requirements_of(installed[name]["requires"], {**survey["markers"], "extra": extra})
    names = {name for name, _ in reached}
    if roots and names.isdisjoint(map(canonical, roots)):
        names.add(canonical(roots[0]))
    return tuple(sorted(names))


def requirements_of(texts: Sequence[str], markers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return what requirements ask for, each with no extra and with each of its own."""
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:  # older packages have such; installers pass over them too
            continue
        if requirement.marker is None or requirement.marker.evaluate(dict(markers)):
            name = canonical(requirement.name)
            yield name, ""
            yield from ((name, extra) for extra in requirement.extras)


def packages_of(backend: str, by_backend: Mapping[str, Sequence[str]], survey: Mapping[str, Any]) -> list[Package]:
    """Return the packages that a backend needs, largest first; ``by_backend`` has what each of the run's needs."""
    described = {name: survey["distributions"].get(name, UNRECORDED) for name in by_backend[backend]}
    packages = [
        Package(
            name,
            about["version"],
            about["bytes"],
            tuple(other for other, names in by_backend.items() if other != backend and name in names),
        )
        for name, about in described.items()
    ]
    return sorted(packages, key=lambda package: (-(package.size or 0), package.name))


def describe_footprint(contender: str, packages: Sequence[Package], artifact: int) -> Footprint:
    """Sum up what a contender takes on disk, in bytes."""
    own = sum(package.size or 0 for package in packages if not package.is_shared)
    shared = sum(package.size or 0 for package in packages if package.is_shared)
    return Footprint(contender, own, shared, artifact, tuple(packages))
