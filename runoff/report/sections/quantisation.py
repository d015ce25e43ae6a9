"""What reduced precision costs and buys, in words."""

from __future__ import annotations

from runoff.report.blocks import Section
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import Table, make_columns, plain_notes


def quantisation_section(run: StoredRun) -> Section | None:
    """Say what reduced precision costs and buys, None where nothing of it was measured."""
    found = run.quantisation
    if not found:
        return None
    lead = max(one.lead for one in found)
    return Section(
        name="quantisation",
        title="Reduced precision",
        table=Table(
            caption="Agreement with golden and error of the logits, and the time against the same backend in float32",
            columns=make_columns(
                (
                    "contender",
                    "precision",
                    "Top-1\nagrees",
                    "floor",
                    "of pictures",
                    "of all",
                    "RMS\nerror",
                    "largest\nerror",
                    "time against\nfloat32",
                ),
                ("precision",),
            ),
            rows=tuple(
                (
                    one.contender,
                    one.precision,
                    numbers.share(one.decided_agreement),
                    f"{one.floor * 100:g} %",
                    f"{one.decided} of {one.images}",
                    numbers.share(one.all_agreement),
                    f"{one.rms_difference:.3f}",
                    f"{one.largest_difference:.2f}",
                    numbers.ratio(one.ratio_to_float32),
                )
                for one in sorted(found, key=lambda one: one.contender)
            ),
            droppable=("of all", "largest\nerror", "of pictures"),
        ),
        notes=plain_notes(
            (
                f"It must agree on its floor's share of the pictures that golden is sure of: whose Top-1 probability "
                f"leads by at least {lead * 100:g} percentage points. Errors are in logits.",
            )
        ),
    )
