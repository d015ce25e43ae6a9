"""Where conversions break: on which operator, and why."""

from __future__ import annotations

from runoff.judge.conversions import RIGHT, SKIPPED, Cell, outcome
from runoff.report.blocks import Section
from runoff.report.sections.conversions import exporter_name
from runoff.stored.details import Conversions
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table, plain_notes

MOST_BREAKS = 12


def breaks_section(run: StoredRun) -> Section | None:
    """Say on which operators conversions broke, the most frequent first; None where none did."""
    breaks: dict[tuple[str, str, str], list[Cell]] = {}
    for tried in run.conversions:
        for cell in tried.cells:
            if cell.plain.result not in {RIGHT, SKIPPED}:
                breaks.setdefault(break_of(tried, cell), []).append(cell)
    if not breaks:
        return None
    frequent_first = sorted(breaks.items(), key=lambda item: -len(item[1]))
    rows = [
        {
            "converter": converter,
            "operator": operator,
            "cells": str(len(cells)),
            "repaired": str(sum(cell.best.result == RIGHT for cell in cells)),
            "models": numbers.first_few(list(dict.fromkeys(cell.model for cell in cells))),
            "reason": reason,
        }
        for (converter, operator, reason), cells in frequent_first[:MOST_BREAKS]
    ]
    caption = "Cells that are not right as they were exported, by operator and reason"
    table = make_table(caption, rows, ("operator", "models", "reason"))
    left_out = len(breaks) - len(rows)
    notes = plain_notes((f"{left_out} rarer reasons are in the JSON.",) if left_out else ())
    return Section("conversion-breaks", "Where conversions break", table, notes)


def break_of(tried: Conversions, cell: Cell) -> tuple[str, str, str]:
    """Return what a cell that is not right broke on: who, which operator, why."""
    who = f"torch, {exporter_name(tried.exporter)}" if outcome(cell) == "not_exported" else tried.converter
    return (who, cell.plain.operator or numbers.NOTHING, cell.plain.reason or numbers.NOTHING)
