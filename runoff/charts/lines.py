"""Lines over a number, one for each of several names, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runoff.charts.drawing import hue, palette, top_legend
from runoff.charts.vega_lite import Chart, Given, channel, chart_of, layered
from runoff.text.numbers import HasInterval

STEPS = 8
"""How high such a chart is, in the steps that ``draw`` counts in."""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])


def lines(values: Mapping[str, Mapping[int, HasInterval]], along: str, upwards: str, scale: Given) -> Chart:
    """Draw a line for each name over a number on a scale of doublings, with a bar for every interval."""
    points: list[dict[str, Any]] = [
        {"who": name, "number": number, "value": shown.value, "low": shown.low, "high": shown.high}
        for name, line in values.items()
        for number, shown in sorted(line.items())
    ]
    names = list(values)
    dashes = [DASHES[place % len(DASHES)] for place in range(len(names))]
    legend = top_legend("stroke")
    x = channel(
        "number:Q",
        scale=doublings(),
        axis=Given(values=sorted({point["number"] for point in points}), format="d", title=along),
    )
    colour = hue("who:N", palette(names), legend)
    dash = channel("who:N", legend=legend, scale=Given(domain=names, range=dashes))
    drawn, spans = chart_of(points), chart_of([point for point in points if point["low"] is not None])
    y = channel("value:Q", title=upwards, scale=scale)
    return layered(
        drawn.mark("line", strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash),
        drawn.mark("point", filled=True, size=40, opacity=1).encode(x=x, y=y, color=colour),
        spans.mark("rule", strokeWidth=2, opacity=0.5).encode(x=x, y=channel("low:Q"), y2="high:Q", color=colour),
    )


def doublings() -> Given:
    """Return a scale on which a doubling is as far everywhere."""
    return Given(type="log", base=2)
