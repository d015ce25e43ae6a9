"""From a service question's launches to what is stored of it beside its metric. JSON values out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from runoff.judge.diagnostics import percentiles
from runoff.judge.ratios import launch_log_ratio, ratio_over_launches
from runoff.measure.launches import Measured, Record
from runoff.measure.service.batches import BatchesRecord
from runoff.measure.service.end_to_end import EndToEndRecord
from runoff.measure.service.load import Answered, HighestLoadRecord, LoadRecord
from runoff.measure.service.parallel import ParallelRecord
from runoff.measure.service.threads import ThreadsRecord
from runoff.record.race import PerLaunch, Rules, control_json, median_over, percentiles_json


def question_json(
    race: Measured[Record], reference: str, per_launch: PerLaunch[Record], rules: Rules
) -> dict[str, Any]:
    """Say how a service question was measured: its launches and its control."""
    return {
        "launches": max(map(len, race.records.values()), default=0),
        "control": control_json(race, reference, per_launch, rules),
    }


def rate_json(rates: Iterable[float], name: str) -> dict[str, Any]:
    """Give a rate over launches under its name: the geometric mean, with Student's t interval of the logarithms."""
    found = ratio_over_launches([math.log(rate) for rate in rates])
    return {name: found.value, "low": found.low, "high": found.high, "launches": found.launches}


def batches_json(records: Sequence[BatchesRecord]) -> dict[str, Any]:
    """Give images per second by batch size, or the reason where a launch's session refused that size."""
    return {str(size): batch_json(records, size) for size in sorted({*records[0].seconds, *records[0].refused})}


def batch_json(records: Sequence[BatchesRecord], size: int) -> dict[str, Any]:
    """Give images per second at one batch size, with the median seconds per image."""
    for record in records:
        if size in record.refused:
            return {"reason": record.refused[size]}
    return {
        **rate_json((1 / record.seconds[size] for record in records), "images_per_second"),
        "seconds_per_image": median_over(records, lambda record: record.seconds[size]),
    }


def parallel_json(records: Sequence[ParallelRecord]) -> dict[str, Any]:
    """Give images per second of the sessions together and of one with all threads, and the gain, paired by launch."""
    return {
        "sessions": records[0].sessions,
        **rate_json((record.together for record in records), "images_per_second"),
        "one_session": rate_json((record.alone for record in records if record.alone), "images_per_second"),
        "gain": rate_json((record.together / record.alone for record in records if record.alone), "value"),
    }


def single_stream_p90(record: LoadRecord) -> float:
    """Give the 90th percentile of a launch's single stream in seconds: LoadGen's own figure for that scenario."""
    (found,) = (each.value for each in percentiles(record.single_stream.latencies) if each.name == "p90")
    assert found is not None, "a single stream has more queries than its 90th percentile takes"
    return found


def single_stream_json(records: Sequence[LoadRecord]) -> dict[str, Any]:
    """Give the percentiles of the single stream's latencies, all launches together."""
    return percentiles_json([latency for record in records for latency in record.single_stream.latencies])


def seconds_per_query(record: HighestLoadRecord) -> float:
    """Give seconds per query at the highest load within the bound, as a launch has it."""
    return 1 / record.load


def highest_load_json(records: Sequence[HighestLoadRecord]) -> dict[str, Any]:
    """Give the highest load within the bound in queries per second, over launches."""
    return rate_json((record.load for record in records), "queries_per_second")


def latencies_near_it_json(records: Sequence[HighestLoadRecord]) -> dict[str, Any]:
    """Give the percentiles of the latencies measured near the highest load, all launches together."""
    return percentiles_json([each for record in records for run in record.loaded for each in run.latencies])


def loads_json(records: Sequence[HighestLoadRecord]) -> list[list[dict[str, Any]]]:
    """Give every run under load, launch by launch."""
    return [[load_json(run) for run in record.loaded] for record in records]


def load_json(run: Answered) -> dict[str, Any]:
    """Give one run under load: queries a second, how many there were, the slowest and the usual service in seconds."""
    return {
        "queries_per_second": run.load,
        "queries": len(run.latencies),
        "slowest": max(run.latencies),
        "service": median_of(run.services),
    }


def scaling_json(records: Sequence[ThreadsRecord]) -> dict[str, Any]:
    """Give, by number of threads, the median seconds, the speed-up over one thread and the share of it per thread."""
    return {str(count): threads_json(records, count) for count in sorted(records[0].rounds)}


def threads_json(records: Sequence[ThreadsRecord], count: int) -> dict[str, Any]:
    """Give what one number of threads brings; rounds are paired with those of one thread in the same launch."""
    found = ratio_over_launches([launch_log_ratio(record.rounds[1], record.rounds[count]) for record in records])
    itself = count == 1
    return {
        "seconds": median_over(records, lambda record: median_of(record.rounds[count])),
        "speedup": found.value,
        "low": 1.0 if itself else found.low,
        "high": 1.0 if itself else found.high,
        "efficiency": found.value / count,
        "busy_threads": median_over(records, lambda record: record.busy[count]),
    }


def median_of(values: Sequence[float]) -> float:
    """Give the median of values."""
    return median_over(values, lambda value: value)


def same_answers(race: Measured[EndToEndRecord], key: str, reference: str) -> float | None:
    """Give the share of rounds in which a contender named the class that the reference did, None without one."""
    pairs = zip(race.records[key], race.records.get(reference, ()), strict=False)
    same = [own == other for mine, its in pairs for own, other in zip(mine.classes, its.classes, strict=True)]
    return sum(same) / len(same) if same else None
