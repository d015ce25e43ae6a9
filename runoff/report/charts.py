"""Charts of a stored run, drawn by Vega-Lite as SVG with nothing fetched."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

from runoff.contract import RunoffError
from runoff.report import words
from runoff.report.rows import Curve, Row
from runoff.report.stored import StoredRun
from runoff.statistics import FASTER, REFERENCE, SLOWER, Ratio

# Hues of Okabe and Ito's palette, which colour-blind people tell apart, at a lightness that reads on white and black.
BLUE, ORANGE, GREEN, PINK, GREY, SKY, OCHRE = (
    "#2f7fc1",
    "#d2691e",
    "#169b76",
    "#bb67a5",
    "#7f8790",
    "#45a5d6",
    "#b58900",
)
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, OCHRE, GREY)
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
VERDICTS = (
    (FASTER, BLUE, "circle"),
    (SLOWER, ORANGE, "square"),
    (REFERENCE, GREY, "diamond"),
    (words.OPEN, GREY, "cross"),
)
CONTROL = "control"
WIDTH = 480
STEP = 34
CURVE_STEPS = 7
INK = "currentColor"
FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
MOST_POINTS = 300


class NothingToDraw(RunoffError):
    """A chart was asked for that the run has no figures for."""


@dataclass(frozen=True)
class Figure:
    """A chart as SVG, the caption beneath it, and its content in words for those who can't see it."""

    svg: str
    caption: str
    alternative: str


def figures(run: StoredRun) -> list[Figure]:
    """Draw all charts that the run has figures for."""
    drawn = (ratio_figure(run), cold_start_figure(run), peak_figure(run), curve_figure(run))
    return [figure for figure in drawn if figure is not None]


def ratio_figure(run: StoredRun) -> Figure | None:
    """Draw each contender's ratio to the reference with its interval, and the control's."""
    points = [ratio_point(row.contender, words.tone(row), row.ratio) for row in run.rows if row.ratio is not None]
    if len(points) < 2:
        return None
    if run.control is not None:
        points.append(ratio_point(CONTROL, words.OPEN, run.control.ratio))
    ends = [end for point in points for end in (point["value"], point["low"], point["high"]) if end is not None]
    low, high = min(*ends, 0.9) * 0.95, max(*ends, 1.1) * 1.05
    along = alt.X(
        "value:Q",
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=alt.Axis(values=ticks(low, high), format="~r", title=f"time relative to {run.reference} (less is faster)"),
    )
    across = contender_axis()
    kinds, colours, shapes = zip(*VERDICTS, strict=True)
    colour = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=colours), legend=None)
    shape = alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=shapes), legend=None)
    dots = alt.Chart(alt.InlineData(values=points))
    spans = alt.Chart(alt.InlineData(values=[point for point in points if point["low"] is not None]))
    one = alt.Chart(alt.InlineData(values=[{"value": 1}]))
    chart = alt.layer(
        one.mark_rule(color=INK, strokeDash=[4, 4], opacity=0.6).encode(x=along),
        spans.mark_rule(strokeWidth=3, opacity=0.75).encode(x=alt.X("low:Q"), x2="high:Q", y=across, color=colour),
        dots.mark_point(filled=True, size=110, opacity=1).encode(x=along, y=across, color=colour, shape=shape),
    )
    interval = words.interval_heading(run).strip("[]")
    told = "; ".join(f"{point['who']} {point['text']}" for point in points)
    return Figure(
        draw(chart, [point["who"] for point in points]),
        f"Time of one inference relative to {run.reference}{f', with the {interval}' if interval else ''}. "
        "A circle is faster, a square slower, a cross no difference shown, the diamond the reference itself. "
        "Logarithmic scale.",
        f"Ratios to {run.reference}: {told}.",
    )


def ratio_point(who: str, kind: str, ratio: Ratio) -> dict[str, Any]:
    """Give the values that a ratio is drawn from."""
    return {
        "who": who,
        "kind": kind,
        "value": ratio.value,
        "low": ratio.low,
        "high": ratio.high,
        "text": words.ratio(ratio),
    }


def contender_axis() -> alt.Y:
    """Give the axis that names the contenders, in the order of the table."""
    return alt.Y("who:N", sort=None, axis=alt.Axis(title=None, domain=False, ticks=False))


def cold_start_figure(run: StoredRun) -> Figure | None:
    """Draw what a cold start consists of."""
    return stacked_figure(
        [(row, row.stages) for row in run.rows if row.stages],
        total=lambda row: f"{words.seconds(row.cold_start)} s",
        axis="seconds",
        caption="From nothing to the first answer in a fresh process: the median of each stage. "
        "The figure at the end is the median of the whole.",
        told="Cold start",
    )


def peak_figure(run: StoredRun) -> Figure | None:
    """Draw the peak memory, and what each stage adds to it."""
    return stacked_figure(
        [(row, added_by_stage(row.peaks)) for row in run.rows if row.peaks],
        total=lambda row: f"{words.megabytes(row.peak)} MB",
        axis="MB",
        caption="Peak memory of the whole process, and by how much each stage raised it.",
        told="Peak memory",
    )


def added_by_stage(peaks: Mapping[str, float]) -> dict[str, float]:
    """Give by how many megabytes each stage raised the high-water mark."""
    added: dict[str, float] = {}
    highest = 0.0
    for stage, peak in peaks.items():
        added[stage] = max(0.0, peak - highest) / words.MEGABYTE
        highest = max(highest, peak)
    return added


def stacked_figure(
    parts: Sequence[tuple[Row, Mapping[str, float]]],
    *,
    total: Callable[[Row], str],
    axis: str,
    caption: str,
    told: str,
) -> Figure | None:
    """Draw one bar a contender, stacked by stage, with the total at its end."""
    if not parts:
        return None
    stages = list(dict.fromkeys(stage for _, values in parts for stage in values))
    pieces = [
        {
            "who": row.contender,
            "stage": stage,
            "size": size,
            "place": stages.index(stage),
        }
        for row, values in parts
        for stage, size in values.items()
    ]
    ends = [{"who": row.contender, "size": sum(values.values()), "text": total(row)} for row, values in parts]
    across = contender_axis()
    longest = max(sum(values.values()) for _, values in parts)
    room = longest * 1.3 or 1.0  # the totals are written behind the bars
    along = alt.X("size:Q", scale=alt.Scale(domain=[0, room], nice=False), axis=alt.Axis(title=axis, tickCount=5))
    colour = alt.Color(
        "stage:N",
        scale=alt.Scale(domain=stages, range=[PALETTE[place % len(PALETTE)] for place in range(len(stages))]),
        legend=top_legend("square"),
    )
    bars = alt.Chart(alt.InlineData(values=pieces)).mark_bar(height=18)
    labels = alt.Chart(alt.InlineData(values=ends)).mark_text(align="left", dx=6, color=INK, fontSize=13)
    chart = alt.layer(
        bars.encode(x=along, y=across, color=colour, order=alt.Order("place:Q")),
        labels.encode(x=along, y=across, text="text:N"),
    )
    listed = "; ".join(f"{end['who']} {end['text']}" for end in ends)
    return Figure(draw(chart, [row.contender for row, _ in parts]), caption, f"{told}: {listed}.")


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


def top_legend(symbol: str) -> alt.Legend:
    """Give a legend above the chart."""
    return alt.Legend(title=None, orient="top", columns=3, symbolType=symbol, symbolSize=200, columnPadding=18)


def thinned(curve: Curve) -> list[tuple[float, float]]:
    """Give at most MOST_POINTS points of a curve as (seconds, megabytes), the highest of each stretch."""
    points = [(at, size / words.MEGABYTE) for at, size in zip(curve.seconds, curve.sizes, strict=True)]
    stretch = math.ceil(len(points) / MOST_POINTS)
    return [
        max(points[begin : begin + stretch], key=lambda point: point[1]) for begin in range(0, len(points), stretch)
    ]


def ticks(low: float, high: float) -> list[float]:
    """Choose about six round values for a logarithmic axis, 1 among them."""
    for steps in ((1.0, 1.1, 1.2, 1.3, 1.5, 2, 3, 4, 5, 6, 7, 8, 9), (1.0, 1.5, 2, 3, 5, 7), (1.0, 2, 5), (1.0,)):
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        chosen = [round(step * 10.0**decade, 12) for decade in decades for step in steps]
        chosen = [value for value in chosen if low <= value <= high]
        if len(chosen) <= 7:
            break
    return chosen


def draw(chart: alt.Chart | alt.LayerChart | alt.FacetChart, names: Sequence[str]) -> str:
    """Draw a chart as SVG whose ink is the colour of the text around it, with one step of height for each name."""
    room = max(map(len, names))  # a reader's font may be wider than the one that was measured
    padding = {"left": 8 + room, "right": 12, "top": 8, "bottom": 8}
    specification: dict[str, Any] = (
        chart.properties(
            width=WIDTH,
            height=STEP * len(names),
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        )
        .configure(aria=False, background="transparent", font=FONT, padding=padding)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=INK,
            tickColor=INK,
            domainColor=INK,
            gridColor=INK,
            gridOpacity=0.15,
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
            labelLimit=220,
            labelPadding=6,
            labelFlush=False,
        )
        .configure_legend(labelColor=INK, labelFontSize=13, labelLimit=220)
        .to_dict()
    )
    svg: str = vl_convert.vegalite_to_svg(specification)
    return svg


def standalone_ratio_chart(run: StoredRun) -> str:
    """Draw the ratios as an SVG file with a white background; raises NothingToDraw where there are none."""
    figure = ratio_figure(run)
    if figure is None:
        raise NothingToDraw("the run has no ratios to draw; it takes a reference and another contender that were timed")
    white = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return re.sub(r"(<svg[^>]*>)", rf"\1{white}", figure.svg.replace(INK, "#1c2126"), count=1)
