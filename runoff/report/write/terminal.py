"""A run on a terminal: the comparison, the control's line, each question's table, warnings, what is recommended."""

from __future__ import annotations

import io

from runoff.report.sections import words
from runoff.report.sections.comparison import comparison_table
from runoff.report.sections.questions import sections
from runoff.report.sections.recommendation import recommendation
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.text.table import plain_notes
from runoff.text.terminal import WIDTH, draw_table, make_console, print_notes


def render_table(run: StoredRun, *, width: int = WIDTH, colour: bool = False) -> str:
    """Draw a run as text, at most ``width`` columns wide."""
    text = io.StringIO()
    console = make_console(text, width=width, colour=colour)
    if run.raced:
        console.print(draw_table(comparison_table(run), width))
    for row in run.rows:
        if why := wording.why_unmeasured(row):
            console.print(f"{row.contender}: {why}")
    if run.raced:
        console.print(wording.control_line(run))
    for reason in words.withheld_percentiles(run):
        console.print(reason)
    console.print(words.setting_line(run))
    for section in sections(run):
        console.print()
        console.print(section.title, style="bold")
        if section.rows:
            console.print(draw_table(section.table, console.width))
        print_notes(console, plain_notes(section.notes))
    for warning in run.warnings:
        console.print(f"! {warning}", style="yellow")
    if run.raced:
        console.print(recommendation(run), style="bold")
    return text.getvalue()
