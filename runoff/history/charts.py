"""The charts of a history: one for each contender and metric, runs in order of their commits, steps marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from runoff.history import words
from runoff.history.lines import Line, Section
from runoff.report.charts.drawing import INK, PALETTE, draw
from runoff.report.words import count

STEPS_HIGH = 5
MOST_POINTS = 120
MOST_NAMES = 5
RULES = 0.55


@dataclass(frozen=True)
class Chart:
    """A chart of one metric as SVG, its title, and its content in words for those who can't see it."""

    title: str
    svg: str
    alternative: str


@dataclass(frozen=True)
class Panel:
    """All charts of one contender."""

    contender: str
    versions: tuple[str, ...]
    charts: tuple[Chart, ...]


def panels(section: Section) -> list[Panel]:
    """Draw the charts of a section, contender by contender."""
    by_contender: dict[str, dict[str, list[Line]]] = {}
    for line in section.lines:
        by_contender.setdefault(line.contender, {}).setdefault(line.metric.title, []).append(line)
    return [
        Panel(
            contender,
            tuple(dict.fromkeys(words.versions(line) for lines in metrics.values() for line in lines)),
            tuple(draw_lines(section, lines) for lines in metrics.values()),
        )
        for contender, metrics in by_contender.items()
    ]


def draw_lines(section: Section, lines: Sequence[Line]) -> Chart:
    """Draw the lines of one contender and metric: one for each stratum, none joined to another."""
    metric = lines[0].metric
    scale = 1e-6 if metric.unit == "MB" else 1.0
    few = sum(len(line.points) for line in lines) <= MOST_POINTS
    hues = {number: PALETTE[number % len(PALETTE)] for number in range(len(lines))}
    points = [
        {"line": number, "place": point.place + 1, "value": point.value * scale}
        | {"low": (point.low or point.value) * scale, "high": (point.high or point.value) * scale}
        for number, line in enumerate(lines)
        for point in line.points
    ]
    x = alt.X(
        "place:Q",
        axis=alt.Axis(title=None, values=named_places(section), labelExpr=names_of(section), grid=False),
        scale=alt.Scale(domain=[0.5, len(section.runs) + 0.5], nice=False),
    )
    title = f"{metric.title}, {metric.unit}" if metric.unit else metric.title
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False))
    colour = alt.Color("line:N", legend=None, scale=alt.Scale(domain=list(hues), range=list(hues.values())))
    drawn = alt.Chart(alt.InlineData(values=points))
    layers = [drawn.mark_line(strokeWidth=1.5).encode(x=x, y=y, color=colour)]
    if few:
        spans = drawn.mark_rule(strokeWidth=1.5, opacity=0.4)
        layers.append(spans.encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q", color=colour))
    layers.append(drawn.mark_point(filled=True, size=30 if few else 8, opacity=1).encode(x=x, y=y, color=colour))
    if marks := step_marks(lines, scale):
        marked = alt.Chart(alt.InlineData(values=marks))
        layers.append(marked.mark_rule(color=INK, strokeDash=[4, 3], opacity=RULES).encode(x="place:Q"))
    return Chart(metric.title, draw(alt.layer(*layers), [""] * STEPS_HIGH), in_words(lines))


def step_marks(lines: Sequence[Line], scale: float) -> list[dict[str, Any]]:
    """Give where steps are marked: between the two runs that they lie between."""
    return [
        {"place": (step.last.place + step.first.place) / 2 + 1, "value": step.after.value * scale}
        for line in lines
        for step in line.steps
    ]


def named_places(section: Section) -> list[int]:
    """Choose the runs whose commits are named beneath the chart: a few, evenly spread."""
    last = len(section.runs) - 1
    few = min(MOST_NAMES, last + 1)
    return sorted({round(number * last / max(1, few - 1)) + 1 for number in range(few)})


def names_of(section: Section) -> str:
    """Give the Vega expression that names those commits; names are hexadecimal digits or words of ours."""
    chosen = {place: short_name(section, place - 1) for place in named_places(section)}
    cases = "".join(f"datum.value == {place} ? '{name}' : " for place, name in chosen.items())
    return f"{cases}''"


def short_name(section: Section, place: int) -> str:
    """Name a run's commit by its first digits, or its run by the day; nothing else gets into the expression."""
    run = section.runs[place]
    name = "".join(sign for sign in run.commit.identifier[:7] if sign.isalnum()) if run.commit else ""
    return name or f"{run.moment:%Y-%m-%d}"


def in_words(lines: Sequence[Line]) -> str:
    """Say what the chart shows."""
    told = []
    for line in lines:
        metric, first, last = line.metric, line.points[0], line.points[-1]
        told.append(
            f"{count(len(line.points), 'run', 'runs')} with {words.versions(line)}: "
            f"from {words.value(first.value, metric)} to {words.value(last.value, metric)}, "
            f"{count(len(line.steps), 'step', 'steps')}"
        )
    return f"{lines[0].metric.title} of {lines[0].contender} over commits: {'; '.join(told)}."
