"""The chart of latency against peak memory, with the recommended contender and the Pareto front marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from runoff.answer.choice import choose
from runoff.answer.limits import limits_of
from runoff.answer.metrics import LATENCY, PEAK_MEMORY
from runoff.charts.drawing import BLUE, GREEN, GREY, INK, STEP, WIDTH, Figure, draw, inline, ticks
from runoff.charts.labels import FONT_SIZE, SIDES, Box, place_names
from runoff.stored.run import StoredRun
from runoff.text import numbers

RECOMMENDED, FRONT, OTHER = "recommended", "on the Pareto front", ""
STAR = "M0,-1L0.24,-0.31L0.95,-0.31L0.38,0.12L0.59,0.81L0,0.4L-0.59,0.81L-0.38,0.12L-0.95,-0.31L-0.24,-0.31Z"
KINDS = ((RECOMMENDED, GREEN, STAR, 260), (FRONT, BLUE, "circle", 90), (OTHER, GREY, "diamond", 60))
HEIGHT_STEPS = 11
ROOM = 1.2
"""By how much an axis goes on beyond the points, as a factor."""
PLOT = Box(0, 0, WIDTH - 70, STEP * HEIGHT_STEPS)
"""About how many pixels lie between the axes."""


@dataclass(frozen=True)
class Mark:
    """A contender in the chart: its figures in ms and MB, what it is marked as, and its share of agreement."""

    who: str
    latency: float
    memory: float
    kind: str
    agreement: float | None

    @property
    def agrees(self) -> bool:
        """Whether it agrees with golden on every picture."""
        return self.agreement is None or self.agreement == 1.0

    @property
    def label(self) -> str:
        """The name that stands beside the point, with the agreement where it is not whole."""
        return self.who if self.agrees else f"{self.who} {numbers.share(self.agreement)}"

    @property
    def alt_text(self) -> str:
        """The point in wording."""
        kind = f", {self.kind}" if self.kind else ""
        agreement = "" if self.agrees else f", Top-1 agrees on {numbers.share(self.agreement)}"
        return f"{self.who} {numbers.milliseconds(self.latency / 1e3)} ms and {self.memory:.0f} MB{kind}{agreement}"


@dataclass(frozen=True)
class Span:
    """What a logarithmic axis shows, from its least to its most."""

    least: float
    most: float

    def share(self, value: float) -> float:
        """Return how far along the axis a value stands, from 0 to 1."""
        return math.log(value / self.least) / math.log(self.most / self.least)


def tradeoff_figure(run: StoredRun) -> Figure | None:
    """Draw each contender's latency against its peak memory."""
    points = marked_points(run)
    if len(points) < 2:
        return None
    across, up = span([point.latency for point in points]), span([point.memory for point in points])
    x = alt.X("latency:Q", scale=scale(across), axis=axis(across, "median latency in ms, less is better"))
    y = alt.Y("memory:Q", scale=scale(up), axis=axis(up, "peak memory in MB, less is better"))
    limits = limit_lines(run, x, y)
    layers = list(limits)
    for kind, colour, shape, size in KINDS:
        for filled in (True, False):
            marks = alt.Chart(values([point for point in points if point.kind == kind and point.agrees is filled]))
            drawn = marks.mark_point(filled=filled, color=colour, shape=shape, size=size, opacity=1, strokeWidth=2)
            layers.append(drawn.encode(x=x, y=y))
    places = [
        (across.share(point.latency) * PLOT.right, (1 - up.share(point.memory)) * PLOT.bottom) for point in points
    ]
    sides = place_names([point.label for point in points], places, PLOT)
    for side in SIDES:
        names = alt.Chart(values([point for point, chosen in zip(points, sides, strict=True) if chosen is side]))
        text = names.mark_text(align=side.align, dx=side.right, dy=side.down, color=INK, fontSize=FONT_SIZE)
        layers.append(text.encode(x=x, y=y, text="label:N"))
    return Figure(
        "Latency against peak memory",
        draw(alt.layer(*layers), [""] * HEIGHT_STEPS),
        caption(points, limited=bool(limits), all_named=all(sides)),
        f"Latency and peak memory: {'; '.join(point.alt_text for point in points)}.",
    )


def marked_points(run: StoredRun) -> list[Mark]:
    """Return the contenders of which both were measured, those that are marked first."""
    choice = choose(run)
    points = []
    for row in choice.candidates:
        latency, memory = LATENCY.read(row), PEAK_MEMORY.read(row)
        kind = RECOMMENDED if row is choice.recommended else FRONT if row in choice.front else OTHER
        if latency is not None and memory is not None:
            points.append(Mark(row.contender, latency * 1e3, memory / numbers.MEGABYTE, kind, row.agreement))
    order = [kind for kind, *_ in KINDS]
    return sorted(points, key=lambda point: order.index(point.kind))


def values(points: Sequence[Mark]) -> alt.InlineData:
    """Return points as a chart's data."""
    return inline([vars(point) | {"label": point.label} for point in points])


def span(figures: Sequence[float]) -> Span:
    """Return what an axis shows so that all figures are well within it."""
    return Span(min(figures) / ROOM, max(figures) * ROOM)


def scale(shown: Span) -> alt.Scale:
    """Return a logarithmic scale."""
    return alt.Scale(type="log", domain=[shown.least, shown.most], nice=False)


def axis(shown: Span, title: str) -> alt.Axis:
    """Return an axis with a few round values."""
    return alt.Axis(values=ticks(shown.least, shown.most), format="~r", title=title)


def limit_lines(run: StoredRun, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Draw the limits that there are on latency and peak memory."""
    lines = []
    for metric, size, name, along in (
        (LATENCY, 1e-3, "latency", {"x": x}),
        (PEAK_MEMORY, numbers.MEGABYTE, "memory", {"y": y}),
    ):
        bounds = [{name: limit.bound / size} for limit in limits_of(run) if limit.metric is metric]
        if bounds:
            rule = alt.Chart(inline(bounds)).mark_rule(color=INK, strokeDash=[4, 4], opacity=0.6, clip=True)
            lines.append(rule.encode(**along))
    return lines


def caption(points: Sequence[Mark], *, limited: bool, all_named: bool) -> str:
    """Say what the chart shows and what its marks mean."""
    kinds = [point.kind for point in points]
    said = "Latency of one inference against peak memory. "
    if RECOMMENDED in kinds:
        said += "The star is the recommended contender. "
    if FRONT in kinds:
        said += "Circles are on the Pareto front of all that contenders are compared in, diamonds are not. "
    if not all(point.agrees for point in points):
        said += "An open mark agrees with golden on fewer pictures than all, on the share beside its name. "
    if limited:
        said += "Dashed lines are the limits. "
    if not all_named:
        said += "A name that found no room is in the table. "
    return f"{said}Logarithmic scales."
