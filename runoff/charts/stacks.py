"""Bars of what a whole consists of, one for each contender, with the total at its end."""

from __future__ import annotations

from collections.abc import Mapping

from runoff.charts.drawing import INK, Figure, contender_axis, hue, palette, specify, top_legend
from runoff.charts.vega_lite import Given, channel, chart_of, layered


def stacked_bars(
    parts: Mapping[str, Mapping[str, float]], totals: Mapping[str, str], *, whole: str, axis: str, caption: str
) -> Figure | None:
    """Draw the parts of each contender's whole by their stages, and its total in words; None where there are none."""
    if not parts:
        return None
    names = list(dict.fromkeys(name for sizes in parts.values() for name in sizes))
    pieces = [
        {"who": who, "part": name, "size": size, "place": names.index(name)}
        for who, sizes in parts.items()
        for name, size in sizes.items()
    ]
    ends = [{"who": who, "size": sum(sizes.values()), "text": totals[who]} for who, sizes in parts.items()]
    room = max(sum(sizes.values()) for sizes in parts.values()) * 1.3 or 1.0  # the totals are written behind the bars
    along = channel("size:Q", scale=Given(domain=[0, room], nice=False), axis=Given(title=axis, tickCount=5))
    base = {"x": along, "y": contender_axis()}
    colour = hue("part:N", palette(names), top_legend("square"))
    bars = chart_of(pieces).mark("bar", height=18).encode(**base, color=colour, order=channel("place:Q"))
    labels = chart_of(ends).mark("text", align="left", dx=6, color=INK, fontSize=13).encode(**base, text="text:N")
    alternative = f"{whole}: {'; '.join(f'{who} {totals[who]}' for who in parts)}."
    return Figure(f"{whole}, stage by stage", specify(layered(bars, labels), list(parts)), caption, alternative)
