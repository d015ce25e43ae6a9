"""The figures that README shows, from one stored run whose revision, machine and date are named beside them."""

from __future__ import annotations

import dataclasses

from runoff.answer.recommendation import opening
from runoff.errors import RunoffError
from runoff.report.sections.comparison import comparison_table
from runoff.report.sections.setting import setting_line
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.text.markdown import escape, table_lines
from runoff.text.table import Table

LEAST_LAUNCHES = 5
"""Fewer give no verdict."""
LEFT_OUT = ("p95 ms", "artifact MB", "of peak", "choice", "undisturbed ratio")
"""Columns that the front door has no room for; the page of the run has them."""


class RunUnfit(RunoffError):
    """A run whose figures may not be shown as the project's.

    Remedy: commit, and run ``tox -e field -- --launches 8`` on a quiet machine again.
    """


def require_fit(run: StoredRun) -> None:
    """Check that a run can stand for a revision: a known commit without changes, a valid control, enough launches.

    Raises RunUnfit, which says what is missing and how to get it.
    """
    if run.commit is None or run.commit.changed:
        found = "a tree with changes" if run.commit else "no known commit"
        raise RunUnfit(f"expected a run of a committed revision, found {found}; commit, then run tox -e compare again")
    if not run.raced or run.info.launches < LEAST_LAUNCHES:
        raise RunUnfit(
            f"expected a race of {LEAST_LAUNCHES} launches or more, found {run.info.launches}; give --launches 8"
        )
    if not run.is_valid:
        raise RunUnfit(f"the control does not let this run be believed: {wording.control_line(run)}; run it again")


def answer(run: StoredRun) -> str:
    """Write the answer of a run: what it was, the sentences, a small table, and the control."""
    commit = run.commit.name if run.commit else "unknown"
    return "\n".join(
        [
            f"One run, stored on {wording.moment(run)} at revision `{commit}`: {escape(setting_line(run))}",
            "",
            escape(opening(run)[0]),
            "",
            *table_lines(small(comparison_table(run))),
            escape(wording.control_line(run)),
        ]
    )


def small(table: Table) -> Table:
    """Return a table without the columns that there is no room for."""
    kept = [place for place, column in enumerate(table.columns) if column.title not in LEFT_OUT]
    return dataclasses.replace(
        table,
        columns=tuple(table.columns[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in table.rows),
    )
