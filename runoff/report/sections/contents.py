"""The sections of a report, in the order that they are read in; a new one is a file in sections/ and a line here."""

from __future__ import annotations

from collections.abc import Callable

from runoff.report.blocks import Section
from runoff.report.sections.accuracy import accuracy_section, class_section
from runoff.report.sections.claims import claims_section
from runoff.report.sections.closeness import closeness_section
from runoff.report.sections.comparison import comparison_section
from runoff.report.sections.conversion_breaks import breaks_section
from runoff.report.sections.conversions import conversion_section
from runoff.report.sections.efficiency import efficiency_section
from runoff.report.sections.end_to_end import end_to_end_section
from runoff.report.sections.footprint import footprint_section
from runoff.report.sections.latency import latency_section
from runoff.report.sections.memory import memory_section
from runoff.report.sections.method import method_section
from runoff.report.sections.neighbour import neighbour_section
from runoff.report.sections.own_conversion import own_conversion_section
from runoff.report.sections.parallel import parallel_section
from runoff.report.sections.percentiles import percentile_section
from runoff.report.sections.quantisation import quantisation_section
from runoff.report.sections.repeat import repeat_section
from runoff.report.sections.server import server_section
from runoff.report.sections.setting import setting_section
from runoff.report.sections.single_stream import single_stream_section
from runoff.report.sections.threads import threads_section
from runoff.report.sections.throughput import throughput_section
from runoff.report.sections.tradeoff import tradeoff_section
from runoff.report.sections.version_steps import version_section
from runoff.stored.run import StoredRun

SECTIONS: tuple[Callable[[StoredRun], Section | None], ...] = (
    comparison_section,
    claims_section,
    latency_section,
    tradeoff_section,
    memory_section,
    percentile_section,
    version_section,
    accuracy_section,
    class_section,
    quantisation_section,
    closeness_section,
    efficiency_section,
    footprint_section,
    conversion_section,
    own_conversion_section,
    breaks_section,
    throughput_section,
    parallel_section,
    single_stream_section,
    server_section,
    end_to_end_section,
    threads_section,
    neighbour_section,
    method_section,
    setting_section,
    repeat_section,
)


def sections(run: StoredRun, medium: str) -> list[Section]:
    """Return a run's sections that are shown on a terminal, in Markdown or on the page."""
    made = (make(run) for make in SECTIONS)
    return [section for section in made if section is not None and medium in section.shown_in]
