"""The charts of service questions that are lines over a number: batch size, threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt

from runoff.charts.drawing import INK, PALETTE, Figure, draw, inline, top_legend
from runoff.stored.run import StoredRun
from runoff.stored.service import Rate
from runoff.text.numbers import per_second

STEPS = 8
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
DOUBLINGS = alt.Scale(type="log", base=2)


def throughput_figure(run: StoredRun) -> Figure | None:
    """Draw images per second over batch size."""
    rates = {
        name: {size: rate for size, rate in batches.items() if isinstance(rate, Rate)}
        for name, batches in run.service.batches.items()
    }
    if not any(rates.values()):
        return None
    alt_text = "; ".join(f"{name} {best_of(found)}" for name, found in rates.items() if found)
    return Figure(
        "Throughput over batch size",
        draw(lines(rates, "images in a batch", "images a second", alt.Scale(zero=True)), [""] * STEPS),
        "Images a second by batch size, with all threads; bars are the intervals over launches. "
        "Logarithmic scale along.",
        f"Throughput: {alt_text}.",
    )


def best_of(found: Mapping[int, Rate]) -> str:
    """Say at which batch size a contender does most images a second."""
    size = max(found, key=lambda size: found[size].value)
    return f"{per_second(found[size].value)} images a second at a batch of {size}"


def threads_figure(run: StoredRun) -> Figure | None:
    """Draw the speed-up over one thread, and what it would be if every thread counted for one."""
    speedups = {
        name: {count: each.speedup for count, each in found.items()} for name, found in run.service.scaling.items()
    }
    counts = sorted({count for found in speedups.values() for count in found})
    if len(counts) < 2:
        return None
    ideal = alt.Chart(inline([{"number": count, "value": count} for count in counts]))
    chart = alt.layer(
        ideal.mark_line(color=INK, strokeDash=[4, 4], opacity=0.6).encode(x="number:Q", y="value:Q"),
        lines(speedups, "threads", "times as fast as one thread", DOUBLINGS),
    )
    alt_text = "; ".join(
        f"{name} {found[max(found)].value:.2f} times with {max(found)}" for name, found in speedups.items()
    )
    return Figure(
        "Speed-up over threads",
        draw(chart, [""] * STEPS),
        "Speed-up over one thread. The dashed line is what it would be if every thread counted for one. "
        "Logarithmic scales.",
        f"Speed-up over one thread: {alt_text}.",
    )


def lines(
    rates: Mapping[str, Mapping[int, Rate]], along: str, upwards: str, scale: alt.Scale
) -> alt.LayerChart | alt.FacetChart:
    """Draw a line for each contender over a number on a scale of doublings, with a bar for every interval."""
    points: list[dict[str, Any]] = [
        {"who": name, "number": number, "value": rate.value, "low": rate.low, "high": rate.high}
        for name, found in rates.items()
        for number, rate in sorted(found.items())
    ]
    names = list(rates)
    colours = [PALETTE[place % len(PALETTE)] for place in range(len(names))]
    dashes = [DASHES[place % len(DASHES)] for place in range(len(names))]
    legend = top_legend("stroke")
    x = alt.X(
        "number:Q",
        scale=DOUBLINGS,
        axis=alt.Axis(values=sorted({point["number"] for point in points}), format="d", title=along),
    )
    colour = alt.Color("who:N", legend=legend, scale=alt.Scale(domain=names, range=colours))
    dash = alt.StrokeDash("who:N", legend=legend, scale=alt.Scale(domain=names, range=dashes))
    drawn = alt.Chart(inline(points))
    spans = alt.Chart(inline([point for point in points if point["low"] is not None]))
    y = alt.Y("value:Q", title=upwards, scale=scale)
    return alt.layer(
        drawn.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash),
        drawn.mark_point(filled=True, size=40, opacity=1).encode(x=x, y=y, color=colour),
        spans.mark_rule(strokeWidth=2, opacity=0.5).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour),
    )
