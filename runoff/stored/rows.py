"""One contender in the comparison: all that was measured of it, read from the benchmarks of a stored run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runoff.judge.ratios import CONFIDENCE, Ratio
from runoff.stored.fields import Field, StoredRunBroken
from runoff.stored.strata import RACED

NOT_COMPARED = "not compared"


@dataclass(frozen=True)
class Percentiles:
    """Percentiles of raw values by name, the number of samples behind them, and why one is withheld."""

    samples: int
    values: Mapping[str, float]
    withheld: Mapping[str, str]


@dataclass(frozen=True)
class Measure:
    """One metric of one contender: its median in the unit, its ratio to the reference and what that shows."""

    median: float
    unit: str
    ratio: Ratio | None
    verdict: str | None
    agreement: float | None


@dataclass(frozen=True)
class Curve:
    """Resident memory in bytes at times in seconds since the process was started."""

    seconds: Sequence[float]
    sizes: Sequence[float]


@dataclass(frozen=True)
class Row:
    """One contender in the comparison; None stands for what was not measured. Seconds and bytes."""

    contender: str
    description: str
    precision: str
    verdict: str
    stage: str | None
    reason: str | None
    versions: Mapping[str, str]
    median: float | None = None
    percentiles: Percentiles | None = None
    ratio: Ratio | None = None
    cold_start: float | None = None
    stages: Mapping[str, float] | None = None
    peak: float | None = None
    peaks: Mapping[str, float] | None = None
    curve: Curve | None = None
    agreement: float | None = None
    largest_difference: float | None = None
    artifact: int | None = None
    footprint: float | None = None
    of_peak: float | None = None


def read_measure(benchmark: Field) -> Measure:
    """Read one metric of one contender."""
    about, ratio = benchmark["extra_info"], benchmark["extra_info"].get("ratio")
    return Measure(
        median=benchmark["stats"]["median"].amount(),
        unit=about.optional("unit", Field.text) or "seconds",
        ratio=read_ratio(ratio, ratio["launches"].whole()) if ratio else None,
        verdict=ratio["verdict"].text() if ratio else None,
        agreement=about.optional("agreement", Field.number),
    )


def read_row(name: str, came_of: Field, groups: Mapping[str, Mapping[str, Field]]) -> Row:
    """Collect all that was measured of one contender; one that broke down or is wrong has no speed to show."""
    status = came_of["status"].text()
    measured = {group: found[name] for group, found in groups.items() if status == RACED and name in found}
    inference, cold, peak, footprint, efficiency = (
        measured.get(group) for group in ("inference", "cold-start", "peak-memory", "footprint", "efficiency")
    )
    agreement, artifact = came_of.get("quantisation") or came_of.get("agreement"), came_of.get("artifact")
    measure = read_measure(inference) if inference else None
    unmeasured = NOT_COMPARED if status == RACED else status
    return Row(
        contender=name,
        description=came_of["description"].text(),
        precision=came_of["precision"].text(),
        verdict=measure.verdict if measure and measure.verdict else unmeasured,
        stage=came_of.optional("stage", Field.text),
        reason=came_of.optional("reason", Field.text),
        versions=came_of["versions"].texts(),
        median=measure.median if measure else None,
        percentiles=inference["extra_info"].optional("percentiles", read_percentiles) if inference else None,
        ratio=measure.ratio if measure else None,
        cold_start=cold["stats"]["median"].amount() if cold else None,
        stages=cold["extra_info"].optional("stages", Field.numbers) if cold else None,
        peak=peak["stats"]["median"].amount() if peak else None,
        peaks=peak["extra_info"].optional("stages", Field.numbers) if peak else None,
        curve=peak["extra_info"].optional("curve", read_curve) if peak else None,
        agreement=read_agreement(agreement) if agreement else None,
        largest_difference=agreement.optional("largest_difference", Field.number) if agreement else None,
        artifact=artifact["bytes"].whole() if artifact else None,
        footprint=read_footprint(footprint) if footprint else None,
        of_peak=efficiency["extra_info"].optional("share", Field.amount) if efficiency else None,
    )


def read_agreement(agreement: Field) -> float:
    """Read the share that a contender was judged by, or that of all images where a run does not say."""
    judged_by = agreement.optional("decided_share", Field.number)
    return agreement["share"].number() if judged_by is None else judged_by


def read_footprint(benchmark: Field) -> float | None:
    """Read what a contender takes on disk, None where the size of a package is not known: the sum is then too little.

    Such a sum must not meet a limit either.
    """
    packages = benchmark["extra_info"]["packages"].items()
    unknown = any(package.get("bytes") is None for package in packages)
    return None if unknown else benchmark["stats"]["median"].amount()


def read_ratio(ratio: Field, launches: int) -> Ratio:
    """Read a ratio to the reference."""
    confidence = ratio.optional("confidence", Field.proportion) or CONFIDENCE
    return Ratio(
        value=ratio["value"].amount(),
        low=ratio.optional("low", Field.amount),
        high=ratio.optional("high", Field.amount),
        confidence=confidence,
        launches=launches,
        nominal=ratio.optional("nominal_confidence", Field.proportion) or confidence,
    )


def read_percentiles(percentiles: Field) -> Percentiles:
    """Read percentiles; those that are withheld have no value but a reason."""
    names = [name for name in percentiles.parts() if name not in ("samples", "withheld")]
    values = {name: percentiles.optional(name, Field.amount) for name in names}
    return Percentiles(
        samples=percentiles["samples"].whole(),
        values={name: value for name, value in values.items() if value is not None},
        withheld=percentiles.optional("withheld", Field.texts) or {},
    )


def read_curve(curve: Field) -> Curve | None:
    """Read memory over time, None where nothing was seen."""
    seconds, sizes = ([value.number() for value in curve[name].items()] for name in ("seconds", "bytes"))
    if len(seconds) != len(sizes):
        raise StoredRunBroken(
            f"the field {curve.path} has {len(seconds)} seconds and {len(sizes)} bytes, expected pairs"
        )
    return Curve(seconds, sizes) if seconds else None
