"""The chart of memory over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import altair as alt

from runoff.charts.drawing import BLUE, INK, Figure, contender_axis, draw, inline
from runoff.stored.benchmarks import Curve
from runoff.stored.run import StoredRun
from runoff.text import numbers

MOST_POINTS = 100
ROW = 40
"""Pixels from one contender's line to the next."""
FILLED = 0.86
"""How much of that the highest curve takes."""
UNEVEN = 5
"""From how many times the usual duration on the longest one makes the axis stretch its beginning."""


def curve_figure(run: StoredRun) -> Figure | None:
    """Draw the memory of each contender's process over time, one beneath the other to the same scales."""
    curves = [(row.contender, row.curve) for row in run.rows if row.curve]
    if not curves:
        return None
    most = max(max(curve.sizes) for _, curve in curves)
    ends = sorted(curve.seconds[-1] for _, curve in curves)
    stretched = ends[-1] > UNEVEN * ends[len(ends) // 2]
    room = ends[-1] * (1.35 if stretched else 1.16) or 1.0  # the highest values are written behind the curves
    points = [
        {"who": name, "seconds": round(at, 4), "size": round(place + 1 - FILLED * size / most, 4), "line": place + 1}
        for place, (name, curve) in enumerate(curves)
        for at, size in thinned(curve)
    ]
    labels = [
        {
            "who": name,
            "seconds": curve.seconds[-1],
            "size": place + 0.75,
            "text": f"{numbers.megabytes(max(curve.sizes))} MB",
        }
        for place, (name, curve) in enumerate(curves)
    ]
    along = alt.X(
        "seconds:Q",
        scale=alt.Scale(type="sqrt" if stretched else "linear", domain=[0, room], nice=False),
        axis=alt.Axis(
            values=moments(ends[-1]) if stretched else alt.Undefined, title="seconds since the process was started"
        ),
    )
    upwards = alt.Y("size:Q", scale=alt.Scale(domain=[0, len(curves)], reverse=True, nice=False, zero=False), axis=None)
    drawn = alt.Chart(inline(points))
    areas = drawn.mark_area(color=BLUE, opacity=0.3, line={"color": BLUE, "strokeWidth": 1.5}).encode(
        x=along, y=upwards, y2="line:Q", detail="who:N"
    )
    texts = alt.Chart(inline(labels)).mark_text(align="left", dx=6, color=INK, fontSize=12)
    names = alt.Chart(inline(labels)).mark_point(opacity=0).encode(x=along, y=contender_axis())
    chart = alt.layer(alt.layer(areas, texts.encode(x=along, y=upwards, text="text:N")), names).resolve_scale(
        y="independent"
    )
    alt_text = "; ".join(f"{name} up to {numbers.megabytes(max(curve.sizes))} MB" for name, curve in curves)
    return Figure(
        "Memory over time",
        draw(chart, [name for name, _ in curves], step=ROW),
        "Memory of a process over time, from its start through one inference of every picture, seen from "
        "outside in a pass where nothing is timed. All to the same scales; the figure is the highest that was seen."
        f"{' The axis of time is stretched at its beginning.' if stretched else ''}",
        f"Memory over time: {alt_text}.",
    )


def moments(longest: float) -> list[float]:
    """Choose round moments for an axis that is stretched at its beginning."""
    decades = range(-1, math.ceil(math.log10(max(longest, 1.0))) + 1)
    return [
        0.0,
        *(value for decade in decades for step in (1, 3) if longest / 40 < (value := step * 10.0**decade) <= longest),
    ]


def thinned(curve: Curve) -> list[tuple[float, float]]:
    """Return at most about MOST_POINTS points of a curve as (seconds, bytes), the first and the last among them.

    Each stretch is stood for by its highest point, so that no peak is lost.
    """
    points = list(zip(curve.seconds, curve.sizes, strict=True))
    stretch = math.ceil(len(points) / MOST_POINTS)
    cuts = [*range(0, len(points), stretch), len(points)]
    highest = [max(points[begin:end], key=lambda point: point[1]) for begin, end in pairwise(cuts)]
    return unique([points[0], *highest, points[-1]])


def unique(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points without those that were there already."""
    return list(dict.fromkeys(points))
