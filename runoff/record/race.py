"""From launches to what is stored: samples, ratios to the reference, verdicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np

from runoff.backends import Declaration
from runoff.contract import Model
from runoff.judge.diagnostics import QUANTILES, percentiles, samples_needed
from runoff.judge.ratios import CONFIDENCE, FASTER, REFERENCE, SLOWER, Ratio, half_width, launch_log_ratio, verdict
from runoff.judge.standings import Rules, judge
from runoff.judge.three_ratios import Ratios, three_ratios
from runoff.measure.cache import Made
from runoff.measure.launches import CONTROL, Measured, Record
from runoff.measure.preparation import FAILED, READY, Outcome, ReferenceOutputs
from runoff.measure.race import LaunchRecord, Race
from runoff.stored.benchmarks import Curve, ExtraInfo, Percentiles
from runoff.stored.info import RACED, StoredArtifact, StoredContender, StoredGolden, StoredOrigin
from runoff.stored.model import StoredModel, StoredSource
from runoff.stored.stratum import Pictures

PerLaunch = Callable[[Record], Sequence[float]]
"""Reads one metric's values from one launch: one a round, or one in all."""
SPEED = (FASTER, SLOWER)


def inferences(record: LaunchRecord) -> Sequence[float]:
    """Return the inference times of a launch: what a race is judged in as a whole."""
    return record.rounds


@dataclass(frozen=True)
class Judged(Generic[Record]):
    """What launches yielded, the entrant that ratios are taken against, and the rules that decide what they show."""

    race: Measured[Record]
    reference: str
    rules: Rules

    def log_ratios(self, per_launch: PerLaunch[Record]) -> dict[str, list[float]]:
        """Return the log-ratios to the reference of every other entrant's launches; none where it has no launch."""
        base = self.race.records.get(self.reference, ())
        return {
            key: [
                launch_log_ratio(per_launch(record), per_launch(base_record))
                for record, base_record in zip(records, base, strict=False)  # one that broke down has fewer launches
            ]
            for key, records in self.race.records.items()
            if key != self.reference and records and base
        }

    def standings(self, per_launch: PerLaunch[Record], words: tuple[str, str] = SPEED) -> dict[str, Ratio]:
        """Judge every entrant in one metric, the control among them; empty where the reference has no launch."""
        base = self.race.records.get(self.reference, ())
        if not base:
            return {}
        launches = self.log_ratios(per_launch)
        noise = launches.pop(CONTROL, None)
        control = self.rules.ratio(noise) if noise else None
        judged = judge(launches, self.rules, words, control)
        if control:
            shown = verdict(control, 1.0, control=control, margin=self.rules.margin)
            judged[CONTROL] = dataclasses.replace(control, verdict=shown)
        judged[self.reference] = Ratio(1.0, 1.0, 1.0, CONFIDENCE, len(base), CONFIDENCE, verdict=REFERENCE)
        rounds = len(per_launch(base[0]))
        return {
            key: dataclasses.replace(ratio, reference=self.reference, rounds=rounds) for key, ratio in judged.items()
        }

    def three_ratios(self, key: str, per_launch: PerLaunch[Record], typical: Ratio | None) -> Ratios | None:
        """Return the three ratios of an entrant whose typical one was judged; None where launches have one value.

        What the control's show is judged of each: whether they are 1.
        """
        pairs = zip(self.race.records.get(key, ()), self.race.records.get(self.reference, ()), strict=False)
        launches = [(per_launch(own), per_launch(base)) for own, base in pairs]
        found = three_ratios(typical, *zip(*launches, strict=True)) if typical and launches else None
        if found is None or key != CONTROL:
            return found
        shown = {
            of: dataclasses.replace(ratio, verdict=verdict(ratio, 1.0, control=ratio, margin=self.rules.margin))
            for of, ratio in vars(found).items()
            if isinstance(ratio, Ratio)
        }
        return dataclasses.replace(found, **shown)

    def control(self, per_launch: PerLaunch[Record]) -> Ratio | None:
        """Return the control's ratio, None where there is no control."""
        return self.standings(per_launch).get(CONTROL)

    def wider_than(self, precision: float, per_launch: PerLaunch[Record]) -> dict[str, float]:
        """Return how far intervals reach to each side as a share, the control's among them, where that is more."""
        reaches = {key: half_width(ratio) for key, ratio in self.standings(per_launch).items()}
        return {key: reach for key, reach in reaches.items() if reach > precision}


def samples(race: Measured[Record], key: str, per_launch: PerLaunch[Record]) -> list[float]:
    """Return all values of one metric, launch by launch."""
    return [value for record in race.records[key] for value in per_launch(record)]


def extra_info(
    outcome: Outcome, unit: str, ratio: Ratio | None = None, ratios: Ratios | None = None, **measured: Any
) -> ExtraInfo:
    """Return the ``extra_info`` that every benchmark of a contender has; no ratios where nothing was raced."""
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
        ratios=ratios,
        **measured,
    )


def median_stages(records: Sequence[Record], read: Callable[[Record], Mapping[str, Any]]) -> dict[str, Any]:
    """Return the median over launches of each stage's value, without those stages where one is not known."""
    stages = list(read(records[0]))
    medians = [median_of_known([read(record)[stage] for record in records]) for stage in stages]
    return {stage: value for stage, value in zip(stages, medians, strict=True) if value is not None}


def median_over(records: Sequence[Record], read: Callable[[Record], float]) -> float:
    """Return the median over launches of one value."""
    return float(np.median([read(record) for record in records]))


def median_of_known(values: Sequence[float | None]) -> float | None:
    """Return the median of one value over launches, None where one of them is not known."""
    known = [value for value in values if value is not None]
    return float(np.median(known)) if len(known) == len(values) else None


def memory_curve(outcome: Outcome) -> Curve | None:
    """Return memory over time, None where it was not watched."""
    return Curve(tuple(outcome.curve.seconds), tuple(outcome.curve.sizes)) if outcome.curve else None


def stored_contender(outcome: Outcome, race: Race | None, backend: Declaration | None = None) -> StoredContender:
    """Say what came of a contender, raced or not, and where its backend comes from."""
    error = race.failures.get(outcome.contender.id) if race else None
    failed = outcome.status == READY and error is not None
    return StoredContender(
        status=FAILED if failed else RACED if outcome.status == READY else outcome.status,
        stage="race" if failed else outcome.stage,
        reason=f"{type(error).__name__}: {error}" if failed else outcome.reason,
        description=outcome.contender.variant.description,
        precision=outcome.contender.variant.precision,
        versions=dict(outcome.versions),
        artifact=stored_artifact(outcome.artifact),
        agreement=outcome.agreement,
        quantisation=outcome.quantisation,
        origin=StoredOrigin(**vars(backend.origin)) if backend and backend.origin else None,
    )


def stored_artifact(made: Made | None) -> StoredArtifact | None:
    """Say what was converted, and after which repairs."""
    return StoredArtifact(made.size, made.sha256, tuple(made.noted.get("repairs", ()))) if made else None


def stored_percentiles(values: Sequence[float]) -> Percentiles:
    """Return the percentiles of raw times with the number of samples behind them, and why one is withheld."""
    known = percentiles(values)
    return Percentiles(
        len(values),
        {name: value for name, value in known.items() if value is not None},
        {
            name: f"it needs {samples_needed(QUANTILES[name])} samples, not {len(values)}"
            for name, value in known.items()
            if value is None
        },
    )


def round_percentiles(records: Sequence[LaunchRecord]) -> Percentiles:
    """Return the percentiles of all rounds of all launches."""
    return stored_percentiles([value for record in records for value in record.rounds])


def has_high_priority(race: Race) -> bool:
    """Whether every worker of a race had high priority."""
    return all(record.high_priority for records in race.records.values() for record in records)


def stored_model(model: Model) -> StoredModel:
    """Name the model, its source, what it takes and gives, and what pictures become for it."""
    source = model.source
    stored = StoredSource(source.kind, source.origin, source.version)
    return StoredModel(
        source.title,
        model.name,
        model.sha256,
        stored,
        model.preprocessing,
        model.task,
        model.inputs,
        model.outputs,
        model.classes if model.classifies else None,
    )


def stored_golden(expected: ReferenceOutputs) -> StoredGolden:
    """Say how far golden is from exact, and how it was checked."""
    return StoredGolden(max(expected.golden.roundings.values()), expected.golden.check)


def stored_pictures(expected: ReferenceOutputs) -> Pictures:
    """Name the pictures, or what else the model was run on, by their contents."""
    examples = expected.examples
    return Pictures(len(examples.names), examples.sha256, examples.kind)
