"""From launches to what is stored: samples, ratios to the reference, verdicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from runoff.judge.diagnostics import QUANTILES, percentiles, samples_needed
from runoff.judge.ratios import CONFIDENCE, FASTER, REFERENCE, SLOWER, Ratio, half_width, launch_log_ratio, verdict
from runoff.judge.standings import Rules, judge
from runoff.measure.launches import CONTROL, Measured, Record
from runoff.measure.preparation import FAILED, READY, Outcome, ReferenceOutputs
from runoff.measure.race import LaunchRecord, Race
from runoff.stored.benchmarks import Curve, ExtraInfo, Percentiles
from runoff.stored.info import RACED, StoredArtifact, StoredContender
from runoff.stored.stratum import Pictures, StoredModel, StoredSource

PerLaunch = Callable[[Record], Sequence[float]]
"""Reads one metric's values from one launch: one a round, or one in all."""
SPEED = (FASTER, SLOWER)


def log_ratios(race: Measured[Record], reference: str, per_launch: PerLaunch[Record]) -> dict[str, list[float]]:
    """Return the log-ratios to the reference of every other entrant's launches; none where it has no launch itself."""
    base = race.records.get(reference, ())
    return {
        key: [
            launch_log_ratio(per_launch(record), per_launch(base_record))
            for record, base_record in zip(records, base, strict=False)  # one that broke down has fewer launches
        ]
        for key, records in race.records.items()
        if key != reference and records and base
    }


def standings(
    race: Measured[Record],
    reference: str,
    per_launch: PerLaunch[Record],
    rules: Rules,
    words: tuple[str, str] = SPEED,
) -> dict[str, Ratio]:
    """Judge every entrant of a race, the control among them, in one metric; empty where the reference has no launch."""
    base = race.records.get(reference, ())
    if not base:
        return {}
    launches = log_ratios(race, reference, per_launch)
    noise = launches.pop(CONTROL, None)
    control = rules.ratio(noise) if noise else None
    judged = judge(launches, rules, words, control)
    if control:
        said = verdict(control, 1.0, control=control, margin=rules.margin, words=words)
        judged[CONTROL] = dataclasses.replace(control, verdict=said)
    judged[reference] = Ratio(1.0, 1.0, 1.0, CONFIDENCE, len(base), CONFIDENCE, verdict=REFERENCE)
    rounds = len(per_launch(base[0]))
    return {key: dataclasses.replace(ratio, reference=reference, rounds=rounds) for key, ratio in judged.items()}


def control_ratio(race: Measured[Record], reference: str, per_launch: PerLaunch[Record], rules: Rules) -> Ratio | None:
    """Return the control's ratio, None where there is no control."""
    return standings(race, reference, per_launch, rules).get(CONTROL)


def widest(race: Race, reference: str, per_launch: PerLaunch[LaunchRecord], rules: Rules) -> float:
    """Return how far the widest interval of a race reaches to each side, the control's among them, as a share."""
    launches = log_ratios(race, reference, per_launch)
    return max((half_width(rules.ratio(values)) for values in launches.values()), default=0.0)


def samples(race: Measured[Record], key: str, per_launch: PerLaunch[Record]) -> list[float]:
    """Return all values of one metric, launch by launch."""
    return [value for record in race.records[key] for value in per_launch(record)]


def extra_info(outcome: Outcome, unit: str, ratio: Ratio | None = None, **measured: Any) -> ExtraInfo:
    """Return the ``extra_info`` that every benchmark of a contender has; no ratio where nothing was raced."""
    return ExtraInfo(
        contender=outcome.contender.id,
        backend=outcome.contender.backend,
        variant=outcome.contender.variant.name,
        environment=outcome.contender.environment,
        versions=dict(outcome.versions),
        threads=outcome.prediction.threads if outcome.prediction else None,
        unit=unit,
        agreement=outcome.judged_by.decided_share if outcome.judged_by else None,
        ratio=ratio,
        **measured,
    )


def median_stages(records: Sequence[Record], read: Callable[[Record], Mapping[str, Any]]) -> dict[str, Any]:
    """Return the median over launches of each stage's value."""
    stages = list(read(records[0]))
    values = np.array([[read(record)[stage] for stage in stages] for record in records])
    return dict(zip(stages, np.median(values, axis=0).tolist(), strict=True))


def median_over(records: Sequence[Record], read: Callable[[Record], float]) -> float:
    """Return the median over launches of one value."""
    return float(np.median([read(record) for record in records]))


def memory_curve(outcome: Outcome) -> Curve | None:
    """Return memory over time, None where it was not watched."""
    return Curve(tuple(outcome.curve.seconds), tuple(outcome.curve.sizes)) if outcome.curve else None


def stored_contender(outcome: Outcome, race: Race | None) -> StoredContender:
    """Say what came of a contender, raced or not."""
    error = race.failures.get(outcome.contender.id) if race else None
    failed = outcome.status == READY and error is not None
    artifact = outcome.artifact
    return StoredContender(
        status=FAILED if failed else RACED if outcome.status == READY else outcome.status,
        stage="race" if failed else outcome.stage,
        reason=f"{type(error).__name__}: {error}" if failed else outcome.reason,
        description=outcome.contender.variant.description,
        precision=outcome.contender.variant.precision,
        versions=dict(outcome.versions),
        artifact=StoredArtifact(artifact.size, artifact.sha256) if artifact else None,
        agreement=outcome.agreement,
        quantisation=outcome.quantisation,
    )


def stored_percentiles(values: Sequence[float]) -> Percentiles:
    """Return the percentiles of raw times with the number of samples behind them, and why one is withheld."""
    found = percentiles(values)
    return Percentiles(
        len(values),
        {name: value for name, value in found.items() if value is not None},
        {
            name: f"{len(values)} samples do not bound it: it takes {samples_needed(QUANTILES[name])}"
            for name, value in found.items()
            if value is None
        },
    )


def round_percentiles(records: Sequence[LaunchRecord]) -> Percentiles:
    """Return the percentiles of all rounds of all launches."""
    return stored_percentiles([value for record in records for value in record.rounds])


def goes_first(race: Race) -> bool:
    """Whether every worker of a race had high priority."""
    return all(record.high_priority for records in race.records.values() for record in records)


def stored_model(expected: ReferenceOutputs) -> StoredModel:
    """Name the model and its source."""
    model, source = expected.model, expected.model.source
    return StoredModel(source.architecture, model.name, model.sha256, StoredSource(source.kind, source.origin))


def stored_pictures(expected: ReferenceOutputs) -> Pictures:
    """Name the pictures by their contents."""
    return Pictures(len(expected.images.names), expected.images.sha256)
