"""The charts of what a cold start and a peak of memory consist of, stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import altair as alt

from runoff.charts.drawing import INK, PALETTE, Figure, contender_axis, draw, inline, top_legend
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun
from runoff.text import numbers


def cold_start_figure(run: StoredRun) -> Figure | None:
    """Draw what a cold start consists of."""
    return stacked_figure(
        [(row, row.stages) for row in run.rows if row.stages],
        total=lambda row: f"{numbers.seconds(row.cold_start)} s",
        axis="seconds",
        title="Cold start, stage by stage",
        caption="From nothing to the first answer in a fresh process: the median of each stage. "
        "The figure at the end is the median of the whole.",
        alt_text="Cold start",
    )


def peak_figure(run: StoredRun) -> Figure | None:
    """Draw the peak memory, and what each stage adds to it."""
    return stacked_figure(
        [(row, added_by_stage(row.peaks)) for row in run.rows if row.peaks],
        total=lambda row: f"{numbers.megabytes(row.peak)} MB",
        axis="MB",
        title="Peak memory, stage by stage",
        caption="Peak memory of the whole process, and by how much each stage raised it.",
        alt_text="Peak memory",
    )


def added_by_stage(peaks: Mapping[str, float]) -> dict[str, float]:
    """Return by how many megabytes each stage raised the high-water mark."""
    added: dict[str, float] = {}
    highest = 0.0
    for stage, peak in peaks.items():
        added[stage] = max(0.0, peak - highest) / numbers.MEGABYTE
        highest = max(highest, peak)
    return added


def stacked_figure(
    parts: Sequence[tuple[Row, Mapping[str, float]]],
    *,
    total: Callable[[Row], str],
    axis: str,
    title: str,
    caption: str,
    alt_text: str,
) -> Figure | None:
    """Draw one bar a contender, stacked by stage, with the total at its end."""
    if not parts:
        return None
    stages = list(dict.fromkeys(stage for _, values in parts for stage in values))
    pieces = [
        {
            "who": row.contender,
            "stage": stage,
            "size": size,
            "place": stages.index(stage),
        }
        for row, values in parts
        for stage, size in values.items()
    ]
    ends = [{"who": row.contender, "size": sum(values.values()), "text": total(row)} for row, values in parts]
    across = contender_axis()
    longest = max(sum(values.values()) for _, values in parts)
    room = longest * 1.3 or 1.0  # the totals are written behind the bars
    along = alt.X("size:Q", scale=alt.Scale(domain=[0, room], nice=False), axis=alt.Axis(title=axis, tickCount=5))
    colour = alt.Color(
        "stage:N",
        scale=alt.Scale(domain=stages, range=[PALETTE[place % len(PALETTE)] for place in range(len(stages))]),
        legend=top_legend("square"),
    )
    bars = alt.Chart(inline(pieces)).mark_bar(height=18)
    labels = alt.Chart(inline(ends)).mark_text(align="left", dx=6, color=INK, fontSize=13)
    chart = alt.layer(
        bars.encode(x=along, y=across, color=colour, order=alt.Order("place:Q")),
        labels.encode(x=along, y=across, text="text:N"),
    )
    listed = "; ".join(f"{end['who']} {end['text']}" for end in ends)
    return Figure(title, draw(chart, [row.contender for row, _ in parts]), caption, f"{alt_text}: {listed}.")
