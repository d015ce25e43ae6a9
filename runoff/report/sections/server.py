"""The highest load that a contender serves within the bound."""

from __future__ import annotations

from runoff.report.blocks import Section
from runoff.report.sections.question import latencies, latency_notes, question_section
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table, plain_notes


def server_section(run: StoredRun) -> Section | None:
    """Show the highest load that keeps the bound."""
    answers = run.service.server
    settings = next((answer.loadgen for answer in answers.values()), None)
    bound = f" {settings.quantile * 100:g} of 100 within {settings.bound * 1e3:g} ms" if settings else " the bound"
    rows = [
        {
            "contender": name,
            "queries a second": numbers.with_interval(answer.highest_load, numbers.per_second),
            **latencies(answer.percentiles),
        }
        for name, answer in answers.items()
    ]
    caption = (
        "MLCommons LoadGen’s Server: queries arrive by chance (Poisson) and wait in line for one session with all "
        f"threads. Queries a second at the highest load that keeps{bound}, computed from what serving took in all "
        "launches, alone and under load (by Pollaczek and Khinchine’s formula), and the latencies measured near "
        "it in ms."
    )
    beyond = [
        f"{name}: the p99 measured near that load is {numbers.milliseconds(answer.percentiles.values['p99'])} ms, "
        "beyond the bound: its service is less steady than was computed with"
        for name, answer in answers.items()
        if answer.percentiles.values.get("p99", 0.0) > answer.loadgen.bound
    ]
    withheld = latency_notes(run, {name: answer.percentiles for name, answer in answers.items()})
    section = Section("server", "Highest load", make_table(caption, rows), plain_notes((*beyond, *withheld)))
    return question_section(run, section)
