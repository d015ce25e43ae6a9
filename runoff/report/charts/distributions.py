"""The chart of all raw times of one inference: how often each was, by contender."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from runoff.charts.drawing import INK, Figure, contender_axis, draw, inline, ticks
from runoff.report.charts.ratios import HUES
from runoff.stored import wording
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun
from runoff.stored.samples import INFERENCE
from runoff.text import numbers

FEWEST_FOR_A_SHAPE = 20
"""Below so many values a density is mostly its kernel, and the values themselves are drawn."""
GRID = 56
REACH = 0.44
"""How far a shape reaches to each side of its line, in steps between contenders."""


def distribution_figure(run: StoredRun) -> Figure | None:
    """Draw all raw times of each contender, None where none were stored with the run."""
    found = [(row, values) for row in run.timed if (values := run.measures[INFERENCE, row.contender].data)]
    if not found:
        return None
    low = min(min(values) for _, values in found) * 1e3 / 1.05
    high = max(max(values) for _, values in found) * 1e3 * 1.05
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    along = alt.X(
        "time:Q", scale=scale, axis=alt.Axis(values=ticks(low, high), format="~r", title="ms for one inference")
    )
    verdicts, colours = zip(*HUES.items(), strict=True)
    colour = alt.Color("verdict:N", scale=alt.Scale(domain=verdicts, range=colours), legend=None)
    across = contender_axis()
    downwards = alt.Scale(domain=[0, len(found)], reverse=True, nice=False, zero=False)
    outline = [point for place, (row, values) in enumerate(found) for point in shape(row, values, place + 0.5)]
    single = [
        {"who": row.contender, "verdict": wording.verdict_class(row), "time": value * 1e3}
        for row, values in found
        if len(values) < FEWEST_FOR_A_SHAPE
        for value in values
    ]
    whole = alt.Chart(inline([summary(row, values) for row, values in found]))
    marks = alt.layer(
        whole.mark_rule(strokeWidth=1, opacity=0.7).encode(
            x=alt.X("least:Q", scale=scale), x2="most:Q", y=across, color=colour
        ),
        alt.Chart(inline(single)).mark_point(size=30, opacity=0.6).encode(x=along, y=across, color=colour),
        whole.mark_tick(thickness=2, size=14, color=INK).encode(x=alt.X("p95:Q", scale=scale), y=across),
        whole.mark_point(filled=True, size=50, color=INK, opacity=1).encode(x=alt.X("time:Q", scale=scale), y=across),
    )
    shapes = (
        alt.Chart(inline(outline))
        .mark_area(opacity=0.45, strokeWidth=1, line=False)
        .encode(
            x=along,
            y=alt.Y("above:Q", scale=downwards, axis=None),
            y2="below:Q",
            detail="who:N",
            color=colour,
        )
    )
    return Figure(
        "Distribution of latency",
        draw(alt.layer(shapes, marks).resolve_scale(y="independent"), [row.contender for row, _ in found]),
        "All raw times of one inference: the wider, the more often. The dot is the median, the bar p95, the line goes "
        "from the least to the most; nothing is left out. Logarithmic scale.",
        f"Times of one inference: {'; '.join(alt_text(row, values) for row, values in found)}.",
    )


def summary(row: Row, values: Sequence[float]) -> dict[str, Any]:
    """Return what is marked on a contender's line, in ms; a p95 that the samples do not bound is left out."""
    p95 = wording.percentile(row, "p95")
    return {
        "who": row.contender,
        "verdict": wording.verdict_class(row),
        "least": min(values) * 1e3,
        "most": max(values) * 1e3,
        "time": float(np.median(values)) * 1e3,
        "p95": None if p95 is None else p95 * 1e3,
    }


def alt_text(row: Row, values: Sequence[float]) -> str:
    """Say what the chart shows of a contender."""
    least, median, most = (
        numbers.milliseconds(value) for value in (min(values), float(np.median(values)), max(values))
    )
    return f"{row.contender} {median} ms, from {least} to {most}"


def shape(row: Row, values: Sequence[float], middle: float) -> list[dict[str, Any]]:
    """Return the outline of a contender's shape around its line, empty where there are too few values for one."""
    if len(values) < FEWEST_FOR_A_SHAPE:
        return []
    logarithms = np.log(np.asarray(values, dtype=np.float64))
    grid = np.linspace(logarithms.min(), logarithms.max(), GRID)
    reach = density(logarithms, grid)
    reach *= REACH / reach.max()
    return [
        {
            "who": row.contender,
            "verdict": wording.verdict_class(row),
            "time": round(math.exp(at) * 1e3, 3),
            "above": round(middle - wide, 3),
            "below": round(middle + wide, 3),
        }
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
