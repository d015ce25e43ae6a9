"""Latency: ratios to the reference with their intervals, and how often each time of one inference was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from runoff.charts import apart
from runoff.charts.drawing import (
    BLUE,
    DASHED,
    GREY,
    INK,
    ORANGE,
    Figure,
    contender_axis,
    hue,
    logarithmic,
    rows_axis,
    specify,
    standalone,
)
from runoff.charts.shift import HEIGHT, shift_chart
from runoff.charts.vega_lite import Given, channel, chart_of, layered
from runoff.errors import RunoffError
from runoff.judge.ratios import FASTER, REFERENCE, SLOWER
from runoff.judge.shift import shift_function
from runoff.report.blocks import PAGE, Section
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.stored.samples import INFERENCE, launches
from runoff.text import numbers

HUES = {FASTER: BLUE, SLOWER: ORANGE, REFERENCE: GREY, wording.OPEN: GREY}
"""By what a verdict is to the eye."""
SHAPES = {FASTER: "circle", SLOWER: "square", REFERENCE: "diamond", wording.OPEN: "cross"}
CONTROL = "control"
BAND = "The grey band is the control’s interval: what two equals reach is no difference. "
UNDISTURBED = "Filled is the typical ratio, hollow the undisturbed one. "
FEWEST_FOR_A_SHAPE = 20
"""Below so many values a density is mostly its kernel, and the values themselves are drawn."""
FEWEST_FOR_A_SHIFT = 100
"""Below so many rounds the outer quantiles are single rounds."""
MOST_SHIFTS = 4
"""With more lines their bands hide each other."""
DESCRIBED = (0.1, 0.5, 0.9)
GRID = 56
REACH = 0.44
"""How far a shape reaches to each side of its line, in steps between contenders."""


class NothingToDraw(RunoffError):
    """The run has no figures for the requested chart.

    Remedy: give a run that timed two contenders or more.
    """


def latency_section(_: StoredRun) -> Section:
    """Draw the ratios to the reference, all raw times, and the ratios of their quantiles."""
    return Section("latency", "Latency", charts=(ratio_figure, distribution_figure, shift_figure), shown_in=(PAGE,))


def ratio_figure(run: StoredRun) -> Figure | None:
    """Draw each contender's ratio to the reference with its interval, and the control's."""
    compared = [(row.contender, wording.verdict_class(row), row.ratio) for row in run.rows if row.ratio]
    if len(compared) < 2:
        return None
    if run.info.control is not None:
        compared.append((CONTROL, wording.OPEN, run.info.control))
    points: list[dict[str, Any]] = [
        {"who": who, "kind": kind, "value": ratio.value, "low": ratio.low, "high": ratio.high}
        for who, kind, ratio in compared
    ]
    spans = [point for point in points if point["low"] is not None]
    band = [point for point in spans if point["who"] == CONTROL]
    quiet = [
        {"who": row.contender, "kind": wording.verdict_class(row), "value": row.undisturbed.value}
        for row in run.rows
        if row.undisturbed and row.verdict != REFERENCE
    ]
    hollow = chart_of(quiet).mark("point", filled=False, size=60, opacity=1, strokeWidth=1.5)
    ends = [point[end] for point in points for end in ("value", "low", "high") if point[end] is not None]
    ends += [point["value"] for point in quiet]
    reference = run.stratum.reference
    axis = logarithmic(min(*ends, 0.9) * 0.95, max(*ends, 1.1) * 1.05, f"time relative to {reference} (less is faster)")
    along, across, colour = channel("value:Q", **axis), contender_axis(), hue("kind:N", HUES)
    shape = channel("kind:N", scale=Given(domain=list(SHAPES), range=list(SHAPES.values())), legend=None)
    chart = layered(
        chart_of(band)
        .mark("rect", color=GREY, opacity=0.22)
        .encode(x=channel("low:Q", scale=axis["scale"]), x2="high:Q"),
        chart_of([{"value": 1}]).mark("rule", **DASHED).encode(x=along),
        chart_of(spans)
        .mark("rule", strokeWidth=12, opacity=0.35)
        .encode(x="low:Q", x2="high:Q", y=across, color=colour),
        chart_of(points)
        .mark("point", filled=True, size=40, opacity=1)
        .encode(x=along, y=across, color=colour, shape=shape),
        *([hollow.encode(x=along, y=across, color=colour, shape=shape)] if quiet else []),
    )
    interval = wording.interval_heading(run).strip("[]")
    return Figure(
        "Latency relative to the reference",
        specify(chart, [who for who, _, _ in compared]),
        f"Time of one inference relative to {reference}{f', with the {interval}' if interval else ''}. "
        "A circle is faster, a square slower, a cross no difference shown, the diamond the reference itself. "
        f"{UNDISTURBED if quiet else ''}{BAND if band else ''}Logarithmic scale.",
        f"Ratios to {reference}: {'; '.join(f'{who} {numbers.ratio(ratio)}' for who, _, ratio in compared)}.",
    )


def standalone_ratio_chart(run: StoredRun) -> str:
    """Draw the ratios as an SVG file with a white background.

    Raises NothingToDraw where there are none, and DrawingFailed.
    """
    figure = ratio_figure(run)
    if figure is None:
        raise NothingToDraw("the run has no ratios to draw; it takes a reference and another contender that were timed")
    (drawn,) = apart.draw_apart([figure])
    return standalone(str(drawn.drawing))


def distribution_figure(run: StoredRun) -> Figure | None:
    """Draw all raw times of each contender, None where none were stored with the run."""
    timed = [(row, values) for row in run.timed if (values := run.measures[INFERENCE, row.contender].data)]
    if not timed:
        return None
    lines, outline, single, described = [], [], [], []
    for place, (row, values) in enumerate(timed):
        line = {"who": row.contender, "verdict": wording.verdict_class(row)}
        least, median, most = min(values), float(np.median(values)), max(values)
        figures = {"least": least, "time": median, "most": most, "p95": wording.percentile(row, "p95")}
        lines.append(line | {name: value and value * 1e3 for name, value in figures.items()})
        if len(values) < FEWEST_FOR_A_SHAPE:
            single += [line | {"time": value * 1e3} for value in values]
        else:
            outline += [line | point for point in shape(values, place + 0.5)]
        least_text, median_text, most_text = map(numbers.milliseconds, (least, median, most))
        described.append(f"{row.contender} {median_text} ms, from {least_text} to {most_text}")
    low = min(min(values) for _, values in timed) * 1e3 / 1.05
    high = max(max(values) for _, values in timed) * 1e3 * 1.05
    axis = logarithmic(low, high, "ms for one inference")
    scale, along = axis["scale"], channel("time:Q", **axis)
    across, colour, whole = contender_axis(), hue("verdict:N", HUES), chart_of(lines)
    marks = layered(
        whole.mark("rule", strokeWidth=1, opacity=0.7).encode(
            x=channel("least:Q", scale=scale), x2="most:Q", y=across, color=colour
        ),
        chart_of(single).mark("point", size=30, opacity=0.6).encode(x=along, y=across, color=colour),
        whole.mark("tick", thickness=2, size=14, color=INK).encode(x=channel("p95:Q", scale=scale), y=across),
        whole.mark("point", filled=True, size=50, color=INK, opacity=1).encode(
            x=channel("time:Q", scale=scale), y=across
        ),
    )
    area = chart_of(outline).mark("area", opacity=0.45, strokeWidth=1, line=False)
    shapes = area.encode(x=along, y=rows_axis("above:Q", len(timed)), y2="below:Q", detail="who:N", color=colour)
    return Figure(
        "Distribution of latency",
        specify(layered(shapes, marks, y="independent"), [row.contender for row, _ in timed]),
        "All raw times of one inference: the wider, the more often. The dot is the median, the bar p95, the line goes "
        "from the least to the most; nothing is left out. Logarithmic scale.",
        f"Times of one inference: {'; '.join(described)}.",
    )


def shift_figure(run: StoredRun) -> Figure | None:
    """Draw the shift functions of the fastest contenders to the reference, None where too few rounds were stored."""
    reference = run.stratum.reference
    base = launches(run, INFERENCE, reference)
    own = {row.contender: launches(run, INFERENCE, row.contender) for row in run.timed if row.contender != reference}
    paired = {who: list(zip(times, base, strict=False)) for who, times in own.items() if times and base}
    enough = {
        who: pairs
        for who, pairs in paired.items()
        if sum(len(times) for times, _ in pairs) >= FEWEST_FOR_A_SHIFT
        and len({len(times) for pair in pairs for times in pair}) == 1
    }
    if not enough:
        return None
    shown = {who: shift_function(*zip(*pairs, strict=True)) for who, pairs in islice(enough.items(), MOST_SHIFTS)}
    left_out = f" Of {len(enough)} contenders the {MOST_SHIFTS} fastest are shown." if len(shown) < len(enough) else ""
    described = [
        f"{who} {', '.join(f'{at.value:.3f}' for at in line if at.share in DESCRIBED)}" for who, line in shown.items()
    ]
    return Figure(
        "Ratios of quantiles",
        specify(shift_chart(shown, f"time relative to {reference}"), [""] * HEIGHT),
        f"The quantiles of each contender’s times relative to those of {reference} (the shift function), with 95 % "
        "intervals over launches: left the fastest rounds, right the slowest. Where a line is level, both suffer alike "
        f"from what disturbs; where it falls, {reference} suffers more.{left_out}",
        f"Ratios to {reference} of the 10, 50 and 90 % quantiles: {'; '.join(described)}.",
    )


def shape(values: Sequence[float], middle: float) -> list[dict[str, float]]:
    """Return the outline of a contender's shape around its line, in ms and in steps between contenders."""
    logarithms = np.log(np.asarray(values, dtype=np.float64))
    grid = np.linspace(logarithms.min(), logarithms.max(), GRID)
    reach = density(logarithms, grid)
    reach *= REACH / reach.max()
    return [
        {"time": round(math.exp(at) * 1e3, 3), "above": round(middle - wide, 3), "below": round(middle + wide, 3)}
        for at, wide in zip(grid.tolist(), reach.tolist(), strict=True)
    ]


def density(values: np.ndarray[Any, Any], grid: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Estimate a density on a grid by Gaussian kernels, up to a factor.

    The bandwidth is Silverman's rule of thumb, with the quartiles so that a long tail does not blur the rest
    ("Density Estimation for Statistics and Data Analysis", 1986, equation 3.31).
    """
    quartiles = np.subtract(*np.percentile(values, [75, 25])) / 1.34
    spread = min(float(np.std(values)), float(quartiles)) or float(np.std(values)) or 1.0
    bandwidth = 0.9 * spread * len(values) ** -0.2
    result: np.ndarray[Any, Any] = np.exp(-0.5 * ((grid[:, None] - values[None, :]) / bandwidth) ** 2).sum(axis=1)
    return result
