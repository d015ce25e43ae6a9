"""What a neighbour costs."""

from __future__ import annotations

from typing import Any

from runoff.charts.drawing import DASHED, Figure, contender_axis, hue, logarithmic, palette, specify
from runoff.charts.vega_lite import channel, chart_of, layered
from runoff.report.blocks import Section
from runoff.report.sections.question import question_section
from runoff.stored.run import StoredRun
from runoff.stored.service import NeighbourCost, Slowdown
from runoff.text import numbers
from runoff.text.table import make_table, plain_notes

ONE_CORE = "The two halves are threads of one core, which a neighbour takes a part of, too."
BY_ITSELF = (
    "By itself is what the host's own neighbours cost meanwhile: the typical time of the rounds without ours over the "
    "undisturbed one, the quietest quarter of them. Noise alone makes it a little more than 1."
)
STEP = 26


def neighbour_section(run: StoredRun) -> Section | None:
    """Show how many times as long inferences take beside each neighbour, with a line for each kind of it."""
    costs = costs_of(run)
    known = any(cost.by_itself for cost in costs.values())
    rows = [line for name, cost in costs.items() for line in lines(name, cost, by_itself=known)]
    caption = (
        "Times as long as alone beside a neighbour of the same size, at work for a share of the time: one that streams "
        "through memory, and one that computes in the first cache. The ratio is that of all time beside the first."
    )
    table = make_table(caption, rows, words=("neighbour",), droppable=("alone\nms",))
    notes = plain_notes([*placement(next(iter(costs.values()))), *([BY_ITSELF] if known else [])]) if costs else ()
    return question_section(run, Section("neighbour", "What a neighbour costs", table, notes, (neighbour_figure,)))


def costs_of(run: StoredRun) -> dict[str, NeighbourCost]:
    """Return what a neighbour costs each contender."""
    return {name: answer.neighbour for name, answer in run.service.neighbour.items()}


def lines(name: str, cost: NeighbourCost, *, by_itself: bool) -> list[dict[str, str]]:
    """Write a contender's lines, the time without a neighbour in the first of them."""
    return [
        {
            "contender": name,
            "alone\nms": "" if place else numbers.milliseconds(cost.quiet),
            **({"by itself\n×": "" if place else itself_text(cost)} if by_itself else {}),
            "neighbour": kind,
            **{
                f"{numbers.percent(share)} of\nthe time": numbers.with_interval(slowdown.times, numbers.factor)
                for share, slowdown in sorted(by_share.items())
            },
        }
        for place, (kind, by_share) in enumerate(by_kind(cost).items())
    ]


def itself_text(cost: NeighbourCost) -> str:
    """Write what happened by itself, a dash where it is not known."""
    return numbers.with_interval(cost.by_itself, numbers.factor) if cost.by_itself else numbers.NOTHING


def by_kind(cost: NeighbourCost) -> dict[str, dict[float, Slowdown]]:
    """Return slow-downs by what the neighbour takes, and by its share of the time."""
    kinds: dict[str, dict[float, Slowdown]] = {}
    for slowdown in cost.slowdowns:
        kinds.setdefault(slowdown.kind, {})[slowdown.share] = slowdown
    return kinds


def placement(cost: NeighbourCost) -> list[str]:
    """Say where contenders and neighbour ran."""
    cpus = numbers.count(cost.cpus, "CPU")
    sentence = (
        f"Contenders were kept on {cpus}, with as many threads, and the neighbour on as many others, so that it took "
        "none of their processor time: what it costs is caches, memory and the clock."
    )
    return [sentence, *([ONE_CORE] if cost.one_core else [])]


def neighbour_figure(run: StoredRun) -> Figure | None:
    """Draw the slow-downs beside each kind of neighbour: hollow where it worked for a part of the time."""
    points: list[dict[str, Any]] = [
        {
            "who": f"{name}, {slowdown.kind}",
            "kind": slowdown.kind,
            "whole": slowdown.share == 1,
            "value": slowdown.times.value,
            "low": slowdown.times.low,
            "high": slowdown.times.high,
        }
        for name, cost in costs_of(run).items()
        for slowdown in cost.slowdowns
    ]
    if not points:
        return None
    ends = [point[end] for point in points for end in ("value", "low", "high") if point[end] is not None]
    axis = logarithmic(min(*ends, 0.95) * 0.98, max(*ends, 1.2) * 1.02, "times as long as alone (less is better)")
    along, across = channel("value:Q", **axis), contender_axis()
    colour = hue("kind:N", palette(list(dict.fromkeys(point["kind"] for point in points))))
    spans = chart_of([point for point in points if point["low"] is not None])
    layers = [
        chart_of([{"value": 1}]).mark("rule", **DASHED).encode(x=along),
        spans.mark("rule", strokeWidth=10, opacity=0.3).encode(x="low:Q", x2="high:Q", y=across, color=colour),
    ]
    for whole in (False, True):
        marked = chart_of([point for point in points if point["whole"] is whole])
        mark = marked.mark("point", filled=whole, size=60, opacity=1, strokeWidth=2)
        layers.append(mark.encode(x=along, y=across, color=colour))
    described = [f"{point['who']} {point['value']:.2f}" for point in points if point["whole"]]
    return Figure(
        "What a neighbour costs",
        specify(layered(*layers), list(dict.fromkeys(point["who"] for point in points)), STEP),
        "How many times as long an inference takes beside a neighbour as alone, with the intervals over launches: "
        "filled where the neighbour is at work all of the time, hollow where it is for half of it. Logarithmic scale.",
        f"Times as long beside a neighbour at work all of the time: {'; '.join(described)}.",
    )
