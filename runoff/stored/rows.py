"""One contender in the comparison: all that was measured of it, collected from what a run stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runoff.judge.agreement import is_reduced
from runoff.judge.ratios import Ratio
from runoff.judge.three_ratios import Ratios, known
from runoff.stored.accuracy import Accuracy
from runoff.stored.benchmarks import ACCURACY, Benchmark, Curve, Percentiles
from runoff.stored.details import Efficiency, Footprint
from runoff.stored.info import RACED, StoredContender, StoredOrigin
from runoff.stored.service import Neighbours

NOT_COMPARED = "not compared"


@dataclass(frozen=True)
class Measure:
    """One metric of one contender: its median in the unit, its ratio to the reference and what that shows.

    ``data`` are the raw values, launch after launch; empty where they were not stored. ``ratios`` are the three of a
    metric with several rounds a launch.
    """

    median: float
    unit: str
    ratio: Ratio | None
    verdict: str | None
    agreement: float | None
    data: Sequence[float]
    ratios: Ratios | None = None

    @property
    def undisturbed(self) -> Ratio | None:
        """The undisturbed ratio, None where it is not known."""
        return known(self.ratios.undisturbed) if self.ratios else None


@dataclass(frozen=True)
class Row:
    """One contender in the comparison; None stands for what was not measured. Seconds and bytes.

    ``accuracy`` is the share of labelled pictures whose first answer is right, ``accuracy_drop`` how much of it may be
    lost against golden: the end of the interval. ``neighbour`` is how many times as long it takes beside the neighbour
    that costs it most.
    """

    contender: str
    description: str
    precision: str
    verdict: str
    stage: str | None
    reason: str | None
    versions: Mapping[str, str]
    origin: StoredOrigin | None = None
    median: float | None = None
    percentiles: Percentiles | None = None
    ratio: Ratio | None = None
    ratios: Ratios | None = None
    cold_start: float | None = None
    stages: Mapping[str, float] | None = None
    peak: float | None = None
    peaks: Mapping[str, float] | None = None
    curve: Curve | None = None
    agreement: float | None = None
    largest_difference: float | None = None
    artifact: int | None = None
    repairs: tuple[str, ...] = ()
    footprint: float | None = None
    of_peak: float | None = None
    neighbour: float | None = None
    accuracy: float | None = None
    accuracy_drop: float | None = None
    accuracy_verdict: str | None = None

    @property
    def undisturbed(self) -> Ratio | None:
        """The undisturbed ratio, None where it is not known."""
        return known(self.ratios.undisturbed) if self.ratios else None


def make_measure(benchmark: Benchmark) -> Measure:
    """Collect one metric of one contender."""
    info, stats = benchmark.extra_info, benchmark.stats
    verdict = info.ratio.verdict if info.ratio else None
    return Measure(stats.median, info.unit, info.ratio, verdict, info.agreement, stats.data, info.ratios)


def make_row(
    name: str,
    came_of: StoredContender,
    benchmarks: Mapping[str, Mapping[str, Benchmark]],
    details: Mapping[str, Mapping[str, Any]],
) -> Row:
    """Collect all that was measured of one contender; one that broke down or is wrong has no speed to show.

    ``benchmarks`` and their ``details`` come by group and contender. Where a package's size is not known, the footprint
    is too little: it is no figure, and must not meet a limit. Nor is the agreement of a reduced precision where golden
    is sure of no picture.
    """
    raced = came_of.status == RACED
    inference, cold, peak = (
        benchmarks.get(group, {}).get(name) if raced else None for group in ("inference", "cold-start", "peak-memory")
    )
    footprint: Footprint | None = details.get("footprint", {}).get(name)
    efficiency: Efficiency | None = details.get("efficiency", {}).get(name)
    accuracy: Accuracy | None = details.get(ACCURACY, {}).get(name)
    neighbours: Neighbours | None = details.get("neighbour", {}).get(name)
    judged_by = came_of.quantisation or came_of.agreement
    shows = judged_by is not None and (judged_by.decided > 0 or not is_reduced(came_of.precision))
    ratio = inference.extra_info.ratio if inference else None
    curve = peak.extra_info.curve if peak else None
    return Row(
        contender=name,
        description=came_of.description,
        precision=came_of.precision,
        verdict=(ratio.verdict if ratio else None) or (NOT_COMPARED if raced else came_of.status),
        stage=came_of.stage,
        reason=came_of.reason,
        versions=came_of.versions,
        origin=came_of.origin,
        median=inference.stats.median if inference else None,
        percentiles=inference.extra_info.percentiles if inference else None,
        ratio=ratio,
        ratios=inference.extra_info.ratios if inference else None,
        cold_start=cold.stats.median if cold else None,
        stages=cold.extra_info.stages if cold else None,
        peak=peak.stats.median if peak else None,
        peaks=peak.extra_info.stages if peak else None,
        curve=curve if curve and curve.seconds else None,
        agreement=judged_by.decided_share if judged_by and shows else None,
        largest_difference=judged_by.largest_difference if judged_by else None,
        artifact=came_of.artifact.size if came_of.artifact else None,
        repairs=came_of.artifact.repairs if came_of.artifact else (),
        footprint=footprint.total if raced and footprint and not footprint.unknown else None,
        of_peak=efficiency.share if raced and efficiency else None,
        accuracy=accuracy.top1.value if accuracy else None,
        accuracy_drop=accuracy.drop.high if accuracy else None,
        accuracy_verdict=accuracy.drop.verdict if accuracy else None,
        neighbour=neighbours.neighbour.largest if raced and neighbours else None,
    )
