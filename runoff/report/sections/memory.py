"""Memory: its peak by stage, and its course."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate, pairwise

from runoff.charts.drawing import BLUE, INK, Figure, contender_axis, rows_axis, specify
from runoff.charts.stacks import stacked_bars
from runoff.charts.vega_lite import Given, channel, chart_of, layered
from runoff.report.blocks import PAGE, Section
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


def memory_section(_: StoredRun) -> Section:
    """Draw the peak of memory by stage, and memory over time."""
    return Section("memory", "Memory", charts=(peak_figure, curve_figure), shown_in=(PAGE,))


def peak_figure(run: StoredRun) -> Figure | None:
    """Draw the peak memory, and what each stage adds to it."""
    return stacked_bars(
        {row.contender: added_by_stage(row.peaks) for row in run.rows if row.peaks},
        {row.contender: f"{numbers.megabytes(row.peak)} MB" for row in run.rows},
        whole="Peak memory",
        axis="MB",
        caption="Peak memory of the whole process, and by how much each stage raised it.",
    )


def added_by_stage(peaks: Mapping[str, float]) -> dict[str, float]:
    """Return by how many megabytes each stage raised the high-water mark."""
    marks = pairwise((0.0, *accumulate(peaks.values(), max)))
    return {stage: (after - before) / numbers.MEGABYTE for stage, (before, after) in zip(peaks, marks, strict=True)}


def curve_figure(run: StoredRun) -> Figure | None:
    """Draw the memory of each contender's process over time, one beneath the other to the same scales."""
    curves = {row.contender: row.curve for row in run.rows if row.curve}
    if not curves:
        return None
    highest = {name: f"{numbers.megabytes(max(curve.sizes))} MB" for name, curve in curves.items()}
    most = max(max(curve.sizes) for curve in curves.values())
    ends = sorted(curve.seconds[-1] for curve in curves.values())
    stretched = ends[-1] > UNEVEN * ends[len(ends) // 2]
    room = ends[-1] * (1.35 if stretched else 1.16) or 1.0  # the highest values are written behind the curves
    points = [
        {"who": name, "seconds": round(at, 4), "size": round(place - FILLED * size / most, 4), "line": place}
        for place, (name, curve) in enumerate(curves.items(), 1)
        for at, size in thinned(curve)
    ]
    labels = [
        {"who": name, "seconds": curve.seconds[-1], "size": place + 0.75, "text": highest[name]}
        for place, (name, curve) in enumerate(curves.items())
    ]
    uneven = {"values": round_moments(ends[-1])} if stretched else {}
    moments = Given(title="seconds since the process was started", **uneven)
    scale = Given(type="sqrt" if stretched else "linear", domain=[0, room], nice=False)
    along, upwards = channel("seconds:Q", scale=scale, axis=moments), rows_axis("size:Q", len(curves))
    areas = chart_of(points).mark("area", color=BLUE, opacity=0.3, line={"color": BLUE, "strokeWidth": 1.5})
    texts = chart_of(labels).mark("text", align="left", dx=6, color=INK, fontSize=12)
    names = chart_of(labels).mark("point", opacity=0).encode(x=along, y=contender_axis())
    shapes = layered(
        areas.encode(x=along, y=upwards, y2="line:Q", detail="who:N"), texts.encode(x=along, y=upwards, text="text:N")
    )
    return Figure(
        "Memory over time",
        specify(layered(shapes, names, y="independent"), list(curves), step=ROW),
        "Memory of a process over time, from its start through one inference of every picture, seen from "
        "outside in a pass where nothing is timed. All to the same scales; the figure is the highest that was seen."
        f"{' The axis of time is stretched at its beginning.' if stretched else ''}",
        f"Memory over time: {'; '.join(f'{name} up to {text}' for name, text in highest.items())}.",
    )


def round_moments(longest: float) -> list[float]:
    """Choose round moments for an axis that is stretched at its beginning."""
    decades = range(-1, math.ceil(math.log10(max(longest, 1.0))) + 1)
    moments = [step * 10.0**decade for decade in decades for step in (1, 3)]
    return [0.0, *(moment for moment in moments if longest / 40 < moment <= longest)]


def thinned(curve: Curve) -> list[tuple[float, float]]:
    """Return at most about MOST_POINTS points of a curve as (seconds, bytes), the first and the last among them.

    Each stretch is stood for by its highest point, so that no peak is lost.
    """
    points = list(zip(curve.seconds, curve.sizes, strict=True))
    stretch = math.ceil(len(points) / MOST_POINTS)
    cuts = [*range(0, len(points), stretch), len(points)]
    highest = [max(points[begin:end], key=lambda point: point[1]) for begin, end in pairwise(cuts)]
    return list(dict.fromkeys([points[0], *highest, points[-1]]))
