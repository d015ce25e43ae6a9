"""From launches to what is stored: samples, ratios to the reference, verdicts, warnings. JSON values out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from runoff.judge.diagnostics import percentiles
from runoff.judge.ratios import (
    CONFIDENCE,
    MARGIN,
    REFERENCE,
    Ratio,
    claim_p_values,
    difference_p_value,
    estimate,
    half_width,
    launch_log_ratio,
    ratio_over_launches,
    verdict,
)
from runoff.measure.launches import CONTROL, Measured, Record
from runoff.measure.preparation import FAILED, READY, Outcome, ReferenceOutputs
from runoff.measure.race import LaunchRecord, Race

PerLaunch = Callable[[Record], Sequence[float]]
"""Reads one metric's values from one launch: one a round, or one in all."""


CONTROL_FIELDS = ("value", "low", "high", "confidence", "nominal_confidence", "launches")


@dataclass(frozen=True)
class Rules:
    """What a run is judged by: the margin, and the share of the error that the look it stopped at may spend."""

    margin: float = MARGIN
    error_share: float = 1.0


@dataclass(frozen=True)
class Standing:
    """A contender's ratio to the reference in one metric, and what it shows in words."""

    ratio: Ratio
    verdict: str


def log_ratios(race: Measured[Record], reference: str, per_launch: PerLaunch[Record]) -> dict[str, list[float]]:
    """Give the log-ratios to the reference of every other entrant's launches; empty where it has no launch itself."""
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
    race: Measured[Record], reference: str, per_launch: PerLaunch[Record], words: tuple[str, str], rules: Rules
) -> dict[str, Standing]:
    """Judge every entrant of a race, the control among them, in one metric; empty where the reference has no launch."""
    launches = log_ratios(race, reference, per_launch)
    ratios = {key: ratio_over_launches(values, CONFIDENCE, rules.error_share) for key, values in launches.items()}
    p_values = {key: difference_p_value(estimate(values)) for key, values in launches.items() if key != CONTROL}
    claims = claim_p_values(p_values, rules.error_share)
    control = ratios.get(CONTROL)
    judged = {
        key: Standing(ratio, verdict(ratio, claims.get(key, 1.0), control=control, margin=rules.margin, words=words))
        for key, ratio in ratios.items()
    }
    if base := race.records.get(reference, ()):
        itself = Ratio(1.0, 1.0, 1.0, CONFIDENCE, len(base), CONFIDENCE)
        judged[reference] = Standing(itself, REFERENCE)
    return judged


def widest(race: Race, reference: str, per_launch: PerLaunch[LaunchRecord], error_share: float) -> float:
    """Give how far the widest interval of a race reaches to each side, the control's among them, as a share."""
    launches = log_ratios(race, reference, per_launch)
    ratios = [ratio_over_launches(values, CONFIDENCE, error_share) for values in launches.values()]
    return max(map(half_width, ratios), default=0.0)


def samples(race: Measured[Record], key: str, per_launch: PerLaunch[Record]) -> list[float]:
    """Give all values of one metric, launch by launch."""
    return [value for record in race.records[key] for value in per_launch(record)]


def benchmark_info(
    outcome: Outcome,
    race: Measured[Record],
    reference: str,
    *,
    unit: str,
    per_launch: PerLaunch[Record],
    words: tuple[str, str],
    rules: Rules,
) -> dict[str, Any]:
    """Give the ``extra_info`` of a benchmark that was raced."""
    identifier = outcome.contender.id
    records = race.records[identifier]
    standing = standings(race, reference, per_launch, words, rules).get(identifier)
    ratio = ratio_json(standing, reference, len(per_launch(records[0]))) if standing else None
    return contender_info(outcome, unit) | {"ratio": ratio}


def contender_info(outcome: Outcome, unit: str) -> dict[str, Any]:
    """Give the ``extra_info`` that every benchmark of a contender has; there is no ratio where nothing was raced."""
    return {
        "contender": outcome.contender.id,
        "backend": outcome.contender.backend,
        "variant": outcome.contender.variant.name,
        "environment": outcome.contender.environment,
        "versions": dict(outcome.versions),
        "threads": outcome.prediction.threads if outcome.prediction else None,
        "unit": unit,
        "agreement": outcome.judged_by.decided_share if outcome.judged_by else None,
        "ratio": None,
    }


def ratio_json(standing: Standing, reference: str, rounds: int) -> dict[str, Any]:
    """Give a standing as the design's ``ratio``."""
    ratio = standing.ratio
    return {
        "reference": reference,
        "value": ratio.value,
        "low": ratio.low,
        "high": ratio.high,
        "confidence": ratio.confidence,
        "nominal_confidence": ratio.nominal,
        "launches": ratio.launches,
        "rounds": rounds,
        "verdict": standing.verdict,
    }


def median_stages(records: Sequence[Record], read: Callable[[Record], Mapping[str, Any]]) -> dict[str, Any]:
    """Give the median over launches of each stage's value."""
    stages = list(read(records[0]))
    values = np.array([[read(record)[stage] for stage in stages] for record in records])
    return dict(zip(stages, np.median(values, axis=0).tolist(), strict=True))


def median_over(records: Sequence[Record], read: Callable[[Record], float]) -> float:
    """Give the median over launches of one value."""
    return float(np.median([read(record) for record in records]))


def curve_json(outcome: Outcome) -> dict[str, Any] | None:
    """Give memory over time as seconds since the start and resident bytes, None where it was not watched."""
    return {"seconds": outcome.curve.seconds, "bytes": outcome.curve.sizes} if outcome.curve else None


def contender_json(outcome: Outcome, race: Race | None) -> dict[str, Any]:
    """Say what came of a contender, raced or not."""
    identifier = outcome.contender.id
    error = race.failures.get(identifier) if race else None
    failed = outcome.status == READY and error is not None
    return {
        "status": FAILED if failed else "raced" if outcome.status == READY else outcome.status,
        "stage": "race" if failed else outcome.stage,
        "reason": f"{type(error).__name__}: {error}" if failed else outcome.reason,
        "description": outcome.contender.variant.description,
        "precision": outcome.contender.variant.precision,
        "versions": dict(outcome.versions),
        "artifact": {
            "bytes": outcome.artifact.size,
            "sha256": outcome.artifact.sha256,
            "conversion_seconds": outcome.artifact.conversion_seconds,
            "cached": outcome.artifact.cached,
        }
        if outcome.artifact
        else None,
        "agreement": asdict(outcome.agreement) if outcome.agreement else None,
        "quantisation": asdict(outcome.quantisation) if outcome.quantisation else None,
    }


def percentiles_json(values: Sequence[float]) -> dict[str, Any]:
    """Give the percentiles of raw times with the number of samples behind them, and why one is withheld."""
    found = percentiles(values)
    short = f"{len(values)} samples do not bound it: it takes"
    return {
        "samples": len(values),
        **{percentile.name: percentile.value for percentile in found},
        "withheld": {each.name: f"{short} {each.needed}" for each in found if each.value is None},
    }


def control_json(
    race: Measured[Record], reference: str, per_launch: PerLaunch[Record], rules: Rules
) -> dict[str, Any] | None:
    """Give the control's ratio, None where there is no control."""
    standing = standings(race, reference, per_launch, ("", ""), rules).get(CONTROL)
    if standing is None:
        return None
    found = ratio_json(standing, reference, len(per_launch(race.records[CONTROL][0])))
    return {"contender": reference, **{name: found[name] for name in CONTROL_FIELDS}}


def goes_first(race: Race) -> bool:
    """Tell whether every worker of a race went before other processes."""
    return all(record.high_priority for records in race.records.values() for record in records)


def expected_json(expected: ReferenceOutputs) -> dict[str, Any]:
    """Name the checkpoint and the images."""
    return {
        "checkpoint": {
            "name": expected.model.name,
            "architecture": expected.model.source.architecture,
            "sha256": expected.model.sha256,
        },
        "images": {"count": len(expected.images.names), "sha256": expected.images.sha256},
        "golden": {"rounding": expected.golden.rounding},
    }
