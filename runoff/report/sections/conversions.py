"""What converts and where it breaks, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from runoff.judge.conversions import (
    CLAIMED_FAILURES,
    FAILED,
    RIGHT,
    SKIPPED,
    WRONG,
    Cell,
    count,
    outcome,
    share_interval,
)
from runoff.report.sections.sections import Section
from runoff.stored.conversions import Conversions
from runoff.stored.run import StoredRun
from runoff.text import numbers

CLAIMED_CONVERTER = "onnx-tf"
EXPORTER_WORDS = {"torchscript": "TorchScript", "dynamo": "dynamo"}
MOST_BREAKS = 12


def conversion_section(run: StoredRun) -> Section | None:
    """Say how many conversions came out right by converter and exporter, None where none was tried."""
    if not run.conversions:
        return None
    return Section(
        name="conversion",
        title="What converts",
        caption="Models exported to ONNX by torch's exporters, converted, run, and held to the module they came from",
        headings=(
            "converter",
            "exporter",
            "tried",
            "right",
            "wrong",
            "failed",
            "not right",
            "right after\nrepair",
            "not\nexported",
            "skipped",
        ),
        rows=tuple(row(one) for one in run.conversions),
        notes=(claim_note(run.conversions), *repair_notes(run.conversions)),
        words=frozenset({"exporter"}),
    )


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
        rows.append((converter, operator, str(len(cells)), str(mended), several(cell.model for cell in cells), reason))
    left_out = len(breaks) - len(rows)
    return Section(
        name="conversion-breaks",
        title="Where conversions break",
        caption="Cells that are not right as they were exported, by operator and reason",
        headings=("converter", "operator", "cells", "repaired", "models", "reason"),
        rows=tuple(rows),
        notes=(f"{left_out} rarer reasons are in the JSON.",) if left_out else (),
        words=frozenset({"operator", "models", "reason"}),
    )


def row(one: Conversions) -> tuple[str, ...]:
    """Write a converter's line."""
    totals = count(one.cells)
    return (
        one.converter,
        EXPORTER_WORDS.get(one.exporter, one.exporter),
        str(totals.tried),
        str(totals.right),
        str(sum(cell.plain.result == WRONG for cell in one.cells)),
        str(sum(cell.plain.result == FAILED for cell in one.cells) - totals.not_exported),
        numbers.percent(totals.not_right / totals.tried) if totals.tried else numbers.NOTHING,
        str(totals.repaired) if totals.repaired else numbers.NOTHING,
        str(totals.not_exported),
        str(totals.skipped),
    )


def claim_note(converted: Iterable[Conversions]) -> str:
    """Set what was measured of ONNX to TensorFlow by onnx-tf beside what is claimed of it."""
    totals = count(cell for one in converted if one.converter == CLAIMED_CONVERTER for cell in one.cells)
    if not totals.tried:
        return f"ONNX to TensorFlow by {CLAIMED_CONVERTER} was not tried here."
    low, high = share_interval(totals.not_right, totals.tried)
    return (
        f"{totals.not_right} of {totals.tried} conversions by onnx-tf were not right as exported: "
        f"{numbers.percent(totals.not_right / totals.tried)} [{numbers.percent(low)}, {numbers.percent(high)}] "
        f"(95 %, Wilson), where about {numbers.percent(CLAIMED_FAILURES)} is claimed; the share is that of these "
        "models and operator sets, and no sample of all there are."
    )


def repair_notes(converted: Iterable[Conversions]) -> tuple[str, ...]:
    """Say what repairs changed, by converter."""
    notes = []
    by_converter: dict[str, list[Cell]] = {}
    for one in converted:
        by_converter.setdefault(one.converter, []).extend(cell for cell in one.cells if outcome(cell) == "repaired")
    for converter, mended in by_converter.items():
        named = Counter(repair for cell in mended for repair in cell.repairs)
        if named:
            told = ", ".join(f"{repair} ({times})" for repair, times in named.most_common())
            notes.append(f"{converter}: {len(mended)} more are right after repair, which did: {told}.")
    return tuple(notes)


def break_of(one: Conversions, cell: Cell) -> tuple[str, str, str] | None:
    """Give what a cell that is not right broke on: who, which operator, why."""
    if cell.plain.result in {RIGHT, SKIPPED}:
        return None
    who = (
        f"torch, {EXPORTER_WORDS.get(one.exporter, one.exporter)}" if outcome(cell) == "not_exported" else one.converter
    )
    return (who, cell.plain.operator or numbers.NOTHING, cell.plain.reason or numbers.NOTHING)


def several(names: Iterable[str], most: int = 3) -> str:
    """Name a few, and how many more there are."""
    different = list(dict.fromkeys(names))
    more = len(different) - most
    return ", ".join(different[:most]) + (f" and {more} more" if more > 0 else "")
