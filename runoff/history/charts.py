"""The charts of a history: one for each contender and metric, runs in order of their commits, steps marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from runoff.charts.drawing import INK, PALETTE, Figure, draw
from runoff.history import words
from runoff.history.lines import Line, SettingHistory
from runoff.text.numbers import count

STEPS_HIGH = 5
MOST_POINTS = 200
"""Points that a chart has room for; of more it shows the lines alone."""
MOST_NAMES = 5


@dataclass(frozen=True)
class Panel:
    """All charts of one contender; ``hues`` are the colours of its lines, by the versions that each is of."""

    contender: str
    hues: Mapping[str, str]
    charts: tuple[Figure, ...]


def panels(section: SettingHistory) -> list[Panel]:
    """Draw the charts of a section, contender by contender."""
    contenders = dict.fromkeys(line.contender for line in section.lines)
    return [draw_panel(section, contender) for contender in contenders]


def draw_panel(section: SettingHistory, contender: str) -> Panel:
    """Draw a chart for each metric of a contender; versions have the same colour in all of them."""
    lines = [line for line in section.lines if line.contender == contender]
    versions = dict.fromkeys(words.versions(line) for line in lines)
    hues = {text: PALETTE[number % len(PALETTE)] for number, text in enumerate(versions)}
    metrics = dict.fromkeys(line.metric for line in lines)
    charts = [draw_lines(section, [line for line in lines if line.metric == metric], hues) for metric in metrics]
    return Panel(contender, hues, tuple(charts))


def draw_lines(section: SettingHistory, lines: Sequence[Line], hues: Mapping[str, str]) -> Figure:
    """Draw the lines of one contender and metric: one for each stratum, none joined to another."""
    metric = lines[0].metric
    scale = 1e-6 if metric.unit == "MB" else 1.0
    x = alt.X(
        "place:Q",
        axis=alt.Axis(title=None, values=named_places(section), labelExpr=names_of(section), grid=False),
        scale=alt.Scale(domain=[0.5, len(section.runs) + 0.5], nice=False),
    )
    title = f"{metric.title}, {metric.unit}" if metric.unit else metric.title
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False))
    colours = [hues[words.versions(line)] for line in lines]
    colour = alt.Color("line:N", legend=None, scale=alt.Scale(domain=list(range(len(lines))), range=colours))
    drawn = alt.Chart(alt.InlineData(values=values_of(lines, scale)))
    layers = [drawn.mark_line(strokeWidth=1.5).encode(x=x, y=y, color=colour)]
    if sum(len(line.points) for line in lines) <= MOST_POINTS:
        spans = drawn.mark_rule(strokeWidth=1.5, opacity=0.4)
        layers.append(spans.encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q", color=colour))
        layers.append(drawn.mark_point(filled=True, size=30, opacity=1).encode(x=x, y=y, color=colour))
    if marks := step_marks(lines):
        marked = alt.Chart(alt.InlineData(values=marks))
        layers.append(marked.mark_rule(color=INK, strokeDash=[4, 3], opacity=0.55).encode(x="place:Q"))
    return Figure(metric.title, draw(alt.layer(*layers), [""] * STEPS_HIGH), "", alt_text(lines))


def values_of(lines: Sequence[Line], scale: float) -> list[dict[str, Any]]:
    """Return the lines' points; one without an interval has none of any length."""
    return [
        {"line": number, "place": point.place + 1, "value": point.value * scale}
        | {"low": (point.low or point.value) * scale, "high": (point.high or point.value) * scale}
        for number, line in enumerate(lines)
        for point in line.points
    ]


def step_marks(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Return where steps are marked: between the two runs that they lie between."""
    return [{"place": (step.last.place + step.first.place) / 2 + 1} for line in lines for step in line.steps]


def named_places(section: SettingHistory) -> list[int]:
    """Choose the runs whose commits are named beneath the chart: a few, evenly spread."""
    last = len(section.runs) - 1
    few = min(MOST_NAMES, last + 1)
    return sorted({round(number * last / max(1, few - 1)) + 1 for number in range(few)})


def names_of(section: SettingHistory) -> str:
    """Return the Vega expression that names those commits; names are hexadecimal digits or words of ours."""
    chosen = {place: short_name(section, place - 1) for place in named_places(section)}
    cases = "".join(f"datum.value == {place} ? '{name}' : " for place, name in chosen.items())
    return f"{cases}''"


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
