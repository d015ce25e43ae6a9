"""The percentiles of single inferences."""

from __future__ import annotations

from runoff.report.sections import words
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import Table, make_columns

PERCENTILES = ("p50", "p90", "p95", "p99")


def percentile_table(run: StoredRun) -> Table:
    """Write the percentiles of each contender that was timed."""
    return Table(
        caption="All rounds of all launches, in ms; a percentile that the samples do not bound is withheld",
        columns=make_columns(("contender", "samples", *PERCENTILES)),
        rows=tuple(
            (
                row.contender,
                str(row.percentiles.samples),
                *(numbers.milliseconds(words.percentile(row, name)) for name in PERCENTILES),
            )
            for row in run.timed
            if row.percentiles
        ),
    )
