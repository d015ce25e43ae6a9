"""A run on a terminal: the comparison, the control's line, each question's table, warnings, what is recommended."""

from __future__ import annotations

import io

from rich.console import Console

from runoff.answer.recommendation import recommendation
from runoff.report.blocks import TERMINAL, Section
from runoff.report.sections.contents import sections
from runoff.report.sections.setting import model_line, setting_line
from runoff.stored.run import StoredRun
from runoff.text.terminal import WIDTH, draw_table, make_console, print_notes


def render_table(run: StoredRun, *, width: int = WIDTH, colour: bool = False) -> str:
    """Draw a run as text, at most ``width`` columns wide."""
    text = io.StringIO()
    console = make_console(text, width=width, colour=colour)
    comparison, *questions = sections(run, TERMINAL)
    print_blocks(console, comparison)
    console.print(setting_line(run))
    if line := model_line(run):
        console.print(line)
    for section in questions:
        console.print()
        console.print(section.title, style="bold")
        print_blocks(console, section)
    for warning in run.info.warnings:
        console.print(f"! {warning}", style="yellow")
    if run.raced:
        console.print(recommendation(run), style="bold")
    return text.getvalue()


def print_blocks(console: Console, section: Section) -> None:
    """Print a section's table and notes."""
    if section.table and section.table.rows:
        console.print(draw_table(section.table, console.width))
    print_notes(console, section.notes)
