"""What converts, as a heat map: models down, converters, exporters and operator sets across."""

from __future__ import annotations

import altair as alt

from runoff.charts.drawing import BLUE, GREEN, GREY, INK, OCHRE, ORANGE, WIDTH, Figure, draw, inline
from runoff.judge.conversions import SKIPPED, Cell, Totals, count, outcome
from runoff.stored.run import StoredRun
from runoff.text import numbers

STEP = 20
COLUMN = 20
LABELS = 180
"""Pixels: a row, the least that a column with its upright label needs, and the models' names."""
EXPORTERS = {"torchscript": "TorchScript"}
LOOKS = {
    "right": ("right", GREEN, "●"),
    "repaired": ("right after repair", BLUE, "◐"),
    "wrong": ("wrong", OCHRE, "≠"),
    "failed": ("failed", ORANGE, "×"),
    "not_exported": ("not exported", GREY, "–"),
    "skipped": ("skipped", "transparent", "·"),
}
"""What each outcome is called, its hue, and the sign that tells it without colours."""


def conversion_figure(run: StoredRun) -> Figure | None:
    """Draw the cells of all converters, columns in which nothing was tried aside; None where there are too few."""
    every = [(one.converter, cell) for one in run.conversions for cell in one.cells]
    tried = {column(converter, cell) for converter, cell in every if cell.plain.result != SKIPPED}
    pairs = [(converter, cell) for converter, cell in every if column(converter, cell) in tried]
    models = list(dict.fromkeys(cell.model for _, cell in pairs))
    if len(models) < 2:
        return None
    columns = sorted(
        {column(converter, cell): (converter, cell.exporter, cell.opset) for converter, cell in pairs}.items()
    )
    order = [name for name, _ in sorted(columns, key=lambda item: item[1])]
    values = [
        {
            "model": cell.model,
            "column": column(converter, cell),
            "outcome": LOOKS[outcome(cell)][0],
            "sign": LOOKS[outcome(cell)][2],
        }
        for converter, cell in pairs
    ]
    shown = [look for look in LOOKS.values() if any(value["outcome"] == look[0] for value in values)]
    upright = alt.Axis(title=None, orient="top", labelAngle=-90, domain=False, ticks=False)
    base = alt.Chart(inline(values)).encode(
        x=alt.X("column:N", sort=order, axis=upright),
        y=alt.Y("model:N", sort=None, axis=alt.Axis(title=None, domain=False, ticks=False)),
    )
    hues = alt.Scale(domain=[name for name, _, _ in shown], range=[hue for _, hue, _ in shown])
    squares = base.mark_rect(stroke=INK, strokeOpacity=0.2, fillOpacity=0.45).encode(
        color=alt.Color("outcome:N", scale=hues, legend=alt.Legend(title=None, orient="bottom", columns=3))
    )
    signs = base.mark_text(fontSize=11, color=INK).encode(text="sign:N")
    legend = ", ".join(f"{sign} {name}" for name, _, sign in shown)
    described = [
        f"{each.converter} from {exporter_name(each.exporter)}: {totals_text(count(each.cells))}"
        for each in run.conversions
    ]
    width = max(WIDTH, COLUMN * len(order) + LABELS)
    return Figure(
        title="What converts, by model",
        svg=draw(squares + signs, models, step=STEP, width=width),
        caption=f"Models down, converters with exporters and operator sets across. {legend}",
        alternative="; ".join(described),
        wide=width > WIDTH,
    )


def column(converter: str, cell: Cell) -> str:
    """Name a column."""
    return f"{converter}, {exporter_name(cell.exporter)} {cell.opset}"


def exporter_name(exporter: str) -> str:
    """Name an exporter."""
    return EXPORTERS.get(exporter, exporter)


def totals_text(totals: Totals) -> str:
    """Say the totals."""
    described = [
        numbers.count(number, what, what)
        for number, what in (
            (totals.right, "right"),
            (totals.repaired, "right after repair"),
            (totals.wrong, "wrong"),
            (totals.failed, "failed"),
            (totals.not_exported, "not exported"),
            (totals.skipped, "skipped"),
        )
        if number
    ]
    return ", ".join(described)
