"""Lines over a number, one for each of several names, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runoff.charts.drawing import chart_of, hue, palette, top_legend
from runoff.charts.lazy import alt
from runoff.text.numbers import HasInterval

STEPS = 8
"""How high such a chart is, in the steps that ``draw`` counts in."""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])


def lines(
    values: Mapping[str, Mapping[int, HasInterval]], along: str, upwards: str, scale: alt.Scale
) -> alt.LayerChart | alt.FacetChart:
    """Draw a line for each name over a number on a scale of doublings, with a bar for every interval."""
    points: list[dict[str, Any]] = [
        {"who": name, "number": number, "value": shown.value, "low": shown.low, "high": shown.high}
        for name, line in values.items()
        for number, shown in sorted(line.items())
    ]
    names = list(values)
    dashes = [DASHES[place % len(DASHES)] for place in range(len(names))]
    legend = top_legend("stroke")
    x = alt.X(
        "number:Q",
        scale=doublings(),
        axis=alt.Axis(values=sorted({point["number"] for point in points}), format="d", title=along),
    )
    colour = hue("who:N", palette(names), legend)
    dash = alt.StrokeDash("who:N", legend=legend, scale=alt.Scale(domain=names, range=dashes))
    drawn, spans = chart_of(points), chart_of([point for point in points if point["low"] is not None])
    y = alt.Y("value:Q", title=upwards, scale=scale)
    return alt.layer(
        drawn.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash),
        drawn.mark_point(filled=True, size=40, opacity=1).encode(x=x, y=y, color=colour),
        spans.mark_rule(strokeWidth=2, opacity=0.5).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour),
    )


def doublings() -> alt.Scale:
    """Return a scale on which a doubling is as far everywhere."""
    return alt.Scale(type="log", base=2)
