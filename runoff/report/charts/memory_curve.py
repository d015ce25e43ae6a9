"""The chart of memory over time."""

from __future__ import annotations

import math

import altair as alt

from runoff.report import words
from runoff.report.charts.drawing import PALETTE, Figure, draw, top_legend
from runoff.report.rows import Curve
from runoff.report.stored import StoredRun

DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
CURVE_STEPS = 7
MOST_POINTS = 300


def curve_figure(run: StoredRun) -> Figure | None:
    """Draw the memory of each contender's process over time."""
    curves = [(row.contender, row.curve) for row in run.rows if row.curve]
    if not curves:
        return None
    names = [name for name, _ in curves]
    points = [{"who": name, "seconds": at, "size": size} for name, curve in curves for at, size in thinned(curve)]
    colours = [PALETTE[place % len(PALETTE)] for place in range(len(names))]
    dashes = [DASHES[place % len(DASHES)] for place in range(len(names))]
    legend = top_legend("stroke")
    chart = (
        alt.Chart(alt.InlineData(values=points))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("seconds:Q", title="seconds since the process was started"),
            y=alt.Y("size:Q", title="MB"),
            color=alt.Color("who:N", legend=legend, scale=alt.Scale(domain=names, range=colours)),
            strokeDash=alt.StrokeDash("who:N", legend=legend, scale=alt.Scale(domain=names, range=dashes)),
        )
    )
    told = "; ".join(f"{name} up to {words.megabytes(max(curve.sizes))} MB" for name, curve in curves)
    return Figure(
        draw(chart, [""] * CURVE_STEPS),
        "Memory of a process over time, from its start through one inference of every picture, seen from "
        "outside in a pass where nothing is timed.",
        f"Memory over time: {told}.",
    )


def thinned(curve: Curve) -> list[tuple[float, float]]:
    """Give at most MOST_POINTS points of a curve as (seconds, megabytes), the highest of each stretch."""
    points = [(at, size / words.MEGABYTE) for at, size in zip(curve.seconds, curve.sizes, strict=True)]
    stretch = math.ceil(len(points) / MOST_POINTS)
    return [
        max(points[begin : begin + stretch], key=lambda point: point[1]) for begin in range(0, len(points), stretch)
    ]
