"""What all charts share: hues, fonts, the axis of contenders, and the specification of the whole."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runoff.charts.vega_lite import Chart, Given, channel, specification

# Hues of Okabe and Ito's palette, which colour-blind people tell apart, at a lightness that reads on white and black.
BLUE, ORANGE, GREEN, PINK = "#2f7fc1", "#d2691e", "#169b76", "#bb67a5"
GREY, SKY, OCHRE = "#7f8790", "#45a5d6", "#b58900"
PALETTE = (BLUE, ORANGE, GREEN, PINK, SKY, OCHRE, GREY)
WIDTH = 480
STEP = 34
INK = "currentColor"
DASHED: dict[str, Any] = {"color": INK, "strokeDash": [4, 4], "opacity": 0.6}
"""How a line looks that is no measurement."""
FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
AXES: dict[str, Any] = {
    **dict.fromkeys(("labelColor", "titleColor", "tickColor", "domainColor", "gridColor"), INK),
    "gridOpacity": 0.15,
    "labelFontSize": 13,
    "titleFontSize": 13,
    "titleFontWeight": "normal",
    "labelLimit": 220,
    "labelPadding": 6,
    "labelFlush": False,
}
UPWARDS: dict[str, Any] = {"titlePadding": 14}
"""How far the title of an upright axis is from its numbers, as wide as they are in Arial: a seventh more in DejaVu."""


@dataclass(frozen=True)
class Figure:
    """A chart: its title, the caption beneath it, and its content in words for those who can't see it.

    ``drawing`` is its SVG, or the specification by which Vega-Lite draws that. A ``wide`` one keeps its width, and is
    scrolled where the page is narrower.
    """

    title: str
    drawing: Given | str
    caption: str
    alternative: str
    wide: bool = False


def contender_axis() -> Given:
    """Return the axis that names the contenders, in the order of the table."""
    return channel("who:N", sort=None, axis=Given(title=None, domain=False, ticks=False))


def rows_axis(field: str, rows: int) -> Given:
    """Return an axis without labels that has room for so many rows, each one high, from the top down."""
    return channel(field, scale=Given(domain=[0, rows], reverse=True, nice=False, zero=False), axis=None)


def logarithmic(low: float, high: float, title: str) -> dict[str, Any]:
    """Return a logarithmic scale and its axis, which has a few round values."""
    return {
        "scale": Given(type="log", domain=[low, high], nice=False),
        "axis": Given(values=ticks(low, high), format="~r", title=title),
    }


def palette(names: Sequence[str]) -> dict[str, str]:
    """Return a hue for each name."""
    return {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(names)}


def hue(field: str, hues: Mapping[str, str], legend: Given | None = None) -> Given:
    """Return the channel of a field whose values have these hues."""
    return channel(field, scale=Given(domain=list(hues), range=list(hues.values())), legend=legend)


def top_legend(symbol: str) -> Given:
    """Return a legend above the chart, whose symbols stay as dark as the lines beside an area that is not."""
    return Given(
        title=None, orient="top", columns=2, symbolType=symbol, symbolSize=200, symbolOpacity=1, columnPadding=18
    )


def ticks(low: float, high: float) -> list[float]:
    """Choose about six round values for a logarithmic axis, 1 among them."""
    for steps in ((1.0, 1.1, 1.2, 1.3, 1.5, 2, 3, 4, 5, 6, 7, 8, 9), (1.0, 1.5, 2, 3, 5, 7), (1.0, 2, 5), (1.0,)):
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        chosen = [round(step * 10.0**decade, 12) for decade in decades for step in steps]
        chosen = [value for value in chosen if low <= value <= high]
        if len(chosen) <= 7:
            break
    return chosen


def specify(chart: Chart, names: Sequence[str], step: int = STEP, width: int = WIDTH) -> Given:
    """Return a chart's specification: its ink has the colour of the text around it, each name one step of height."""
    room = max(map(len, names))  # a reader's font may be wider than the one that was measured
    config = {
        "aria": False,
        "background": "transparent",
        "font": FONT,
        "padding": {"left": 8 + room, "right": 12, "top": 8, "bottom": 8},
        "view": {"stroke": None},
        "axis": AXES,
        "axisY": UPWARDS,
        "legend": {"labelColor": INK, "labelFontSize": 13, "labelLimit": 220},
    }
    return {
        **specification(chart),
        "width": width,
        "height": step * len(names),
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": config,
    }


def standalone(svg: str) -> str:
    """Return a drawn chart as a separate file, with a white background and dark ink."""
    white = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return re.sub(r"(<svg[^>]*>)", rf"\1{white}", svg.replace(INK, "#1c2126"), count=1)
