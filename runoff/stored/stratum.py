"""What must be equal for two runs to be comparable, and what differs between two of them, in words."""

from __future__ import annotations

from msgspec import Struct

from runoff.processor import Processor
from runoff.stored.model import StoredModel, model_differences
from runoff.stored.processor import processor_differences

NOT_SET = "not set"


class Pictures(Struct, frozen=True):
    """What agreement is found on."""

    count: int
    """How many there are (examples)."""
    sha256: str
    """The hash of their contents."""
    kind: str = "pictures"
    """What they are: `pictures`, `arrays` of the user's, or `random numbers`."""


class Stratum(Struct, frozen=True, omit_defaults=True):
    """All that makes a run comparable with another; before a race it has no model, pictures and contenders.

    A run stores these three elsewhere, and ``RunInfo.comparable`` puts them in.
    """

    processor: Processor
    """The processor that was measured on."""
    threads: int
    """The threads that each contender had, `--threads` (threads)."""
    reference: str
    """The contender that ratios are taken against."""
    environments: dict[str, dict[str, str]]
    """The versions of each environment's packages, by its name."""
    model: StoredModel | None = None
    """The model that was raced."""
    images: Pictures | None = None
    """What agreement was found on."""
    contenders: dict[str, dict[str, str]] = {}
    """The versions of each contender that raced."""
    variables: dict[str, str] = {}
    """The environment variables that change how frameworks run, with their values."""


def stratum_differences(base: Stratum, head: Stratum) -> list[str]:
    """Say what keeps two runs from being comparable, one text for each difference; empty where nothing does.

    Ratios move with processor, threads, variables, model and framework versions; against another reference they mean
    nothing.
    """
    differences = processor_differences(base.processor, head.processor)
    if base.threads != head.threads:
        differences.append(f"threads: {base.threads} → {head.threads}")
    differences += [
        f"variable {name}: {base.variables.get(name, NOT_SET)} → {head.variables.get(name, NOT_SET)}"
        for name in sorted(base.variables.keys() | head.variables.keys())
        if base.variables.get(name) != head.variables.get(name)
    ]
    if base.model and head.model:
        differences += model_differences(base.model, head.model)
    if base.reference != head.reference:
        differences.append(f"reference: {base.reference} → {head.reference}")
    return differences + version_differences(base, head)


def have_the_same_pictures(base: Stratum, head: Stratum) -> bool:
    """Whether agreement may be compared between two runs: both have it of pictures with the same contents."""
    return base.images is not None and head.images is not None and base.images.sha256 == head.images.sha256


def version_differences(base: Stratum, head: Stratum) -> list[str]:
    """Say which packages differ: those that environments of one name both have, and those of contenders both raced.

    A package that one environment lacks is no difference, unless a contender that both raced has it among its versions.
    """
    differences = []
    named: set[tuple[str, str | None, str | None]] = set()
    for name in sorted(base.environments.keys() & head.environments.keys()):
        before, after = base.environments[name], head.environments[name]
        for package in sorted(before.keys() & after.keys()):
            if before[package] != after[package]:
                named.add((package, before[package], after[package]))
                differences.append(f"{package}: {before[package]} → {after[package]} in the environment {name}")
    for name in sorted(base.contenders.keys() & head.contenders.keys()):
        before, after = base.contenders[name], head.contenders[name]
        for package in sorted(before.keys() | after.keys()):
            change = (package, before.get(package), after.get(package))
            if change[1] != change[2] and change not in named:
                named.add(change)
                differences.append(f"{package}: {change[1] or 'none'} → {change[2] or 'none'} for {name}")
    return differences
