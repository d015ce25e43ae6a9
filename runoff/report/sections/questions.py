"""The sections of a run, one for each question beyond the comparison that it has an answer to."""

from __future__ import annotations

from runoff.report.sections.conversions import breaks_section, conversion_section
from runoff.report.sections.efficiency import efficiency_section
from runoff.report.sections.footprint import footprint_section
from runoff.report.sections.quantisation import quantisation_section
from runoff.report.sections.sections import Section
from runoff.report.sections.service import service_sections
from runoff.report.sections.version_steps import version_section
from runoff.stored.run import StoredRun


def sections(run: StoredRun) -> list[Section]:
    """Give the sections of a run in the order that they are read in."""
    found = (
        version_section(run),
        quantisation_section(run),
        efficiency_section(run),
        footprint_section(run),
        conversion_section(run),
        breaks_section(run),
        *service_sections(run),
    )
    return [section for section in found if section is not None]
