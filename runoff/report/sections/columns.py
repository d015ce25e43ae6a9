"""The columns of the comparison, the same on a terminal, on the page and in Markdown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runoff.report.answer.choice import Choice, choose
from runoff.report.sections import words
from runoff.report.sections.recommendation import STAR
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun

MEDIAN = "median\nms"
FRONT, MISSES = "front", "misses"
MARKS = (STAR, FRONT, words.NOTHING, MISSES)
"""What stands in the column of the choice, the best first."""


@dataclass(frozen=True)
class Column:
    """A column of the comparison: its heading in one or two lines, how a row is written in it, what it is sorted by.

    Without ``value`` it is sorted by what is written.
    """

    heading: str
    write: Callable[[Row], str]
    value: Callable[[Row], float | None] | None = None
    numeric: bool = True

    @property
    def title(self) -> str:
        """The heading in one line."""
        return self.heading.replace("\n", " ")

    @property
    def is_order(self) -> bool:
        """Whether it is the one that rows come in the order of."""
        return self.heading == MEDIAN


def columns(run: StoredRun) -> tuple[Column, ...]:
    """Give the columns of the comparison; what was measured of no contender has none."""
    contender = Column("contender", lambda row: row.contender, numeric=False)
    choice = choose(run)
    figures = (
        measured(MEDIAN, words.milliseconds, lambda row: row.median),
        measured("p95\nms", words.milliseconds, lambda row: words.percentile(row, "p95")),
        Column(
            f"ratio to reference\n{words.interval_heading(run)}".strip(),
            lambda row: words.ratio(row.ratio),
            lambda row: row.ratio.value if row.ratio else None,
        ),
        measured("cold\nstart s", words.seconds, lambda row: row.cold_start),
        measured("peak\nMB", words.megabytes, lambda row: row.peak),
        measured("Top-1\nagrees", words.share, lambda row: row.agreement),
        measured("artifact\nMB", words.megabytes, lambda row: row.artifact),
        measured("deploy\nMB", words.megabytes, lambda row: row.footprint),
        measured("of\npeak", words.percent, lambda row: row.of_peak),
        Column("choice", lambda row: mark(row, choice), lambda row: MARKS.index(mark(row, choice)), numeric=False),
    )
    found = (column for column in figures if any(column.write(row) != words.NOTHING for row in run.rows))
    return (contender, *found, Column("verdict", words.verdict, numeric=False))


def measured(heading: str, write: Callable[[float | None], str], read: Callable[[Row], float | None]) -> Column:
    """Give the column of a figure that a row has, or has not."""
    return Column(heading, lambda row: write(read(row)), read)


def mark(row: Row, choice: Choice) -> str:
    """Mark the recommended contender, those on the Pareto front, and those that miss a limit."""
    if row is choice.recommended:
        return STAR
    if row in choice.front:
        return FRONT
    missed = choice.recommended and row in choice.candidates and row not in choice.meeting
    return MISSES if missed else words.NOTHING
