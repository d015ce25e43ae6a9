"""What speed costs: latency against peak memory with the Pareto front marked, and what a cold start consists of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runoff.answer.choice import choose
from runoff.answer.limits import limits_of
from runoff.answer.metrics import LATENCY, PEAK_MEMORY
from runoff.charts.drawing import BLUE, DASHED, GREEN, GREY, INK, STEP, WIDTH, Figure, logarithmic, specify
from runoff.charts.labels import FONT_SIZE, SIDES, Box, place_names
from runoff.charts.stacks import stacked_bars
from runoff.charts.vega_lite import Chart, Given, channel, chart_of, layered
from runoff.report.blocks import PAGE, Section
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
        return self.agreement in (None, 1.0)

    @property
    def label(self) -> str:
        """The name that stands beside the point, with the agreement where it is not whole."""
        return self.who if self.agrees else f"{self.who} {numbers.share(self.agreement)}"

    @property
    def alt_text(self) -> str:
        """The point in words."""
        kind = f", {self.kind}" if self.kind else ""
        agreement = "" if self.agrees else f", agrees on {numbers.share(self.agreement)}"
        return f"{self.who} {numbers.milliseconds(self.latency / 1e3)} ms and {self.memory:.0f} MB{kind}{agreement}"


def tradeoff_section(_: StoredRun) -> Section:
    """Draw latency against memory, and what a cold start consists of."""
    return Section("tradeoff", "What speed costs", charts=(tradeoff_figure, cold_start_figure), shown_in=(PAGE,))


def cold_start_figure(run: StoredRun) -> Figure | None:
    """Draw what a cold start consists of."""
    return stacked_bars(
        {row.contender: row.stages for row in run.rows if row.stages},
        {row.contender: f"{numbers.seconds(row.cold_start)} s" for row in run.rows},
        whole="Cold start",
        axis="seconds",
        caption="From nothing to the first answer in a fresh process: the median of each stage. "
        "The figure at the end is the median of the whole.",
    )


def tradeoff_figure(run: StoredRun) -> Figure | None:
    """Draw each contender's latency against its peak memory."""
    marks = marks_of(run)
    if len(marks) < 2:
        return None
    across, up = span([mark.latency for mark in marks]), span([mark.memory for mark in marks])
    x = channel("latency:Q", **logarithmic(*across, "median latency in ms, less is better"))
    y = channel("memory:Q", **logarithmic(*up, "peak memory in MB, less is better"))
    points = [vars(mark) | {"label": mark.label, "agrees": mark.agrees} for mark in marks]
    limits = limit_lines(run, x, y)
    layers = list(limits)
    for kind, colour, shape, size in KINDS:
        for filled in (True, False):
            of_kind = [point for point in points if point["kind"] == kind and point["agrees"] is filled]
            drawn = chart_of(of_kind).mark(
                "point", filled=filled, color=colour, shape=shape, size=size, opacity=1, strokeWidth=2
            )
            layers.append(drawn.encode(x=x, y=y))
    places = [(PLOT.right * along(across, mark.latency), PLOT.bottom * (1 - along(up, mark.memory))) for mark in marks]
    sides = place_names([mark.label for mark in marks], places, PLOT)
    for side in SIDES:
        names = [point for point, chosen in zip(points, sides, strict=True) if chosen is side]
        text = chart_of(names).mark(
            "text", align=side.align, dx=side.right, dy=side.down, color=INK, fontSize=FONT_SIZE
        )
        layers.append(text.encode(x=x, y=y, text="label:N"))
    return Figure(
        "Latency against peak memory",
        specify(layered(*layers), [""] * HEIGHT_STEPS),
        caption(marks, limited=bool(limits), all_named=all(sides)),
        f"Latency and peak memory: {'; '.join(mark.alt_text for mark in marks)}.",
    )


def marks_of(run: StoredRun) -> list[Mark]:
    """Return the contenders of which both were measured, those that are recommended or on the front first."""
    choice = choose(run)
    marks = []
    for row in choice.candidates:
        latency, memory = LATENCY.read(row), PEAK_MEMORY.read(row)
        kind = RECOMMENDED if row is choice.recommended else FRONT if row in choice.front else OTHER
        if latency is not None and memory is not None:
            marks.append(Mark(row.contender, latency * 1e3, memory / numbers.MEGABYTE, kind, row.agreement))
    order = [kind for kind, *_ in KINDS]
    return sorted(marks, key=lambda mark: order.index(mark.kind))


def span(figures: Sequence[float]) -> tuple[float, float]:
    """Return what an axis shows so that all figures are well within it."""
    return min(figures) / ROOM, max(figures) * ROOM


def along(axis: tuple[float, float], value: float) -> float:
    """Return how far along a logarithmic axis a value stands, from 0 to 1."""
    least, most = axis
    return math.log(value / least) / math.log(most / least)


def limit_lines(run: StoredRun, x: Given, y: Given) -> list[Chart]:
    """Draw the limits that there are on latency and peak memory."""
    lines = []
    for metric, size, axis in ((LATENCY, 1e-3, {"x": x}), (PEAK_MEMORY, numbers.MEGABYTE, {"y": y})):
        name = "latency" if metric is LATENCY else "memory"
        if bounds := [{name: limit.bound / size} for limit in limits_of(run) if limit.metric is metric]:
            lines.append(chart_of(bounds).mark("rule", **DASHED, clip=True).encode(**axis))
    return lines


def caption(marks: Sequence[Mark], *, limited: bool, all_named: bool) -> str:
    """Say what the chart shows and what its marks mean."""
    kinds = [mark.kind for mark in marks]
    front = "Circles are on the Pareto front of all that contenders are compared in, diamonds are not."
    sentences = {
        "Latency of one inference against peak memory.": True,
        "The star is the recommended contender.": RECOMMENDED in kinds,
        front: FRONT in kinds,
        "An open mark agrees with golden on fewer pictures than all, on the share beside its name.": not all(
            mark.agrees for mark in marks
        ),
        "Dashed lines are the limits.": limited,
        "A name that found no room is in the table.": not all_named,
        "Logarithmic scales.": True,
    }
    return " ".join(sentence for sentence, holds in sentences.items() if holds)
