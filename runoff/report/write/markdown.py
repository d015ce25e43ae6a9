"""Stored runs as GitHub markdown, for the README, for step summaries and for pull requests."""

from __future__ import annotations

from runoff.answer.recommendation import opening
from runoff.report.blocks import MARKDOWN, Section
from runoff.report.sections.contents import sections
from runoff.report.sections.repeat import command
from runoff.report.sections.setting import model_line, setting_line
from runoff.report.sections.side_by_side import label, side_by_side
from runoff.stored import wording
from runoff.stored.processor import processor_lines
from runoff.stored.run import StoredRun
from runoff.text.markdown import escape, note_lines, table_lines
from runoff.text.table import Note, plain_notes


def render_markdown(*runs: StoredRun) -> str:
    """Write runs as GitHub markdown; one run has no heading, several have one each and stand side by side first."""
    if len(runs) == 1:
        return "\n".join(run_lines(runs[0])) + "\n"
    lines = []
    for section in side_by_side(runs):
        lines += [*section_lines(section), ""]
    for number, run in enumerate(runs, 1):
        lines += [f"### {label(number).capitalize()}: {escape(wording.place(run))}", "", *run_lines(run), ""]
    return "\n".join(lines)


def run_lines(run: StoredRun) -> list[str]:
    """Write a run's answer, recommendation, comparison, setting and warnings, its sections, how to repeat it."""
    comparison, *questions = sections(run, MARKDOWN)
    model = plain_notes(filter(None, [model_line(run)]))
    warnings = [Note("Warning", warning) for warning in run.info.warnings]
    return [
        *(line for sentence in opening(run) for line in (escape(sentence), "")),
        *block_lines(comparison),
        *note_lines([Note("", setting_line(run)), *model, *warnings]),
        *(line for section in questions for line in ("", *section_lines(section))),
        "",
        *machine_lines(run),
        "",
        "Repeat it in a copy of Runoff, with the same model and pictures; paths are from where it was started:",
        "",
        f"    {command(run)}",  # no name can end an indented block of one line
    ]


def machine_lines(run: StoredRun) -> list[str]:
    """Name the processor, and the versions in each environment."""
    processor = f"- Processor: {escape('; '.join(processor_lines(run.stratum.processor)))}"
    versions = [
        f"- Versions in {escape(name)}: {escape(', '.join(map(' '.join, packages.items())))}"
        for name, packages in run.stratum.environments.items()
    ]
    return [processor, *versions]


def section_lines(section: Section) -> list[str]:
    """Write a section under its title, with what it shows."""
    caption = section.table.caption if section.table else ""
    return [f"**{escape(section.title)}.** {escape(caption)}", "", *block_lines(section)]


def block_lines(section: Section) -> list[str]:
    """Write a section's table and notes."""
    return [*(table_lines(section.table) if section.table else []), *note_lines(section.notes)]
