"""What speed costs: memory and the cold start."""

from __future__ import annotations

from runoff.report.blocks import PAGE, Section
from runoff.report.charts.stages import cold_start_figure
from runoff.report.charts.tradeoff import tradeoff_figure
from runoff.stored.run import StoredRun


def tradeoff_section(_: StoredRun) -> Section:
    """Draw latency against memory, and what a cold start consists of."""
    return Section("tradeoff", "What speed costs", charts=(tradeoff_figure, cold_start_figure), shown_in=(PAGE,))
