"""Stored runs as GitHub markdown, for the README, for step summaries and for pull requests."""

from __future__ import annotations

import re

from runoff.report.answer.claims import claims_section
from runoff.report.sections import words
from runoff.report.sections.columns import columns
from runoff.report.sections.questions import sections
from runoff.report.sections.recommendation import opening
from runoff.report.sections.sections import Section
from runoff.report.sections.side_by_side import label, overview_section, ratios_section
from runoff.stored.run import StoredRun

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&#$!]|:(?=//)|(?<=www)\.)", flags=re.IGNORECASE)
MENTION = re.compile(r"(?<!\w)@(?=\w)")
JOINER = "\N{WORD JOINER}"


def render_markdown(*runs: StoredRun) -> str:
    """Write runs as GitHub markdown; one run has no heading, several have one each and stand side by side first."""
    if len(runs) == 1:
        return "\n".join(run_lines(runs[0])) + "\n"
    lines = []
    for section in (overview_section(runs), ratios_section(runs)):
        lines += [*section_lines(section), ""] if section else []
    for number, run in enumerate(runs, 1):
        lines += [f"### {label(number).capitalize()}: {escape(words.place(run))}", "", *run_lines(run), ""]
    return "\n".join(lines)


def run_lines(run: StoredRun) -> list[str]:
    """Write a run's answer, recommendation, table, reasons, setting and warnings, its sections, how to repeat it."""
    lines = [
        *(line for said in opening(run) for line in (escape(said), "")),
        *(comparison(run) if run.raced else []),
    ]
    reasons = [(row.contender, words.why_unmeasured(row)) for row in run.rows]
    lines += [f"- **{escape(name)}**: {escape(why)}" for name, why in reasons if why]
    said = [*([words.control_line(run)] if run.raced else []), *words.withheld_percentiles(run)]
    lines += [f"- {escape(line)}" for line in [*said, words.setting_line(run)]]
    lines += [f"- **Warning**: {escape(warning)}" for warning in run.warnings]
    for section in (claims_section(run), *sections(run)):
        lines += ["", *section_lines(section)] if section else []
    return [*lines, "", *repeat_lines(run)]


def comparison(run: StoredRun) -> list[str]:
    """Write the table of one row a contender."""
    shown = columns(run)
    return [
        table_row([column.title for column in shown]),
        table_row(["---:" if column.numeric else ":---" for column in shown]),
        *(table_row([escape(column.write(row)) for column in shown]) for row in run.rows),
        "",
    ]


def section_lines(section: Section) -> list[str]:
    """Write a section: what it shows, its table, its notes."""
    table = [
        table_row([escape(heading.replace("\n", " ")) for heading in section.headings]),
        table_row(["---:" if section.is_figure(heading) else ":---" for heading in section.headings]),
        *(table_row([escape(cell) for cell in row]) for row in section.rows),
        "",
    ]
    return [
        f"**{escape(section.title)}.** {escape(section.caption)}",
        "",
        *(table if section.rows else []),
        *(f"- {escape(note)}" for note in section.notes),
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


def escape(text: str) -> str:
    """Write text so that markdown shows it as it is: no markup, no link, and nobody is mentioned."""
    return MENTION.sub(f"@{JOINER}", SPECIAL.sub(r"\\\1", text))


def table_row(cells: list[str]) -> str:
    """Write a row of a table."""
    return f"| {' | '.join(cells)} |"
