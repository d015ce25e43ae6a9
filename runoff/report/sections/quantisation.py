"""What reduced precision costs and buys, in words."""

from __future__ import annotations

from runoff.report.blocks import Section
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table, plain_notes


def quantisation_section(run: StoredRun) -> Section | None:
    """Say what reduced precision costs and buys, None where nothing of it was measured."""
    if not run.quantisation:
        return None
    rows = [
        {
            "contender": measured.contender,
            "precision": measured.precision,
            "Top-1\nagrees": numbers.share(measured.decided_agreement),
            "floor": f"{measured.floor * 100:g} %",
            "of pictures": f"{measured.decided} of {measured.images}",
            "of all": numbers.share(measured.all_agreement),
            "RMS\nerror": f"{measured.rms_difference:.3f}",
            "largest\nerror": f"{measured.largest_difference:.2f}",
            "time against\nfloat32": numbers.ratio(measured.ratio_to_float32),
        }
        for measured in sorted(run.quantisation, key=lambda measured: measured.contender)
    ]
    _, several = wording.compared(run)
    caption = f"Agreement with golden and error of the {several}, and the time against the same backend in float32"
    lead = max(measured.lead for measured in run.quantisation)
    note = (
        f"It must agree on its floor's share of the pictures that golden is sure of: whose Top-1 probability "
        f"leads by at least {lead * 100:g} percentage points. Errors are in {several}."
    )
    table = make_table(caption, rows, ("precision",), droppable=("of all", "largest\nerror", "of pictures"))
    return Section("quantisation", "Reduced precision", table, plain_notes((note,)))
