"""Memory: its peak by stage, and its course."""

from __future__ import annotations

from runoff.report.blocks import PAGE, Section
from runoff.report.charts.memory_curve import curve_figure
from runoff.report.charts.stages import peak_figure
from runoff.stored.run import StoredRun


def memory_section(_: StoredRun) -> Section:
    """Draw the peak of memory by stage, and memory over time."""
    return Section("memory", "Memory", charts=(peak_figure, curve_figure), shown_in=(PAGE,))
