"""Charts of a stored run, one file each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runoff.charts.drawing import Figure
from runoff.report.charts.conversions import conversion_figure
from runoff.report.charts.distributions import distribution_figure
from runoff.report.charts.lines import service_figures
from runoff.report.charts.memory_curve import curve_figure
from runoff.report.charts.ratios import ratio_figure
from runoff.report.charts.stages import cold_start_figure, peak_figure
from runoff.report.charts.tradeoff import tradeoff_figure
from runoff.stored.run import StoredRun


@dataclass(frozen=True)
class Group:
    """Charts that stand together under a heading, ``name`` being its anchor on the page."""

    name: str
    title: str
    figures: Sequence[Figure]


def groups(run: StoredRun) -> list[Group]:
    """Draw all charts of the comparison that the run has figures for, those that belong together in one group."""
    drawn = {
        ("latency", "Latency"): (ratio_figure(run), distribution_figure(run)),
        ("tradeoff", "What speed costs"): (tradeoff_figure(run), cold_start_figure(run)),
        ("memory", "Memory"): (peak_figure(run), curve_figure(run)),
    }
    found = [
        Group(name, title, [figure for figure in figures if figure is not None])
        for (name, title), figures in drawn.items()
    ]
    return [group for group in found if group.figures]


def section_figures(run: StoredRun) -> dict[str, Figure]:
    """Draw the charts that belong to a question's own section, by that section's name (see report/sections/)."""
    conversions = conversion_figure(run)
    return service_figures(run) | ({"conversion": conversions} if conversions else {})
