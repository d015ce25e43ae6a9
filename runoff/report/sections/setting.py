"""What was measured: machine, checkpoint, pictures, versions, and what each contender is."""

from __future__ import annotations

from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import Table, make_columns

LARGEST = "largest difference\nof a logit"


def contender_table(run: StoredRun) -> Table:
    """Say what each contender is."""
    return Table(
        caption="What each contender is",
        columns=make_columns(
            ("contender", "how it runs", "precision", LARGEST, "versions"), ("how it runs", "precision", "versions")
        ),
        rows=tuple(
            (
                row.contender,
                row.description,
                row.precision,
                numbers.NOTHING if row.largest_difference is None else f"{row.largest_difference:.1g}",
                ", ".join(f"{name}\N{NO-BREAK SPACE}{version}" for name, version in row.versions.items()),
            )
            for row in run.rows
        ),
    )
