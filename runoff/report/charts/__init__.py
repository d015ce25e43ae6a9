"""Charts of a stored run, one file each."""

from __future__ import annotations

from runoff.report.charts.drawing import Figure
from runoff.report.charts.memory_curve import curve_figure
from runoff.report.charts.ratios import ratio_figure
from runoff.report.charts.stages import cold_start_figure, peak_figure
from runoff.report.charts.tradeoff import tradeoff_figure
from runoff.report.stored import StoredRun


def figures(run: StoredRun) -> list[Figure]:
    """Draw all charts that the run has figures for."""
    drawn = (ratio_figure(run), tradeoff_figure(run), cold_start_figure(run), peak_figure(run), curve_figure(run))
    return [figure for figure in drawn if figure is not None]
