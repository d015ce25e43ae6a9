"""From a service question's launches to what is stored of it beside its metric."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence

from runoff.judge.diagnostics import percentiles
from runoff.judge.ratios import launch_log_ratio, ratio_over_launches
from runoff.judge.three_ratios import typical_over_undisturbed
from runoff.measure.service.batches import BatchesRecord
from runoff.measure.service.end_to_end import EndToEndRecord
from runoff.measure.service.load import HighestLoadRecord, LoadRecord
from runoff.measure.service.neighbour import NEIGHBOURS, QUIET, NeighbourRecord
from runoff.measure.service.parallel import ParallelRecord
from runoff.measure.service.threads import ThreadsRecord
from runoff.record.race import Judged, median_over, stored_percentiles
from runoff.stored.benchmarks import Percentiles
from runoff.stored.service import Load, NeighbourCost, Parallel, Rate, Scaling, Slowdown


def rate_over_launches(rates: Iterable[float]) -> Rate:
    """Return a rate over launches: the geometric mean, with Student's t interval of the logarithms."""
    mean = ratio_over_launches([math.log(rate) for rate in rates])
    return Rate(mean.value, mean.low, mean.high, mean.launches)


def batches(records: Sequence[BatchesRecord]) -> dict[int, Rate | str]:
    """Return images per second by batch size, or the reason where a launch's session refused that size."""
    return {size: batch(records, size) for size in sorted({*records[0].seconds, *records[0].refused})}


def batch(records: Sequence[BatchesRecord], size: int) -> Rate | str:
    """Return images per second at one batch size, or why it was refused."""
    refused = next((record.refused[size] for record in records if size in record.refused), None)
    return refused or rate_over_launches(1 / record.seconds[size] for record in records)


def parallel(records: Sequence[ParallelRecord]) -> Parallel:
    """Return images per second of the sessions together and of one with all threads, and the gain, paired by launch."""
    alone = [(record.together, record.alone) for record in records if record.alone]
    return Parallel(
        sessions=records[0].sessions,
        together=rate_over_launches(record.together for record in records),
        alone=rate_over_launches(rate for _, rate in alone),
        gain=rate_over_launches(together / rate for together, rate in alone),
    )


def single_stream_p90(record: LoadRecord) -> float:
    """Return the 90th percentile of a launch's single stream in seconds: LoadGen's own figure for that scenario."""
    p90 = percentiles(record.single_stream.latencies)["p90"]
    assert p90 is not None, "a single stream has more queries than its 90th percentile takes"
    return p90


def single_stream(records: Sequence[LoadRecord]) -> Percentiles:
    """Return the percentiles of the single stream's latencies, all launches together."""
    return stored_percentiles([latency for record in records for latency in record.single_stream.latencies])


def highest_load(records: Sequence[HighestLoadRecord]) -> Rate:
    """Return the highest load within the bound in queries per second, over launches."""
    return rate_over_launches(record.load for record in records)


def latencies_near_it(records: Sequence[HighestLoadRecord]) -> Percentiles:
    """Return the percentiles of the latencies measured near the highest load, all launches together."""
    return stored_percentiles([latency for record in records for run in record.loaded for latency in run.latencies])


def loads(records: Sequence[HighestLoadRecord]) -> list[list[Load]]:
    """Return every run under load, launch by launch."""
    return [
        [
            Load(run.load, len(run.latencies), max(run.latencies), statistics.median(run.services))
            for run in record.loaded
            if run.load is not None
        ]
        for record in records
    ]


def scaling(records: Sequence[ThreadsRecord]) -> dict[int, Scaling]:
    """Return what each number of threads brings, in the order of the numbers."""
    return {count: scaling_at(records, count) for count in sorted(records[0].rounds)}


def scaling_at(records: Sequence[ThreadsRecord], count: int) -> Scaling:
    """Return what one number of threads brings; rounds are paired with those of one thread in the same launch."""
    gain = ratio_over_launches([launch_log_ratio(record.rounds[1], record.rounds[count]) for record in records])
    speedup = Rate(gain.value, gain.low, gain.high, gain.launches)
    return Scaling(
        seconds=median_over(records, lambda record: statistics.median(record.rounds[count])),
        speedup=Rate(1.0, 1.0, 1.0, gain.launches) if count == 1 else speedup,
        efficiency=gain.value / count,
        busy_threads=median_over(records, lambda record: record.busy[count]),
    )


def neighbour_cost(records: Sequence[NeighbourRecord]) -> NeighbourCost:
    """Return how many times as long an inference takes beside each neighbour, paired by round with those without.

    Beside it stands what happened by itself, in the rounds without one.
    """
    itself = typical_over_undisturbed([record.rounds[QUIET] for record in records])
    return NeighbourCost(
        cpus=records[0].cpus,
        one_core=records[0].one_core,
        quiet=median_over(records, lambda record: record.quiet),
        slowdowns=tuple(
            Slowdown(each.kind, each.share, rate_over_launches(record.slowdown(each) for record in records))
            for each in NEIGHBOURS
        ),
        by_itself=Rate(itself.value, itself.low, itself.high, itself.launches) if itself else None,
    )


def same_answers(judged: Judged[EndToEndRecord], key: str) -> float | None:
    """Return the share of rounds in which a contender named the class that the reference did, None without one."""
    pairs = zip(judged.race.records[key], judged.race.records.get(judged.reference, ()), strict=False)
    same = [own == other for mine, its in pairs for own, other in zip(mine.classes, its.classes, strict=True)]
    return sum(same) / len(same) if same else None
