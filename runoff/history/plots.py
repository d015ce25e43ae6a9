"""How a history's charts look, apart from what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runoff.charts.drawing import INK, Figure, specify
from runoff.charts.vega_lite import Given, channel, chart_of, layered

STEPS_HIGH = 5


@dataclass(frozen=True)
class Plot:
    """What a chart shows, as plain values.

    ``points`` are the values, ``colours`` those of the lines, ``marks`` the places of steps, ``axis``,
    ``value_axis`` and ``value_scale`` what Vega-Lite is told of the two axes, ``runs`` how many the chart has room for.
    With ``intervals`` each point is seen.
    """

    title: str
    unit_title: str
    runs: int
    axis: Mapping[str, Any]
    value_axis: Mapping[str, Any]
    value_scale: Mapping[str, Any]
    points: Sequence[Mapping[str, Any]]
    colours: tuple[str, ...]
    marks: tuple[float, ...]
    intervals: bool
    alternative: str


def draw_plot(plot: Plot) -> Figure:
    """Draw a chart."""
    x = channel(
        "place:Q",
        axis=plot.axis,
        scale=Given(domain=[0.5, plot.runs + 0.5], nice=False),
    )
    value_axis = {"axis": plot.value_axis} if plot.value_axis else {}
    y = channel("value:Q", title=plot.unit_title, scale=plot.value_scale, **value_axis)
    lines = list(range(len(plot.colours)))
    colour = channel("line:N", legend=None, scale=Given(domain=lines, range=list(plot.colours)))
    drawn = chart_of(plot.points)
    layers = [drawn.mark("line", strokeWidth=1.5).encode(x=x, y=y, color=colour)]
    if plot.intervals:
        spans = drawn.mark("rule", strokeWidth=1.5, opacity=0.4)
        layers.append(spans.encode(x=x, y=channel("low:Q", title=plot.unit_title), y2="high:Q", color=colour))
        layers.append(drawn.mark("point", filled=True, size=30, opacity=1).encode(x=x, y=y, color=colour))
    if plot.marks:
        marked = chart_of([{"place": place} for place in plot.marks])
        layers.append(marked.mark("rule", color=INK, strokeDash=[4, 3], opacity=0.55).encode(x="place:Q"))
    return Figure(plot.title, specify(layered(*layers), [""] * STEPS_HIGH), "", plot.alternative)
