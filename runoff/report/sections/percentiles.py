"""The percentiles of single inferences, and why one is withheld."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from runoff.report.blocks import PAGE, Section
from runoff.stored import wording
from runoff.stored.benchmarks import Percentiles
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table

PERCENTILES = ("p50", "p90", "p95", "p99")


def percentile_section(run: StoredRun) -> Section:
    """Write the percentiles of each contender that was timed."""
    rows = [
        {
            "contender": row.contender,
            "samples": str(row.percentiles.samples),
            **{name: numbers.milliseconds(wording.percentile(row, name)) for name in PERCENTILES},
        }
        for row in run.timed
        if row.percentiles
    ]
    caption = "All rounds of all launches, in ms; a percentile that the samples do not bound is not shown"
    return Section("percentiles", "Latency percentiles", make_table(caption, rows), shown_in=(PAGE,))


def withheld(measured: Mapping[str, Percentiles], names: Collection[str] = PERCENTILES) -> list[str]:
    """Say which percentiles are withheld and why, once for each reason; of whom, where it is not so of all."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for contender, percentiles in measured.items():
        for name, reason in percentiles.withheld.items():
            if name in names:
                reasons.setdefault((name, reason), []).append(contender)
    sentences = []
    for (name, reason), contenders in reasons.items():
        of_whom = f" for {numbers.listing(contenders)}" if len(contenders) < len(measured) else ""
        sentences.append(f"{name} is not shown{of_whom}: {reason}")
    return sentences
