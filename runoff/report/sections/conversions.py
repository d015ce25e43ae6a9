"""What converts, by converter and exporter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from runoff.judge.conversions import CLAIMED_FAILURES, FAILED, WRONG, Cell, Totals, count, outcome, share_interval
from runoff.report.blocks import Section
from runoff.report.charts.conversions import conversion_figure, exporter_name
from runoff.stored.details import Conversions
from runoff.stored.run import StoredRun
from runoff.stored.service import Rate
from runoff.text import numbers
from runoff.text.table import Table, make_columns, plain_notes

CLAIMED_CONVERTER = "onnx-tf"


def conversion_section(run: StoredRun) -> Section | None:
    """Say how many conversions came out right by converter and exporter, None where none was tried."""
    if not run.conversions:
        return None
    return Section(
        name="conversion",
        title="What converts",
        table=Table(
            caption="Models exported to ONNX by torch's exporters, converted, run, and compared with their module",
            columns=make_columns(
                (
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
                ("exporter",),
            ),
            rows=tuple(row(one) for one in run.conversions),
        ),
        notes=plain_notes((claim_note(run.conversions), *repair_notes(run.conversions))),
        charts=(conversion_figure,),
    )


def row(one: Conversions) -> tuple[str, ...]:
    """Write a converter's line."""
    totals = count(one.cells)
    return (
        one.converter,
        exporter_name(one.exporter),
        str(totals.tried),
        str(totals.right),
        str(sum(cell.plain.result == WRONG for cell in one.cells)),
        str(sum(cell.plain.result == FAILED for cell in one.cells) - totals.not_exported),
        numbers.percent(totals.not_right / totals.tried) if totals.tried else numbers.NOTHING,
        str(totals.repaired) if totals.repaired else numbers.NOTHING,
        str(totals.not_exported),
        str(totals.skipped),
    )


def failed_share(conversions: Iterable[Conversions]) -> tuple[Totals, Rate] | None:
    """Return what came of ONNX to TensorFlow by onnx-tf, and the share that was not right; None if none was tried."""
    totals = count(cell for each in conversions if each.converter == CLAIMED_CONVERTER for cell in each.cells)
    if not totals.tried:
        return None
    return totals, Rate(totals.not_right / totals.tried, *share_interval(totals.not_right, totals.tried))


def claim_note(conversions: Iterable[Conversions]) -> str:
    """Set what was measured of ONNX to TensorFlow by onnx-tf beside what is claimed of it."""
    measured = failed_share(conversions)
    if measured is None:
        return f"ONNX to TensorFlow by {CLAIMED_CONVERTER} was not tried here."
    totals, share = measured
    return (
        f"{totals.not_right} of {totals.tried} conversions by onnx-tf were not right as exported: "
        f"{numbers.with_interval(share, numbers.percent)} (95 %, Wilson), where about "
        f"{numbers.percent(CLAIMED_FAILURES)} is claimed; the share is that of these models and operator sets, and no "
        "sample of all there are."
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
            repairs = ", ".join(f"{repair} ({times})" for repair, times in named.most_common())
            notes.append(f"{converter}: {len(mended)} more are right after repair, which did: {repairs}.")
    return tuple(notes)
