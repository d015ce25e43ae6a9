"""Where conversions break: on which operator, and why."""

from __future__ import annotations

from collections import Counter

from runoff.judge.conversions import RIGHT, SKIPPED, Cell, outcome
from runoff.report.blocks import Section
from runoff.report.charts.conversions import exporter_name
from runoff.stored.details import Conversions
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import Table, make_columns, plain_notes

MOST_BREAKS = 12


def breaks_section(run: StoredRun) -> Section | None:
    """Say on which operators conversions broke, the most frequent first; None where none did."""
    breaks = Counter(key for one in run.conversions for cell in one.cells if (key := break_of(one, cell)))
    if not breaks:
        return None
    rows = []
    for (converter, operator, reason), _ in breaks.most_common(MOST_BREAKS):
        cells = [
            cell
            for one in run.conversions
            for cell in one.cells
            if break_of(one, cell) == (converter, operator, reason)
        ]
        mended = sum(cell.best.result == RIGHT for cell in cells)
        models = numbers.first_few(list(dict.fromkeys(cell.model for cell in cells)))
        rows.append((converter, operator, str(len(cells)), str(mended), models, reason))
    left_out = len(breaks) - len(rows)
    return Section(
        name="conversion-breaks",
        title="Where conversions break",
        table=Table(
            caption="Cells that are not right as they were exported, by operator and reason",
            columns=make_columns(
                ("converter", "operator", "cells", "repaired", "models", "reason"), ("operator", "models", "reason")
            ),
            rows=tuple(rows),
        ),
        notes=plain_notes((f"{left_out} rarer reasons are in the JSON.",) if left_out else ()),
    )


def break_of(one: Conversions, cell: Cell) -> tuple[str, str, str] | None:
    """Return what a cell that is not right broke on: who, which operator, why."""
    if cell.plain.result in {RIGHT, SKIPPED}:
        return None
    who = f"torch, {exporter_name(one.exporter)}" if outcome(cell) == "not_exported" else one.converter
    return (who, cell.plain.operator or numbers.NOTHING, cell.plain.reason or numbers.NOTHING)
