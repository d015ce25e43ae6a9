"""Shift functions: the ratio of quantiles over all quantiles, a line with a band for each of several pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from runoff.charts.drawing import DASHED, hue, logarithmic, palette, top_legend
from runoff.charts.lines import DASHES
from runoff.charts.vega_lite import Chart, Given, channel, chart_of, layered
from runoff.text.numbers import HasInterval

HEIGHT = 8
"""How high such a chart is, in the steps that ``draw`` counts in."""


class AtQuantile(HasInterval, Protocol):
    """The ratio of one quantile with its interval."""

    @property
    def share(self) -> float:
        """The share of rounds below the quantile."""


def shift_chart(lines: Mapping[str, Sequence[AtQuantile]], upwards: str) -> Chart:
    """Draw a line for each name, and the band of its pointwise intervals."""
    points: list[dict[str, Any]] = [
        {"who": name, "percent": 100 * at.share, "value": at.value, "low": at.low, "high": at.high}
        for name, line in lines.items()
        for at in line
    ]
    ends = [value for point in points for value in (point["value"], point["low"], point["high"]) if value is not None]
    names = list(lines)
    scale = logarithmic(min(ends) / 1.03, max(ends) * 1.03, upwards)
    along = channel(
        "percent:Q",
        scale=Given(domain=[0, 100]),
        axis=Given(title="quantile of all rounds, % (left: the fastest)", tickCount=5),
    )
    legend = top_legend("stroke")
    colour = hue("who:N", palette(names), legend)
    dash = channel(
        "who:N",
        legend=legend,
        scale=Given(domain=names, range=[DASHES[place % len(DASHES)] for place in range(len(names))]),
    )
    band = [point for point in points if point["low"] is not None]
    return layered(
        chart_of(band)
        .mark("area", opacity=0.18)
        .encode(x=along, y=channel("low:Q", **scale), y2="high:Q", color=colour),
        chart_of(points)
        .mark("line", strokeWidth=2)
        .encode(x=along, y=channel("value:Q", **scale), color=colour, strokeDash=dash),
        chart_of([{"percent": 50}]).mark("rule", **DASHED).encode(x=along),
    )
