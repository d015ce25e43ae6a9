"""What a section holds, for the tests of reports."""

from __future__ import annotations

from runoff.report.blocks import PAGE, Section
from runoff.report.sections.contents import sections
from runoff.stored.run import StoredRun


def section_of(run: StoredRun, name: str) -> Section | None:
    """Return a run's section by its name, None where it has none."""
    return next((section for section in sections(run, PAGE) if section.name == name), None)


def notes_of(section: Section) -> list[str]:
    """Return the texts of a section's notes."""
    return [note.text for note in section.notes]
