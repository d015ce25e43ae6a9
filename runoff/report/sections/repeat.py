"""The command that repeats a run, and its JSON as a download, so that the page alone has every raw value."""

from __future__ import annotations

import base64
import json
import shlex
from typing import Any

from runoff.answer.limits import limits_of, limits_text
from runoff.judge.conversions import SKIPPED
from runoff.report.blocks import PAGE, Download, Section
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import plain_notes

LARGEST = 12_000_000
"""Bytes of JSON from which on the raw values are left out: the page has to stay one that can be sent."""


def repeat_section(run: StoredRun) -> Section:
    """Say how a run is repeated, and offer all of it."""
    note = "In a copy of Runoff, with the same model and pictures; paths are from where it was started:"
    return Section(
        "repeat",
        "Repeat it, look closer",
        notes=plain_notes((note,)),
        code=command(run),
        download=download(run),
        shown_in=(PAGE,),
    )


def command(run: StoredRun) -> str:
    """Return the command that repeats the run with the contenders that took part; one that was skipped is left out."""
    words = list(run.info.repeat)
    if not run.only_converted:
        words += ["--contenders", ",".join(row.contender for row in run.rows if row.verdict != SKIPPED)]
    if run.limits:
        words += ["--choose", limits_text(limits_of(run))]
    return shlex.join(words)


def download(run: StoredRun, largest: int = LARGEST) -> Download:
    """Put the JSON that a run was read from into a link, whole unless it is larger than ``largest`` bytes."""
    content, left_out = compact_json(run.source), ""
    if len(content) > largest:
        size = numbers.megabytes(len(content))
        left_out = f"The whole is {size} MB, so the raw values (stats.data) are left out here."
        benchmarks = [
            benchmark | {"stats": {name: value for name, value in benchmark["stats"].items() if name != "data"}}
            for benchmark in run.source["benchmarks"]
        ]
        content = compact_json(run.source | {"benchmarks": benchmarks})
    return Download(
        name=f"runoff-{run.moment:%Y%m%d-%H%M%S}.json",
        address=f"data:application/json;base64,{base64.b64encode(content).decode('ascii')}",
        size=f"{len(content) / numbers.MEGABYTE:.2f} MB",
        left_out=left_out,
    )


def compact_json(values: Any) -> bytes:
    """Write JSON in as few bytes as it takes."""
    return json.dumps(values, separators=(",", ":")).encode("ascii")
