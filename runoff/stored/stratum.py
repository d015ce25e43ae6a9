"""What must be equal for two runs to be comparable, and what differs between two of them, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MOST_FLAGS = 4
HASH_DIGITS = 12


@dataclass(frozen=True)
class Stratum:
    """All that makes a run comparable with another.

    ``environments`` has the versions of each environment's packages, ``contenders`` those of each contender that raced.
    The checkpoint has a name and a hash; None stands for one that is not known yet.
    """

    cpu: str
    cpu_flags: frozenset[str]
    threads: int
    reference: str
    checkpoint: tuple[str, str] | None
    environments: Mapping[str, Mapping[str, str]]
    contenders: Mapping[str, Mapping[str, str]]


def stratum_differences(base: Stratum, head: Stratum) -> list[str]:
    """Say what keeps two runs from being comparable, one text for each difference; empty where nothing does.

    Ratios move with processor, threads, model and framework versions, and mean nothing against another reference.
    """
    found = []
    if base.cpu != head.cpu:
        found.append(f"CPU model: {base.cpu} → {head.cpu}")
    if base.cpu_flags != head.cpu_flags:
        found.append(f"CPU flags: {flag_difference(base.cpu_flags, head.cpu_flags)}")
    if base.threads != head.threads:
        found.append(f"threads: {base.threads} → {head.threads}")
    if base.checkpoint and head.checkpoint and base.checkpoint[1] != head.checkpoint[1]:
        found.append(f"checkpoint: {named(base.checkpoint)} → {named(head.checkpoint)}")
    if base.reference != head.reference:
        found.append(f"reference: {base.reference} → {head.reference}")
    return found + version_differences(base, head)


def flag_difference(base: frozenset[str], head: frozenset[str]) -> str:
    """Name the CPU flags that are gone and those that are new, a few of each."""
    changes = (("gone", base - head), ("new", head - base))
    return "; ".join(f"{word} {shortly(flags)}" for word, flags in changes if flags)


def shortly(flags: frozenset[str]) -> str:
    """List names in order, the first few where there are many."""
    names = sorted(flags)
    more = len(names) - MOST_FLAGS
    return f"{', '.join(names[:MOST_FLAGS])} and {more} more" if more > 0 else ", ".join(names)


def named(checkpoint: tuple[str, str]) -> str:
    """Write a checkpoint's name with the beginning of its hash."""
    return f"{checkpoint[0]} ({checkpoint[1][:HASH_DIGITS]})"


def version_differences(base: Stratum, head: Stratum) -> list[str]:
    """Say which packages differ: those that environments of one name both have, and those of contenders both raced.

    A package that one environment lacks is no difference, unless a contender that both raced has it among its versions.
    """
    found = []
    told: set[tuple[str, str | None, str | None]] = set()
    for name in sorted(base.environments.keys() & head.environments.keys()):
        before, after = base.environments[name], head.environments[name]
        for package in sorted(before.keys() & after.keys()):
            if before[package] != after[package]:
                told.add((package, before[package], after[package]))
                found.append(f"{package}: {before[package]} → {after[package]} in the environment {name}")
    for name in sorted(base.contenders.keys() & head.contenders.keys()):
        before, after = base.contenders[name], head.contenders[name]
        for package in sorted(before.keys() | after.keys()):
            change = (package, before.get(package), after.get(package))
            if change[1] != change[2] and change not in told:
                told.add(change)
                found.append(f"{package}: {change[1] or 'none'} → {change[2] or 'none'} for {name}")
    return found
