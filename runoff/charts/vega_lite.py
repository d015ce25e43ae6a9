"""Charts described as Vega-Lite has them: plain values, for which nothing is imported and nothing is copied.

Altair describes the same with checks of each part, which took as long as drawing. The tests check what is described
here by Vega-Lite's schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Given = dict[str, Any]
"""Fields of Vega-Lite by their names there."""
TYPES = {"Q": "quantitative", "N": "nominal"}
SECOND = ("x2", "y2")
"""The other ends of spans, which have the type of the first."""


@dataclass(frozen=True)
class Chart:
    """A chart of values, or several layers of such."""

    parts: Mapping[str, Any]

    def mark(self, kind: str, **looks: Any) -> Chart:
        """Return the chart with its values drawn as points, lines and so on, which look so."""
        return replace(self, parts={**self.parts, "mark": {"type": kind, **looks}})

    def encode(self, **channels: str | Given) -> Chart:
        """Return the chart with further channels: fields, or their names and types as ``value:Q``."""
        given = {name: channel(shown) if isinstance(shown, str) else shown for name, shown in channels.items()}
        for name in SECOND:
            if name in given:
                given[name] = {"field": given[name]["field"]}
        return replace(self, parts={**self.parts, "encoding": {**self.parts.get("encoding", {}), **given}})


def channel(name_and_type: str, **given: Any) -> Given:
    """Describe a channel that shows a field, named as ``value:Q`` (a quantity) or ``who:N`` (a name)."""
    name, _, kind = name_and_type.partition(":")
    return {"field": name, "type": TYPES[kind], **given}


def chart_of(values: Sequence[Mapping[str, Any]]) -> Chart:
    """Return a chart of values."""
    return Chart({"data": {"values": values}})


def specification(chart: Chart) -> Given:
    """Return all that Vega-Lite is told of a chart; values that several layers share are there once, under a name."""
    datasets: dict[int, Sequence[Mapping[str, Any]]] = {}

    def named(parts: Mapping[str, Any]) -> Given:
        found = dict(parts)
        if "data" in found:
            values = found["data"]["values"]
            datasets[id(values)] = values
            found["data"] = {"name": f"values-{list(datasets).index(id(values))}"}
        if "layer" in found:
            found["layer"] = [named(layer) for layer in found["layer"]]
        return found

    parts = named(chart.parts)
    return parts | {"datasets": {f"values-{number}": values for number, values in enumerate(datasets.values())}}


def layered(*charts: Chart, **independent: str) -> Chart:
    """Return charts on top of each other; they share all scales but those that are ``independent``, by channel."""
    resolved = {"resolve": {"scale": independent}} if independent else {}
    return Chart({"layer": [chart.parts for chart in charts], **resolved})
