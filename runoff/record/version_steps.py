"""Versions of one framework that raced in one run: what each changed against the one before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import pairwise

from packaging.version import InvalidVersion, Version

from runoff.judge.standings import judge
from runoff.measure.preparation import Outcome
from runoff.measure.race import LaunchRecord
from runoff.record.race import SPEED, Judged, inferences
from runoff.stored.info import VersionStep


def neighbours(outcomes: Mapping[str, Outcome], distributions: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Pair each contender with the same variant of the next older version of its backend's framework.

    ``distributions`` are each backend's, of which the first that is installed counts. Those of equal versions, and
    those whose version can't be read, have no neighbour.
    """
    versions: dict[tuple[str, str], dict[Version, str]] = {}
    for identifier, outcome in outcomes.items():
        contender = outcome.contender
        try:
            version = Version(outcome.versions[framework_of(outcome, distributions)])
        except (LookupError, InvalidVersion):
            continue
        versions.setdefault((contender.backend, contender.variant.name), {}).setdefault(version, identifier)
    ordered = [[by_version[version] for version in sorted(by_version)] for by_version in versions.values()]
    return [pair for ids in ordered for pair in pairwise(ids)]


def framework_of(outcome: Outcome, distributions: Mapping[str, Sequence[str]]) -> str:
    """Name the distribution that a contender's framework came in; raises IndexError where none is installed."""
    installed = [name for name in distributions[outcome.contender.backend] if name in outcome.versions]
    return installed[0]


def version_steps(
    judged: Judged[LaunchRecord], outcomes: Mapping[str, Outcome], distributions: Mapping[str, Sequence[str]]
) -> tuple[VersionStep, ...]:
    """Judge every step from one version to the next by the launches that both have, all steps together (Holm)."""
    records = judged.race.records
    raced = {name: outcome for name, outcome in outcomes.items() if records.get(name)}
    before = {after: earlier for earlier, after in neighbours(raced, distributions)}
    launches = {
        after: dataclasses.replace(judged, reference=earlier).log_ratios(inferences)[after]
        for after, earlier in before.items()
    }
    steps = judge(launches, judged.rules, SPEED, judged.control(inferences))
    return tuple(
        VersionStep(
            contender=after,
            distribution=framework_of(outcomes[after], distributions),
            version=version_of(outcomes[after], distributions),
            version_before=version_of(outcomes[before[after]], distributions),
            ratio=dataclasses.replace(ratio, reference=before[after], rounds=len(records[after][0].rounds)),
        )
        for after, ratio in steps.items()
    )


def version_of(outcome: Outcome, distributions: Mapping[str, Sequence[str]]) -> str:
    """Return the version of a contender's framework."""
    return outcome.versions[framework_of(outcome, distributions)]
