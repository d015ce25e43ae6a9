"""Versions of one framework that raced in one run: what each changed against the one before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from packaging.version import InvalidVersion, Version

from runoff.judge.ratios import (
    CONFIDENCE,
    FASTER,
    SLOWER,
    claim_p_values,
    difference_p_value,
    estimate,
    ratio_over_launches,
    verdict,
)
from runoff.measure.launches import CONTROL, Measured, Record
from runoff.measure.preparation import Outcome
from runoff.record.race import PerLaunch, Rules, Standing, log_ratios, ratio_json


@dataclass(frozen=True)
class VersionStep:
    """A contender against the same one with the next older version of its framework, in the same rounds."""

    contender: str
    before: str
    distribution: str
    version: str
    version_before: str
    standing: Standing


def neighbours(outcomes: Mapping[str, Outcome], distributions: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Pair each contender with the same variant of the next older version of its backend's framework.

    ``distributions`` are each backend's, of which the first that is installed tells. Those of equal versions, and those
    whose version can't be read, have no neighbour.
    """
    versions: dict[tuple[str, str], dict[Version, str]] = {}
    for identifier, outcome in outcomes.items():
        contender = outcome.contender
        try:
            version = Version(outcome.versions[framework_of(outcome, distributions)])
        except (KeyError, InvalidVersion):
            continue
        versions.setdefault((contender.backend, contender.variant.name), {}).setdefault(version, identifier)
    ordered = [[found[version] for version in sorted(found)] for found in versions.values()]
    return [pair for ids in ordered for pair in pairwise(ids)]


def framework_of(outcome: Outcome, distributions: Mapping[str, Sequence[str]]) -> str:
    """Name the distribution that a contender's framework came in; raises KeyError where none of them is known."""
    named = distributions[outcome.contender.backend]
    return next((name for name in named if name in outcome.versions), named[0])


def version_steps(
    race: Measured[Record],
    outcomes: Mapping[str, Outcome],
    distributions: Mapping[str, Sequence[str]],
    per_launch: PerLaunch[Record],
    reference: str,
    rules: Rules,
) -> list[VersionStep]:
    """Judge every step from one version to the next by the launches that both have, all steps together (Holm)."""
    raced = {name: outcome for name, outcome in outcomes.items() if race.records.get(name)}
    pairs = neighbours(raced, distributions)
    launches = {pair: log_ratios(race, pair[0], per_launch)[pair[1]] for pair in pairs}
    p_values = {after: difference_p_value(estimate(launches[before, after])) for before, after in pairs}
    claims = claim_p_values(p_values, rules.error_share)
    noise = log_ratios(race, reference, per_launch).get(CONTROL)
    control = ratio_over_launches(noise, CONFIDENCE, rules.error_share) if noise else None
    steps = []
    for before, after in pairs:
        ratio = ratio_over_launches(launches[before, after], CONFIDENCE, rules.error_share)
        name = framework_of(outcomes[after], distributions)
        judged = verdict(ratio, claims[after], control=control, margin=rules.margin, words=(FASTER, SLOWER))
        steps.append(
            VersionStep(
                contender=after,
                before=before,
                distribution=name,
                version=outcomes[after].versions[name],
                version_before=outcomes[before].versions[framework_of(outcomes[before], distributions)],
                standing=Standing(ratio, judged),
            )
        )
    return steps


def version_steps_json(steps: Sequence[VersionStep], rounds: int) -> list[dict[str, Any]]:
    """Give steps as JSON values."""
    return [
        {
            "contender": step.contender,
            "distribution": step.distribution,
            "version": step.version,
            "version_before": step.version_before,
            "ratio": ratio_json(step.standing, step.before, rounds),
        }
        for step in steps
    ]
