"""Stored runs as GitHub markdown, for the README, for step summaries and for pull requests."""

from __future__ import annotations

from runoff.report.answer.claims import claims_section
from runoff.report.sections import words
from runoff.report.sections.comparison import comparison_table
from runoff.report.sections.questions import sections
from runoff.report.sections.recommendation import opening
from runoff.report.sections.sections import Section
from runoff.report.sections.side_by_side import label, overview_section, ratios_section
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.text.markdown import escape, note_lines, table_lines
from runoff.text.table import plain_notes


def render_markdown(*runs: StoredRun) -> str:
    """Write runs as GitHub markdown; one run has no heading, several have one each and stand side by side first."""
    if len(runs) == 1:
        return "\n".join(run_lines(runs[0])) + "\n"
    lines = []
    for section in (overview_section(runs), ratios_section(runs)):
        lines += [*section_lines(section), ""] if section else []
    for number, run in enumerate(runs, 1):
        lines += [f"### {label(number).capitalize()}: {escape(wording.place(run))}", "", *run_lines(run), ""]
    return "\n".join(lines)


def run_lines(run: StoredRun) -> list[str]:
    """Write a run's answer, recommendation, table, reasons, setting and warnings, its sections, how to repeat it."""
    lines = [
        *(line for said in opening(run) for line in (escape(said), "")),
        *(table_lines(comparison_table(run)) if run.raced else []),
    ]
    reasons = [(row.contender, wording.why_unmeasured(row)) for row in run.rows]
    lines += [f"- **{escape(name)}**: {escape(why)}" for name, why in reasons if why]
    said = [*([wording.control_line(run)] if run.raced else []), *words.withheld_percentiles(run)]
    lines += [f"- {escape(line)}" for line in [*said, words.setting_line(run)]]
    lines += [f"- **Warning**: {escape(warning)}" for warning in run.warnings]
    for section in (claims_section(run), *sections(run)):
        lines += ["", *section_lines(section)] if section else []
    return [*lines, "", *repeat_lines(run)]


def section_lines(section: Section) -> list[str]:
    """Write a section: what it shows, its table, its notes."""
    return [
        f"**{escape(section.title)}.** {escape(section.caption)}",
        "",
        *table_lines(section.table),
        *note_lines(plain_notes(section.notes)),
    ]


def repeat_lines(run: StoredRun) -> list[str]:
    """Write the versions that were measured, and the command that repeats the run as an indented block of code.

    Nothing on the one line of such a block can end it, whatever a contender is called.
    """
    versions = [
        f"- Versions in {escape(environment)}: {escape(', '.join(' '.join(each) for each in found.items()))}"
        for environment, found in run.stratum.environments.items()
    ]
    return [
        *versions,
        "",
        "Repeat it in a copy of Runoff, with the same checkpoint and pictures:",
        "",
        f"    {words.command(run)}",
    ]
