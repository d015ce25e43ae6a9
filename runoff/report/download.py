"""A stored run's JSON as a link within the page, so that the page alone is enough to look at every raw value."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from runoff.stored.run import StoredRun
from runoff.text import numbers

LARGEST = 12_000_000
"""Bytes of JSON from which on the raw values are left out: the page has to stay one that can be sent."""


@dataclass(frozen=True)
class Download:
    """A link: the file's name, the address that holds all of it, its size, and what was left out."""

    name: str
    address: str
    size: str
    left_out: str


def download(run: StoredRun, largest: int = LARGEST) -> Download:
    """Put the JSON that a run was read from into a link, whole unless it is larger than ``largest`` bytes."""
    content, left_out = written(run.source), ""
    if len(content) > largest:
        left_out = (
            f"The whole is {numbers.megabytes(len(content))} MB, so the raw values (stats.data) are left out here."
        )
        content = written(without_data(run.source))
    return Download(
        name=f"runoff-{run.moment:%Y%m%d-%H%M%S}.json",
        address=f"data:application/json;base64,{base64.b64encode(content).decode('ascii')}",
        size=f"{len(content) / numbers.MEGABYTE:.2f} MB",
        left_out=left_out,
    )


def written(values: Any) -> bytes:
    """Write JSON in as few bytes as it takes."""
    return json.dumps(values, separators=(",", ":")).encode("ascii")


def without_data(values: Any) -> Any:
    """Return a run's values without the raw ones of each benchmark."""
    benchmarks = [
        one | {"stats": {name: value for name, value in one["stats"].items() if name != "data"}}
        for one in values["benchmarks"]
    ]
    return values | {"benchmarks": benchmarks}
