"""What a history's charts show: one for each contender and metric, runs in order of their commits, steps marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any, Generic, TypeVar

from runoff.charts.drawing import PALETTE
from runoff.history import words
from runoff.history.lines import RIGHT, Line, Point, SettingHistory
from runoff.history.plots import Plot
from runoff.judge.ratios import MARGIN
from runoff.text.numbers import count

MOST_POINTS = 200
"""Points that a chart has room for; of more it shows the lines alone."""
MOST_DRAWN = 600
"""Points of one line that are drawn: a chart is as wide as that in pixels, and drawing 10,000 took two minutes."""
MOST_NAMES = 5


Chart = TypeVar("Chart")


@dataclass(frozen=True)
class Panel(Generic[Chart]):
    """All charts of one contender; ``hues`` are the colours of its lines, by the versions that each is of."""

    contender: str
    hues: Mapping[str, str]
    charts: tuple[Chart, ...]


def panels_of(section: SettingHistory) -> list[Panel[Plot]]:
    """Say what each contender's charts show, one for each metric; versions have one colour in all of a contender's."""
    panels = []
    for contender, drawn in groupby(section.lines, lambda line: line.contender):
        lines = list(drawn)
        versions = dict.fromkeys(words.versions(line) for line in lines)
        hues = {text: PALETTE[number % len(PALETTE)] for number, text in enumerate(versions)}
        metrics = groupby(lines, lambda line: line.metric)
        panels.append(Panel(contender, hues, tuple(plot_of(section, list(shown), hues) for _, shown in metrics)))
    return panels


def plot_of(section: SettingHistory, lines: Sequence[Line], hues: Mapping[str, str]) -> Plot:
    """Say what the chart of one contender and metric shows: one line for each stratum, none joined to another."""
    metric = lines[0].metric
    intervals = sum(len(line.points) for line in lines) <= MOST_POINTS
    values = values_of(lines, 1e-6 if metric.unit == "MB" else 1.0, intervals)
    return Plot(
        title=metric.title,
        unit_title=f"{metric.title}, {metric.unit}" if metric.unit else metric.title,
        runs=len(section.runs),
        axis=commit_axis(section),
        value_axis=value_axis(values),
        value_scale={"zero": False} if metric == RIGHT else value_scale(values),
        points=values,
        colours=tuple(hues[words.versions(line)] for line in lines),
        # A step is marked between the two runs that it lies between.
        marks=tuple((step.last.place + step.first.place) / 2 + 1 for line in lines for step in line.steps),
        intervals=intervals,
        alternative=alt_text(lines),
    )


def values_of(lines: Sequence[Line], scale: float, intervals: bool) -> list[dict[str, Any]]:
    """Return the lines' points, of long ones their extremes; one without an interval has none of any length."""
    return [
        {"line": number, "place": point.place + 1, "value": point.value * scale}
        | ({end: (getattr(point, end) or point.value) * scale for end in ("low", "high")} if intervals else {})
        for number, line in enumerate(lines)
        for point in extremes(line.points)
    ]


def extremes(points: Sequence[Point], most: int = MOST_DRAWN) -> Sequence[Point]:
    """Return all points where there are few, and else the lowest and the highest of each of equal stretches, in order.

    What a line as narrow as a pixel shows of many is where they reach to, so no outlier is lost.
    """
    if len(points) <= most:
        return points
    stretches = most // 2
    bounds = [len(points) * number // stretches for number in range(stretches + 1)]
    kept: list[Point] = []
    for start, end in pairwise(bounds):
        stretch = points[start:end]
        ends = (min(stretch, key=attrgetter("value")), max(stretch, key=attrgetter("value")))
        kept += sorted({point.place: point for point in ends}.values(), key=attrgetter("place"))
    return kept


def value_scale(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give an axis the margin to each side where all values lie within it, so that noise is not drawn as high as steps.

    A value that is alone decides its axis.
    """
    numbers = [point[name] for point in values for name in ("low", "value", "high") if name in point]
    middle = (min(numbers) + max(numbers)) / 2
    low, high = middle * (1 - MARGIN), middle * (1 + MARGIN)
    within = low < min(numbers) < max(numbers) < high
    return {"zero": False, "domain": [low, high]} if within else {"zero": False}


def value_axis(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Say that a value which is alone has digits on its axis; the span between several decides theirs."""
    numbers = {point[name] for point in values for name in ("low", "value", "high") if name in point}
    return {"format": ".3~r"} if len(numbers) == 1 else {}


def commit_axis(section: SettingHistory) -> dict[str, Any]:
    """Say how an axis names the commits of a few runs, evenly spread: hexadecimal digits or words of ours."""
    last = len(section.runs) - 1
    few = min(MOST_NAMES, last + 1)
    places = sorted({round(number * last / max(1, few - 1)) + 1 for number in range(few)})
    names = "".join(f"datum.value == {place} ? '{short_name(section, place - 1)}' : " for place in places)
    return {"title": None, "values": places, "labelExpr": f"{names}''", "grid": False}


def short_name(section: SettingHistory, place: int) -> str:
    """Name a run's commit by its first digits, or its run by the day; nothing else gets into the expression."""
    run = section.runs[place]
    name = "".join(sign for sign in run.commit.identifier[:7] if sign.isalnum()) if run.commit else ""
    return name or f"{run.moment:%Y-%m-%d}"


def alt_text(lines: Sequence[Line]) -> str:
    """Say what the chart shows."""
    described = []
    for line in lines:
        metric, first, last = line.metric, line.points[0], line.points[-1]
        described.append(
            f"{count(len(line.points), 'run')} with {words.versions(line)}: "
            f"from {words.value(first.value, metric)} to {words.value(last.value, metric)}, "
            f"{count(len(line.steps), 'step')}"
        )
    return f"{lines[0].metric.title} of {lines[0].contender} over commits: {'; '.join(described)}."
