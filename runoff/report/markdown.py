"""The comparison as GitHub markdown, for the README and for step summaries."""

from __future__ import annotations

import re

from runoff.report import words
from runoff.report.columns import columns
from runoff.report.questions import sections
from runoff.report.recommendation import opening
from runoff.report.sections import Section
from runoff.report.stored import StoredRun

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&#$!])")


def render_markdown(run: StoredRun) -> str:
    """Write a run's answer, recommendation, table, reasons, setting and warnings as GitHub markdown."""
    lines = [
        *(line for said in opening(run) for line in (escape(said), "")),
        *(comparison(run) if run.raced else []),
    ]
    reasons = [(row.contender, words.why_unmeasured(row)) for row in run.rows]
    lines += [f"- **{escape(name)}**: {escape(why)}" for name, why in reasons if why]
    said = [*([words.control_line(run)] if run.raced else []), *words.withheld_percentiles(run)]
    lines += [f"- {escape(line)}" for line in [*said, words.setting_line(run)]]
    lines += [f"- **Warning**: {escape(warning)}" for warning in run.warnings]
    for section in sections(run):
        lines += ["", *section_lines(section)]
    return "\n".join(lines) + "\n"


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
        table_row([heading.replace("\n", " ") for heading in section.headings]),
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


def escape(text: str) -> str:
    """Write text so that markdown shows it as it is."""
    return SPECIAL.sub(r"\\\1", text)


def table_row(cells: list[str]) -> str:
    """Write a row of a table."""
    return f"| {' | '.join(cells)} |"
