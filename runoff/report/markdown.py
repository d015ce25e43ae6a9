"""The comparison as GitHub markdown, for the README and for step summaries."""

from __future__ import annotations

import re

from runoff.report import words
from runoff.report.answer import answer
from runoff.report.stored import StoredRun

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&#$!])")


def render_markdown(run: StoredRun) -> str:
    """Write a run's answer, table, reasons, setting and warnings as GitHub markdown."""
    shown = words.columns(run)
    lines = [
        escape(answer(run)),
        "",
        table_row([column.title for column in shown]),
        table_row(["---:" if column.numeric else ":---" for column in shown]),
        *(table_row([escape(column.write(row)) for column in shown]) for row in run.rows),
        "",
    ]
    reasons = [(row.contender, words.why_unmeasured(row)) for row in run.rows]
    lines += [f"- **{escape(name)}**: {escape(why)}" for name, why in reasons if why]
    said = [words.control_line(run), *words.withheld_percentiles(run), words.setting_line(run)]
    lines += [f"- {escape(line)}" for line in said]
    lines += [f"- **Warning**: {escape(warning)}" for warning in run.warnings]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Write text so that markdown shows it as it is."""
    return SPECIAL.sub(r"\\\1", text)


def table_row(cells: list[str]) -> str:
    """Write a row of a table."""
    return f"| {' | '.join(cells)} |"
