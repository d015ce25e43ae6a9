"""From launches to what is stored: samples, ratios to the reference, verdicts, warnings. JSON values out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from runoff.measure.launch import LaunchRecord
from runoff.measure.preparation import FAILED, READY, Exam, Outcome
from runoff.measure.race import CONTROL, Race
from runoff.statistics import (
    FEWEST_LAUNCHES,
    MARGIN,
    REFERENCE,
    Ratio,
    control_is_valid,
    drift,
    holm,
    is_pinned_down,
    launch_log_ratio,
    no_difference_p_value,
    ratio_over_launches,
    verdict,
)

PerLaunch = Callable[[LaunchRecord], Sequence[float]]
"""Reads one metric's values from one launch: one a round, or one in all."""

STEAL_SHARE = 0.01
DRIFT_SHARE = 0.05
SWITCHES_PER_INFERENCE = 5.0
SPARE_THREAD = 0.3
"""How many more threads than given may be busy: a framework's own housekeeping beside its pool."""


@dataclass(frozen=True)
class Standing:
    """A contender's ratio to the reference in one metric, and what it shows in words."""

    ratio: Ratio
    verdict: str


def standings(
    race: Race, reference: str, per_launch: PerLaunch, words: tuple[str, str], margin: float = MARGIN
) -> dict[str, Standing]:
    """Judge every entrant of a race, the control among them, in one metric; empty where the reference has no launch."""
    base = race.records.get(reference, ())
    log_ratios = {
        key: [
            launch_log_ratio(per_launch(record), per_launch(base_record))
            for record, base_record in zip(records, base, strict=False)  # one that broke down has fewer launches
        ]
        for key, records in race.records.items()
        if key != reference and records and base
    }
    ratios = {key: ratio_over_launches(values) for key, values in log_ratios.items()}
    contenders = {key: values for key, values in log_ratios.items() if key != CONTROL}
    adjusted = holm({key: no_difference_p_value(values) for key, values in contenders.items()})
    control = ratios.get(CONTROL)
    judged = {
        key: Standing(ratio, verdict(ratio, adjusted.get(key, 1.0), control=control, margin=margin, words=words))
        for key, ratio in ratios.items()
    }
    if base:
        itself = Ratio(1.0, 1.0, 1.0, ratio_over_launches([0.0]).confidence, len(base))
        judged[reference] = Standing(itself, REFERENCE)
    return judged


def samples(race: Race, key: str, per_launch: PerLaunch) -> list[float]:
    """Give all values of one metric, launch by launch."""
    return [value for record in race.records[key] for value in per_launch(record)]


def benchmark_info(
    outcome: Outcome, race: Race, reference: str, *, unit: str, per_launch: PerLaunch, words: tuple[str, str]
) -> dict[str, Any]:
    """Give a benchmark's ``extra_info``."""
    identifier = outcome.contender.id
    records = race.records[identifier]
    standing = standings(race, reference, per_launch, words).get(identifier)
    return {
        "contender": identifier,
        "backend": outcome.contender.backend,
        "variant": outcome.contender.variant.name,
        "environment": outcome.contender.environment,
        "versions": dict(outcome.versions),
        "threads": outcome.prediction.threads if outcome.prediction else None,
        "unit": unit,
        "agreement": outcome.agreement.share if outcome.agreement else None,
        "ratio": ratio_json(standing, reference, len(per_launch(records[0]))) if standing else None,
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
        "launches": ratio.launches,
        "rounds": rounds,
        "verdict": standing.verdict,
    }


def median_stages(records: Sequence[LaunchRecord], read: Callable[[LaunchRecord], Mapping[str, Any]]) -> dict[str, Any]:
    """Give the median over launches of each stage's value."""
    stages = list(read(records[0]))
    values = np.array([[read(record)[stage] for stage in stages] for record in records])
    return dict(zip(stages, np.median(values, axis=0).tolist(), strict=True))


def median_over(records: Sequence[LaunchRecord], read: Callable[[LaunchRecord], float]) -> float:
    """Give the median over launches of one value."""
    return float(np.median([read(record) for record in records]))


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
    }


def control_json(race: Race, reference: str, per_launch: PerLaunch) -> dict[str, Any] | None:
    """Give the control's ratio, None where there is no control."""
    standing = standings(race, reference, per_launch, words=("", "")).get(CONTROL)
    if standing is None:
        return None
    ratio = standing.ratio
    return {"contender": reference, "value": ratio.value, "low": ratio.low, "high": ratio.high}


def exam_json(exam: Exam) -> dict[str, Any]:
    """Name the checkpoint and the images."""
    return {
        "checkpoint": {
            "name": exam.checkpoint.name,
            "architecture": exam.checkpoint.architecture,
            "sha256": exam.checkpoint.sha256,
        },
        "images": {"count": len(exam.images.names), "sha256": exam.images.sha256},
        "golden": {"rounding": exam.golden.rounding},
    }


def thread_warnings(race: Race, threads: int) -> list[str]:
    """Name the contenders that kept more threads busy than they were given, whatever their framework reports."""
    warnings = []
    for key, records in race.records.items():
        busy = median_over(records, lambda record: record.busy_threads) if records else 0.0
        if busy > threads + SPARE_THREAD:
            warnings.append(
                f"{key} kept {busy:.1f} threads busy, where {threads} were given to all; its ratio is not on equal "
                "terms: mend the backend's load()"
            )
    return warnings


def race_warnings(race: Race, reference: str, launches: int, threads: int) -> list[str]:
    """Say what makes a run's numbers shaky, each with its remedy."""
    warnings = []
    control = standings(race, reference, lambda record: record.rounds, words=("", "")).get(CONTROL)
    if control and not control_is_valid(control.ratio):
        warnings.append(
            f"invalid run: the control, a second {reference}, came out at {control.ratio.value:.3f} times the first "
            f"[{control.ratio.low:.3f}, {control.ratio.high:.3f}]; what else runs on this machine disturbs it: stop "
            "that, or measure longer (--launches), then run again"
        )
    elif control and control.ratio.launches >= FEWEST_LAUNCHES and not is_pinned_down(control.ratio):
        warnings.append(
            f"a noisy run: the control, a second {reference}, reaches from {control.ratio.low:.3f} to "
            f"{control.ratio.high:.3f}, and no difference within that is claimed; stop what else runs on this machine, "
            "or measure longer (--launches)"
        )
    if CONTROL in race.failures:
        warnings.append(
            f"the control, a second {reference}, broke down ({race.failures[CONTROL]}); what this run's noise is, "
            "it does not show to the end: see to that error, then run again"
        )
    if launches < FEWEST_LAUNCHES:
        warnings.append(
            f"exploratory: {launches} launches are too few for a verdict; give --launches {FEWEST_LAUNCHES} or more"
        )
    if race.stolen is not None and race.stolen > STEAL_SHARE:
        warnings.append(
            f"other machines on this host took {race.stolen:.1%} of the CPU time (steal); "
            "ratios stay fair, absolute times do not: repeat at a quieter hour or on a dedicated machine"
        )
    base = race.records.get(reference, ())
    change = drift([value for record in base for value in record.rounds])
    if abs(change - 1) > DRIFT_SHARE:
        warnings.append(
            f"the machine drifted: {reference} took {change:.2f} times as long in the second half of the run as in the "
            "first; ratios stay fair, absolute times do not: let the machine settle, then run again"
        )
    warnings += thread_warnings(race, threads)
    inferences = sum(len(record.rounds) for record in base)
    switches = sum(record.involuntary_switches for record in base)
    if inferences and switches / inferences > SWITCHES_PER_INFERENCE:
        warnings.append(
            f"{reference} was put aside by the kernel {switches / inferences:.0f} times per inference (involuntary "
            "context switches): other processes want its cores; stop them, or give fewer --threads"
        )
    return warnings
