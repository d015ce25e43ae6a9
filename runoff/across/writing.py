"""Many models as one self-contained page and as Markdown."""

from __future__ import annotations

from collections.abc import Callable

from runoff.across import words
from runoff.across.chart import ratio_chart
from runoff.across.journal import PAGE, Entry, folder_name
from runoff.across.ranking import AcrossModels
from runoff.charts.apart import draw_or_say
from runoff.stored import wording
from runoff.text.markdown import escape, note_lines, table_lines
from runoff.text.page import page_templates
from runoff.text.table import Note, Table, plain_notes


def render_page(across: AcrossModels, say: Callable[[str], object] = str) -> str:
    """Write what models say as one HTML file, which links to the page of each model's run beside it.

    Its chart is drawn by another process; where that dies, it is said, on the page too, which then has none.
    """
    template, said = page_templates("runoff.across").get_template("models.html"), list[str]()
    chart = ratio_chart(across)
    figure = draw_or_say([chart], said.append)[0] if chart else None
    for line in said:
        say(line)
    return template.render(
        across=across,
        words=words,
        wording=wording,
        tables=tables(across),
        figure=figure,
        page=page,
        remarks=[*words.remarks(across), *said],
    )


def page(entry: Entry) -> str:
    """Return where a model's own page is, from the folder that the page of all lies in."""
    return f"{folder_name(entry.architecture.model)}/{PAGE}"


def tables(across: AcrossModels) -> list[tuple[str, str, Table]]:
    """Return the tables with the names and titles of their sections; those without rows are left out."""
    every = [
        ("models", "Model by model", words.model_table(across)),
        ("runtimes", "Which runtime, if it is one for all?", words.standing_table(across)),
        ("ranks", "Do the models agree?", words.ranking_table(across)),
        ("failed", "What failed, and why", words.failures(across)),
    ]
    return [each for each in every if each[2].rows]


def render_markdown(across: AcrossModels) -> str:
    """Write the same as GitHub markdown, with where it comes from."""
    setting = [Note(name, text) for name, text in words.setting(across)]
    lines = [f"# {words.QUESTION}", "", f"**{escape(words.answer(across))}**", ""]
    lines += [*note_lines(plain_notes(words.conclusions(across))), ""]
    for _, title, table in tables(across):
        lines += [f"## {escape(title)}", "", escape(f"{table.caption}."), "", *table_lines(table)]
    lines += [
        *note_lines(
            plain_notes([*words.left_out(across), *words.remarks(across), words.NO_SAMPLE, words.NOT_AVERAGED])
        ),
        "",
    ]
    lines += ["## What was measured", "", *note_lines(setting), *note_lines([Note("Stored runs", stored_runs(across))])]
    return "\n".join(lines).rstrip("\n") + "\n"


def stored_runs(across: AcrossModels) -> str:
    """Name the stored runs by their models and moments."""
    return "; ".join(f"{entry.architecture.model}, {run.moment:%Y-%m-%d %H:%M:%S}" for entry, run in across.runs)
