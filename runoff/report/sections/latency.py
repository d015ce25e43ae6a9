"""Latency: ratios and distributions."""

from __future__ import annotations

from runoff.report.blocks import PAGE, Section
from runoff.report.charts.distributions import distribution_figure
from runoff.report.charts.ratios import ratio_figure
from runoff.stored.run import StoredRun


def latency_section(_: StoredRun) -> Section:
    """Draw the ratios to the reference, and all raw times."""
    return Section("latency", "Latency", charts=(ratio_figure, distribution_figure), shown_in=(PAGE,))
