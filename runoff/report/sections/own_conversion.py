"""What converts of the user's own model, exporter by exporter."""

from __future__ import annotations

from runoff.judge.conversions import RIGHT, Cell, outcome
from runoff.report.blocks import Section
from runoff.report.sections.conversions import LOOKS, column
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table


def own_conversion_section(run: StoredRun) -> Section | None:
    """Show each conversion of the user's own model, None where none was tried."""
    tried = [(each.converter, cell) for each in run.conversions for cell in each.cells if cell.own]
    if not tried:
        return None
    rows = [
        {"converter": column(converter, cell.exporter, cell.opset), "result": LOOKS[outcome(cell)][0], "why": why(cell)}
        for converter, cell in tried
    ]
    caption = f"{tried[0][1].model}, exported, converted, run, and compared with its module"
    return Section("own-conversion", "What converts of this model", make_table(caption, rows, ("converter", "why")))


def why(cell: Cell) -> str:
    """Say what had to be repaired, or where and why it is not right."""
    if cell.best.result == RIGHT:
        return ", ".join(cell.repairs) if outcome(cell) == "repaired" else numbers.NOTHING
    where = " at ".join(filter(None, (cell.plain.operator, cell.plain.stage)))
    return ": ".join(filter(None, (where, cell.plain.reason))) or numbers.NOTHING
