"""The chart of many models: each runtime's ratio to the reference on every model, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runoff.across.ranking import AcrossModels, Answer
from runoff.charts.drawing import DASHED, Figure, hue, logarithmic, palette, specify
from runoff.charts.vega_lite import Given, channel, chart_of, layered
from runoff.text import numbers

STEP, WIDTH = 24, 900
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")


def ratio_chart(across: AcrossModels) -> Figure | None:
    """Draw each contender's ratio on every model, the smallest on top; None where there is nothing to draw."""
    names = [name for name in across.contenders if name != across.reference]
    points: list[dict[str, Any]] = [
        {"model": answer.model, "who": name, "value": ratio.value, "low": ratio.low, "high": ratio.high}
        for answer in across.answers
        for name, ratio in answer.ratios.items()
        if name in names
    ]
    if not points:
        return None
    ends = [point[end] for point in points for end in ("value", "low", "high") if point[end] is not None]
    title = f"time relative to {across.reference} (less is faster)"
    axis = logarithmic(min(*ends, 0.9) * 0.95, max(*ends, 1.1) * 1.05, title)
    models = [answer.model for answer in across.answers]
    x = channel("value:Q", **axis)
    y = channel("model:N", sort=models, axis=Given(title=None, domain=False, ticks=False, grid=True))
    legend = Given(title=None, orient="top", symbolOpacity=1, symbolSize=100, columnPadding=18)
    colour = hue("who:N", palette(names), legend)
    shapes = Given(domain=names, range=[SHAPES[place % len(SHAPES)] for place in range(len(names))])
    shape = channel("who:N", scale=shapes, legend=legend)
    spans = chart_of([point for point in points if point["low"] is not None])
    chart = layered(
        chart_of([{"value": 1}]).mark("rule", **DASHED).encode(x=x),
        spans.mark("rule", strokeWidth=6, opacity=0.35).encode(x="low:Q", x2="high:Q", y=y, color=colour),
        chart_of(points).mark("point", filled=True, size=55, opacity=1).encode(x=x, y=y, color=colour, shape=shape),
    )
    return Figure(
        f"Every runtime relative to {across.reference}, model by model",
        specify(chart, models, STEP, WIDTH),
        f"Time of one inference relative to {across.reference} on a logarithmic axis, with its interval; the "
        "model with the smallest weights is on top.",
        f"Ratios of {numbers.listing(names)} to {across.reference}: "
        f"{'; '.join(f'{answer.model}: {described(answer, names)}' for answer in across.answers)}.",
        wide=True,
    )


def described(answer: Answer, names: Sequence[str]) -> str:
    """Say a model's ratios."""
    return ", ".join(f"{name} {answer.ratios[name].value:.2f}" for name in names if name in answer.ratios)
