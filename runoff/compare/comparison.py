"""Two compared runs in words: for a terminal, and as GitHub markdown."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import JustifyMethod
from rich.table import Table

from runoff.compare.changes import (
    EXIT_MEANINGS,
    MISSING,
    NEW,
    NOTHING_WORSE,
    SECONDS,
    Change,
    Comparison,
    ReferenceChange,
)
from runoff.compare.outcome import growth, limit, outcome
from runoff.judge.ratios import CONFIDENCE, EXPLORATORY, FEWEST_LAUNCHES, INCONCLUSIVE
from runoff.report.sections import words
from runoff.report.write.markdown import escape, table_row
from runoff.report.write.table import GAP, WIDTH, console_for
from runoff.stored.fields import one_line
from runoff.stored.run import StoredRun

NEXT_BASELINE = (
    "race both in one run (--tree NAME=FOLDER or --environment NAME=PYTHON brings the second in as a contender), "
    "or measure a new baseline here and compare with that"
)


@dataclass(frozen=True)
class Line:
    """Something said about a comparison, and the word that it stands under."""

    label: str
    text: str


def render_comparison(found: Comparison, names: tuple[str, str], *, width: int = WIDTH, colour: bool = False) -> str:
    """Draw a comparison as text, at most ``width`` columns wide; ``names`` are those of the files, base and head."""
    text = io.StringIO()
    console = console_for(text, width=width, colour=colour)
    console.print(outcome(found), style="green" if found.exit_code == NOTHING_WORSE else "red")
    console.print()
    if found.changes:
        console.print(draw_table(found, width))
        console.print()
    for line in lines(found, names):
        console.print(f"{line.label}: {line.text}")
    return text.getvalue()


def draw_table(found: Comparison, width: int) -> Table:
    """Draw the changes, those of a metric under its name; only the verdict may go over several lines where it fits."""
    rows: list[tuple[tuple[str, ...], str]] = []
    group = None
    for change in found.changes:
        if change.group != group:
            group = change.group
            rows.append(((group, "", "", "", ""), "bold"))
        rows.append(((f"  {change.contender}", *figures(change, found.fail_above)), colour_of(change)))
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    fits = needed([cells for cells, _ in rows]) <= width
    for number, heading in enumerate(headings()):
        justify: JustifyMethod = "right" if 0 < number < 4 else "left"
        whole = number in (1, 2) or (fits and number < 4)
        table.add_column(heading, justify=justify, no_wrap=whole, overflow="fold")
    for cells, style in rows:
        table.add_row(*cells, style=style)
    return table


def needed(rows: Sequence[tuple[str, ...]]) -> int:
    """Give the width below which a table of these rows would break a word of a verdict, or any other cell."""
    columns = list(zip(*rows, strict=True))
    parts = [[*heading.splitlines(), *cells] for heading, cells in zip(headings(), columns, strict=True)]
    parts[-1] = " ".join(parts[-1]).split()
    return sum(max(map(len, texts)) + GAP for texts in parts) - GAP


def render_markdown_comparison(found: Comparison, names: tuple[str, str]) -> str:
    """Write a comparison as GitHub markdown."""
    written = [escape(outcome(found)), ""]
    if found.changes:
        written += [
            table_row(["metric", *(heading.replace("\n", " ") for heading in headings())]),
            table_row([":---", ":---", "---:", "---:", "---:", ":---"]),
        ]
        written += [
            table_row([escape(cell) for cell in (change.group, change.contender, *figures(change, found.fail_above))])
            for change in found.changes
        ]
        written.append("")
    written += [f"- **{escape(line.label)}**: {escape(line.text)}" for line in lines(found, names)]
    return "\n".join(written) + "\n"


def headings() -> tuple[str, ...]:
    """Give the headings of the table, those of figures in two lines."""
    return ("contender", "base\nratio", "head\nratio", f"change\n[{CONFIDENCE * 100:.3g} % interval]", "verdict")


def figures(change: Change, fail_above: float | None) -> tuple[str, str, str, str]:
    """Write a change's cells: both ratios, the change with its interval, and what it shows."""
    said = f"{change.verdict}, beyond {limit(fail_above)}" if change.fails else change.verdict
    return f"{change.base:.3f}", f"{change.head:.3f}", change_with_interval(change), said


def change_with_interval(change: Change) -> str:
    """Write a change in per cent with its interval: ``+10.2 % [+8.1, +12.4]``."""
    found = change.change
    if found.low is None or found.high is None:
        return f"{growth(found.value)} %"
    return f"{growth(found.value)} % [{growth(found.low)}, {growth(found.high)}]"


def colour_of(change: Change) -> str:
    """Give the style of a change's row."""
    if change.fails:
        return "red"
    return "yellow" if change.is_worse else "green" if change.is_better else ""


def lines(found: Comparison, names: tuple[str, str]) -> list[Line]:
    """Say all that stands beneath the table."""
    said = [Line("differs", difference) for difference in found.differences]
    if found.differences:
        said.append(Line("next", NEXT_BASELINE))
    for name, run in (("base", found.base), ("head", found.head)):
        if name in found.invalid:
            said.append(Line(f"invalid {name}", words.control_line(run)))
    if found.invalid:
        said.append(Line("next", words.MEASURE_AGAIN))
    if found.changes:
        said.append(Line("changes", tally(found)))
    images = (found.base.images, found.head.images)
    pictures = "" if images[0] == images[1] else f" (over {images[0]} pictures and over {images[1]})"
    said += [
        Line("agreement fell", f"{fall.contender}: {words.share(fall.base)} → {words.share(fall.head)}{pictures}")
        for fall in found.falls
    ]
    said += absence_lines(found)
    said += unproven_lines(found)
    if found.references:
        said.append(reference_line(found))
    said += [Line("base", file_line(names[0], found.base)), Line("head", file_line(names[1], found.head))]
    said.append(Line(f"exit code {found.exit_code}", EXIT_MEANINGS[found.exit_code]))
    return said


def tally(found: Comparison) -> str:
    """Count the verdicts."""
    counts: dict[str, int] = {}
    for change in found.changes:
        counts[change.verdict] = counts.get(change.verdict, 0) + 1
    return ", ".join(f"{number} {verdict}" for verdict, number in counts.items())


def absence_lines(found: Comparison) -> list[Line]:
    """Say what only one run has and why, all that is missing from the same groups for the same reason together."""
    groups: dict[tuple[str, str, str | None], list[str]] = {}
    for absence in found.absences:
        groups.setdefault((absence.kind, absence.name, absence.reason), []).append(absence.group)
    names: dict[tuple[str, str, str | None], list[str]] = {}
    for (kind, name, reason), where in groups.items():
        names.setdefault((kind, ", ".join(where), reason), []).append(name)
    silent = {MISSING: "head", NEW: "base"}
    said = [
        Line(kind, f"{', '.join(who)} in {where}{f': {silent[kind]} says {reason}' if reason else ''}")
        for (kind, where, reason), who in names.items()
    ]
    said += [Line("renamed?", f"{each.old} → {each.new} in {each.group}") for each in found.renamings]
    if found.unrelated:
        pairs = ", ".join(f"{contender} in {group}" for group, contender in found.unrelated)
        said.append(Line("not compared", f"{pairs}: neither run has a ratio of it"))
    return said


def unproven_lines(found: Comparison) -> list[Line]:
    """Say which changes could hide a regression, and what would show it."""
    margin = limit(min(found.base.margin, found.head.margin))
    reasons = {
        EXPLORATORY: f"a run has fewer than {FEWEST_LAUNCHES} launches or no interval, so this never fails",
        INCONCLUSIVE: f"the interval is wider than {margin}, so a difference that matters could be in it",
    }
    said = []
    for verdict, reason in reasons.items():
        if number := sum(change.verdict == verdict for change in found.changes):
            said.append(Line("unproven", f"{number} {verdict}: {reason}; measure with more --launches"))
    return said


def reference_line(found: Comparison) -> Line:
    """Say how the reference's own medians changed."""
    changed = ", ".join(reference_change(each) for each in found.references)
    return Line(
        "reference",
        f"{found.head.stratum.reference}: {changed}. The machine's own speed is part of this, so it is for information "
        "and nothing of it is gated",
    )


def reference_change(each: ReferenceChange) -> str:
    """Write the reference's medians in one metric."""
    base, head = amount(each.base, each.unit), amount(each.head, each.unit)
    return f"{each.group} {base} → {head} ({growth(each.head / each.base)} %)"


def amount(value: float, unit: str) -> str:
    """Write a value in the unit that people read it in."""
    if unit == SECONDS:
        return f"{words.milliseconds(value)} ms" if value < 1 else f"{words.seconds(value)} s"
    return f"{words.megabytes(value)} MB" if unit == "bytes" else f"{value:.4g} {unit}"


def file_line(name: str, run: StoredRun) -> str:
    """Say what a file is: when and of which commit it was stored, and how much was measured."""
    commit = f", commit {run.commit}" if run.commit else ""
    amounts = f"{words.count(run.launches, 'launch', 'launches')} × {words.count(run.rounds, 'round', 'rounds')}"
    return f"{one_line(name)}: {words.moment(run)}{commit}; {amounts}; {words.place(run)}"
