"""The columns of the comparison, the same on a terminal, on the page and in Markdown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runoff.report import words
from runoff.report.choice import Choice, choose
from runoff.report.recommendation import STAR
from runoff.report.rows import Row
from runoff.report.stored import StoredRun


@dataclass(frozen=True)
class Column:
    """A column of the comparison: its heading in one or two lines, and how a row is written in it."""

    heading: str
    write: Callable[[Row], str]
    numeric: bool = True

    @property
    def title(self) -> str:
        """The heading in one line."""
        return self.heading.replace("\n", " ")


def columns(run: StoredRun) -> tuple[Column, ...]:
    """Give the columns of the comparison; what was measured of no contender has none."""
    contender = Column("contender", lambda row: row.contender, numeric=False)
    choice = choose(run)
    figures = (
        Column("median\nms", lambda row: words.milliseconds(row.median)),
        Column("p95\nms", lambda row: words.milliseconds(words.percentile(row, "p95"))),
        Column(f"ratio to reference\n{words.interval_heading(run)}".strip(), lambda row: words.ratio(row.ratio)),
        Column("cold\nstart s", lambda row: words.seconds(row.cold_start)),
        Column("peak\nMB", lambda row: words.megabytes(row.peak)),
        Column("Top-1\nagrees", lambda row: words.share(row.agreement)),
        Column("artifact\nMB", lambda row: words.megabytes(row.artifact)),
        Column("deploy\nMB", lambda row: words.megabytes(row.footprint)),
        Column("of\npeak", lambda row: words.percent(row.of_peak)),
        Column("choice", lambda row: mark(row, choice), numeric=False),
    )
    measured = (column for column in figures if any(column.write(row) != words.NOTHING for row in run.rows))
    return (contender, *measured, Column("verdict", words.verdict, numeric=False))


def mark(row: Row, choice: Choice) -> str:
    """Mark the recommended contender, those on the Pareto front, and those that miss a limit."""
    if row is choice.recommended:
        return STAR
    if row in choice.front:
        return "front"
    missed = choice.recommended and row in choice.candidates and row not in choice.meeting
    return "misses" if missed else words.NOTHING
