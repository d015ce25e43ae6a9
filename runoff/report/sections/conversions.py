"""What converts, by converter and exporter, and as a heat map: models down, converters and operator sets across."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from runoff.charts.drawing import BLUE, GREEN, GREY, INK, OCHRE, ORANGE, WIDTH, Figure, hue, specify
from runoff.charts.vega_lite import Given, channel, chart_of, layered
from runoff.judge.conversions import (
    CLAIMED_FAILURES,
    FAILED,
    SKIPPED,
    WRONG,
    Cell,
    Totals,
    count,
    outcome,
)
from runoff.judge.shares import share_interval
from runoff.report.blocks import Section
from runoff.stored.details import Conversions
from runoff.stored.run import StoredRun
from runoff.stored.service import Rate
from runoff.text import numbers
from runoff.text.table import make_table, plain_notes

CLAIMED_CONVERTER = "onnx-tf"
STEP = 20
COLUMN = 20
LABELS = 180
"""Pixels: a row, the least that a column with its upright label needs, and the models' names."""
EXPORTERS = {"torchscript": "TorchScript", "file": "the file"}
LOOKS = {
    "right": ("right", GREEN, "●"),
    "repaired": ("right after repair", BLUE, "◐"),
    "wrong": ("wrong", OCHRE, "≠"),
    "failed": ("failed", ORANGE, "×"),
    "not_exported": ("not exported", GREY, "–"),
    "skipped": ("skipped", "transparent", "·"),
}
"""What each outcome is called, its hue, and the sign that tells it without colours."""


def conversion_section(run: StoredRun) -> Section | None:
    """Say how many conversions came out right by converter and exporter, None where none was tried."""
    if not run.conversions:
        return None
    caption = "Models exported to ONNX by torch's exporters, converted, run, and compared with their module"
    if all(cell.own for tried in run.conversions for cell in tried.cells):
        return None
    zoos = (tried for tried in run.conversions if not all(cell.own for cell in tried.cells))
    table = make_table(caption, list(map(totals_by_heading, zoos)), ("exporter",))
    notes = plain_notes((claim_note(run.conversions), *repair_notes(run.conversions)))
    return Section("conversion", "What converts", table, notes, (conversion_figure,))


def totals_by_heading(tried: Conversions) -> dict[str, str]:
    """Write a converter's line."""
    totals, results = count(tried.cells), Counter(cell.plain.result for cell in tried.cells if not cell.own)
    return {
        "converter": tried.converter,
        "exporter": exporter_name(tried.exporter),
        "tried": str(totals.tried),
        "right": str(totals.right),
        "wrong": str(results[WRONG]),
        "failed": str(results[FAILED] - totals.not_exported),
        "not right": numbers.percent(totals.not_right / totals.tried if totals.tried else None),
        "right after\nrepair": str(totals.repaired or numbers.NOTHING),
        "not\nexported": str(totals.not_exported),
        "skipped": str(totals.skipped),
    }


def failed_share(conversions: Iterable[Conversions]) -> tuple[Totals, Rate] | None:
    """Return what came of ONNX to TensorFlow by onnx-tf, and the share that was not right; None if none was tried."""
    totals = count(cell for tried in conversions if tried.converter == CLAIMED_CONVERTER for cell in tried.cells)
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


def repair_notes(conversions: Iterable[Conversions]) -> list[str]:
    """Say what repairs changed, by converter."""
    repaired: dict[str, list[Cell]] = {}
    for tried in conversions:
        mended = (cell for cell in tried.cells if outcome(cell) == "repaired" and not cell.own)
        repaired.setdefault(tried.converter, []).extend(mended)
    notes = []
    for converter, cells in repaired.items():
        if named := Counter(repair for cell in cells for repair in cell.repairs):
            repairs = ", ".join(f"{repair} ({times})" for repair, times in named.most_common())
            notes.append(f"{converter}: {len(cells)} more are right after repair, which did: {repairs}.")
    return notes


def conversion_figure(run: StoredRun) -> Figure | None:
    """Draw the cells of all converters, columns in which nothing was tried aside; None where there are too few."""
    placed = [
        ((conversions.converter, cell.exporter, cell.opset), cell)
        for conversions in run.conversions
        for cell in conversions.cells
    ]
    tried = {place for place, cell in placed if cell.plain.result != SKIPPED}
    cells = [(place, cell) for place, cell in placed if place in tried]
    models = list(dict.fromkeys(cell.model for _, cell in sorted(cells, key=lambda placed: not placed[1].own)))
    if len(models) < 2:
        return None
    order = [column(*place) for place in sorted(tried)]
    values = [
        {
            "model": cell.model,
            "column": column(*place),
            "outcome": LOOKS[outcome(cell)][0],
            "sign": LOOKS[outcome(cell)][2],
        }
        for place, cell in cells
    ]
    shown = [look for look in LOOKS.values() if any(value["outcome"] == look[0] for value in values)]
    upright = Given(title=None, orient="top", labelAngle=-90, domain=False, ticks=False)
    base = chart_of(values).encode(
        x=channel("column:N", sort=order, axis=upright),
        y=channel("model:N", sort=models, axis=Given(title=None, domain=False, ticks=False)),
    )
    colour = hue("outcome:N", {name: look for name, look, _ in shown}, Given(title=None, orient="bottom", columns=3))
    squares = base.mark("rect", stroke=INK, strokeOpacity=0.2, fillOpacity=0.45).encode(color=colour)
    signs = base.mark("text", fontSize=11, color=INK).encode(text="sign:N")
    legend = ", ".join(f"{sign} {name}" for name, _, sign in shown)
    described = [
        f"{conversions.converter} from {exporter_name(conversions.exporter)}: {totals_text(count(conversions.cells))}"
        for conversions in run.conversions
    ]
    width = max(WIDTH, COLUMN * len(order) + LABELS)
    return Figure(
        title="What converts, by model",
        drawing=specify(layered(squares, signs), models, step=STEP, width=width),
        caption=f"Models down, converters with exporters and operator sets across. {legend}",
        alternative="; ".join(described),
        wide=width > WIDTH,
    )


def column(converter: str, exporter: str, opset: int) -> str:
    """Name a column; a user's own file has no exporter, and the operator set that it has."""
    return f"{converter}, {exporter_name(exporter)}{f' {opset}' if opset else ''}"


def exporter_name(exporter: str) -> str:
    """Name an exporter."""
    return EXPORTERS.get(exporter, exporter)


def totals_text(totals: Totals) -> str:
    """Say the totals."""
    return ", ".join(f"{number} {LOOKS[outcome][0]}" for outcome, number in vars(totals).items() if number)
