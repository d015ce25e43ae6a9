"""The sections of a run, one for each question beyond the comparison that it has an answer to."""

from __future__ import annotations

from runoff.report.conversion import breaks_section, conversion_section
from runoff.report.efficiency import efficiency_section
from runoff.report.footprint import footprint_section
from runoff.report.quantisation import quantisation_section
from runoff.report.sections import Section
from runoff.report.service.sections import service_sections
from runoff.report.stored import StoredRun
from runoff.report.version_steps import version_section


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
