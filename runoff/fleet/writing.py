"""What the runs of many machines say: for a terminal, as GitHub markdown, and as a page."""

from __future__ import annotations

import io

from runoff.fleet.merge import Fleet, answer, notes, tables
from runoff.text.markdown import escape, note_lines, table_lines
from runoff.text.page import page_templates
from runoff.text.terminal import draw_table, make_console, print_notes


def render_fleet(fleet: Fleet, width: int, *, colour: bool = False) -> str:
    """Draw a fleet as text, at most ``width`` columns wide."""
    text = io.StringIO()
    console = make_console(text, width=width, colour=colour)
    console.print(answer(fleet), style="bold")
    for table in tables(fleet):
        console.print(f"\n{table.caption}.\n")
        console.print(draw_table(table, width))
    console.print()
    print_notes(console, notes(fleet))
    return text.getvalue()


def render_markdown(fleet: Fleet) -> str:
    """Write a fleet as GitHub markdown."""
    lines = [f"**{escape(answer(fleet))}**", ""]
    for table in tables(fleet):
        lines += [escape(f"{table.caption}."), "", *table_lines(table)]
    return "\n".join([*lines, *note_lines(notes(fleet))]) + "\n"


def render_page(fleet: Fleet) -> str:
    """Write a fleet as one self-contained HTML file."""
    titles = (("strata", "Machines"), ("ratios", "Ratios"))
    return (
        page_templates("runoff.fleet")
        .get_template("fleet.html")
        .render(
            answer=answer(fleet),
            tables=[(name, title, table) for (name, title), table in zip(titles, tables(fleet), strict=False)],
            notes=notes(fleet),
        )
    )
