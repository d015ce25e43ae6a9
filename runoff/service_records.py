"""From a service question's launches to what is stored of it beside its metric. JSON values out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from runoff.measure.race import Measured, Record
from runoff.measure.service.batches import BatchesRecord
from runoff.records import PerLaunch, Rules, control_json, median_over
from runoff.statistics import ratio_over_launches


def rate_json(rates: Sequence[float], name: str) -> dict[str, Any]:
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
        **rate_json([1 / record.seconds[size] for record in records], "images_per_second"),
        "seconds_per_image": median_over(records, lambda record: record.seconds[size]),
    }


def question_json(
    race: Measured[Record], reference: str, per_launch: PerLaunch[Record], rules: Rules
) -> dict[str, Any]:
    """Say how a service question was measured: its launches and its control."""
    return {
        "launches": max(map(len, race.records.values()), default=0),
        "control": control_json(race, reference, per_launch, rules),
    }
