"""The chart of ratios to the reference, with their intervals; on the page and as a file of its own."""

from __future__ import annotations

import re
from typing import Any

import altair as alt

from runoff.charts.drawing import BLUE, GREY, INK, ORANGE, Figure, contender_axis, draw, inline, ticks
from runoff.errors import RunoffError
from runoff.judge.ratios import FASTER, REFERENCE, SLOWER, Ratio
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.text import numbers

HUES = {FASTER: BLUE, SLOWER: ORANGE, REFERENCE: GREY, wording.OPEN: GREY}
"""By what a verdict is to the eye."""
SHAPES = {FASTER: "circle", SLOWER: "square", REFERENCE: "diamond", wording.OPEN: "cross"}
CONTROL = "control"
BAND = "The grey band is the control’s interval: what two equals reach is no difference. "


class NothingToDraw(RunoffError):
    """A chart was asked for that the run has no figures for."""


def ratio_figure(run: StoredRun) -> Figure | None:
    """Draw each contender's ratio to the reference with its interval, and the control's."""
    points = [
        ratio_point(row.contender, wording.verdict_class(row), row.ratio) for row in run.rows if row.ratio is not None
    ]
    if len(points) < 2:
        return None
    if run.info.control is not None:
        points.append(ratio_point(CONTROL, wording.OPEN, run.info.control))
    ends = [end for point in points for end in (point["value"], point["low"], point["high"]) if end is not None]
    low, high = min(*ends, 0.9) * 0.95, max(*ends, 1.1) * 1.05
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    along = alt.X(
        "value:Q",
        scale=scale,
        axis=alt.Axis(
            values=ticks(low, high), format="~r", title=f"time relative to {run.stratum.reference} (less is faster)"
        ),
    )
    across = contender_axis()
    kinds = list(SHAPES)
    colour = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[HUES[kind] for kind in kinds]), legend=None)
    shape = alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=list(SHAPES.values())), legend=None)
    dots = alt.Chart(inline(points))
    spans = alt.Chart(inline([point for point in points if point["low"] is not None]))
    one = alt.Chart(inline([{"value": 1}]))
    band = [point for point in points if point["who"] == CONTROL and point["low"] is not None]
    noise = alt.Chart(inline(band))
    chart = alt.layer(
        noise.mark_rect(color=GREY, opacity=0.22).encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
        one.mark_rule(color=INK, strokeDash=[4, 4], opacity=0.6).encode(x=along),
        spans.mark_rule(strokeWidth=12, opacity=0.35).encode(x=alt.X("low:Q"), x2="high:Q", y=across, color=colour),
        dots.mark_point(filled=True, size=40, opacity=1).encode(x=along, y=across, color=colour, shape=shape),
    )
    interval = wording.interval_heading(run).strip("[]")
    alt_text = "; ".join(f"{point['who']} {point['text']}" for point in points)
    return Figure(
        "Latency relative to the reference",
        draw(chart, [point["who"] for point in points]),
        f"Time of one inference relative to {run.stratum.reference}{f', with the {interval}' if interval else ''}. "
        "A circle is faster, a square slower, a cross no difference shown, the diamond the reference itself. "
        f"{BAND if band else ''}Logarithmic scale.",
        f"Ratios to {run.stratum.reference}: {alt_text}.",
    )


def ratio_point(who: str, kind: str, ratio: Ratio) -> dict[str, Any]:
    """Return the values that a ratio is drawn from."""
    return {
        "who": who,
        "kind": kind,
        "value": ratio.value,
        "low": ratio.low,
        "high": ratio.high,
        "text": numbers.ratio(ratio),
    }


def standalone_ratio_chart(run: StoredRun) -> str:
    """Draw the ratios as an SVG file with a white background; raises NothingToDraw where there are none."""
    figure = ratio_figure(run)
    if figure is None:
        raise NothingToDraw("the run has no ratios to draw; it takes a reference and another contender that were timed")
    white = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return re.sub(r"(<svg[^>]*>)", rf"\1{white}", figure.svg.replace(INK, "#1c2126"), count=1)
