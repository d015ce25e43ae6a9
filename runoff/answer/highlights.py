"""The few figures that a page begins with: those of the contender that the run recommends."""

from __future__ import annotations

from dataclasses import dataclass

from runoff.judge.ratios import FASTER, SLOWER
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun
from runoff.text import numbers


@dataclass(frozen=True)
class Highlight:
    """A figure and what it is of."""

    figure: str
    label: str


def highlights(run: StoredRun, row: Row) -> list[Highlight]:
    """Return the figures of a contender that a reader wants first."""
    return [
        *compared(run, row),
        Highlight(f"{numbers.milliseconds(row.median)} ms", "median of one inference"),
        *([Highlight(f"{numbers.seconds(row.cold_start)} s", "cold start")] if row.cold_start else []),
        *([Highlight(f"{numbers.megabytes(row.peak)} MB", "peak memory")] if row.peak else []),
        *([] if row.agreement is None else [Highlight(numbers.share(row.agreement), "Top-1 agrees with golden")]),
    ]


def compared(run: StoredRun, row: Row) -> list[Highlight]:
    """Return how many times as fast it is, where a difference was shown."""
    if row.ratio is None or row.verdict not in (FASTER, SLOWER):
        return []
    figure, word = numbers.times(row.ratio.value).split()
    return [Highlight(figure, f"{word} than {run.stratum.reference}")]
