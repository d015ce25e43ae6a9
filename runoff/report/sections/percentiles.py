"""The percentiles of single inferences, and why one is withheld."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from runoff.report.blocks import PAGE, Section
from runoff.stored import wording
from runoff.stored.benchmarks import Percentiles
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import Table, make_columns

PERCENTILES = ("p50", "p90", "p95", "p99")


def percentile_section(run: StoredRun) -> Section:
    """Write the percentiles of each contender that was timed."""
    table = Table(
        caption="All rounds of all launches, in ms; a percentile that the samples do not bound is withheld",
        columns=make_columns(("contender", "samples", *PERCENTILES)),
        rows=tuple(
            (
                row.contender,
                str(row.percentiles.samples),
                *(numbers.milliseconds(wording.percentile(row, name)) for name in PERCENTILES),
            )
            for row in run.timed
            if row.percentiles
        ),
    )
    return Section("percentiles", "Latency percentiles", table, shown_in=(PAGE,))


def withheld(measured: Mapping[str, Percentiles], names: Collection[str] = PERCENTILES) -> list[str]:
    """Say which percentiles are withheld and why, once for each reason; of whom, where it is not so of all."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for contender, percentiles in measured.items():
        for name, reason in percentiles.withheld.items():
            if name in names:
                reasons.setdefault((name, reason), []).append(contender)
    return [
        f"{name} is withheld{of_whom(contenders) if len(contenders) < len(measured) else ''}: {reason}"
        for (name, reason), contenders in reasons.items()
    ]


def of_whom(contenders: Sequence[str]) -> str:
    """Name the contenders that something is so of."""
    return f" for {numbers.listing(contenders)}"
