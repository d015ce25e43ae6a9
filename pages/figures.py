"""The figures that README and docs/ show, of one stored run whose revision, machine and date are named with each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping

from runoff.answer.choice import choose
from runoff.answer.recommendation import opening
from runoff.backends import find_backends
from runoff.errors import RunoffError
from runoff.report.blocks import MARKDOWN, Section
from runoff.report.sections.claims import claims_section
from runoff.report.sections.comparison import comparison_section, comparison_table
from runoff.report.sections.contents import sections
from runoff.report.sections.conversion_breaks import breaks_section
from runoff.report.sections.conversions import conversion_section
from runoff.report.sections.own_conversion import own_conversion_section
from runoff.report.sections.setting import setting_line
from runoff.report.write.markdown import block_lines, machine_lines, section_lines
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.markdown import escape, note_lines, table_lines
from runoff.text.table import Note, Table, make_table

LEAST_LAUNCHES = 5
"""Fewer give no verdict."""
PICTURE = "docs/figures/ratios.svg"
LEFT_OUT = ("p95 ms", "artifact MB", "of peak", "choice", "undisturbed ratio", "verdict")
"""Columns that the front door has no room for; the page of the whole field has them."""
TENSORFLOW = ("tensorflow", "tensorflow-session", "tensorflow-savedmodel")
"""The ways to run TensorFlow whose memory is compared."""
OF_THEIR_PAGES = ("comparison", "claims", "conversion", "own-conversion", "conversion-breaks")
"""Sections that have a block, or a page, for themselves."""


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
        raise RunUnfit(f"expected a run of a committed revision, found {found}; commit, then run tox -e field again")
    if not run.raced or run.info.launches < LEAST_LAUNCHES:
        raise RunUnfit(
            f"expected a race of {LEAST_LAUNCHES} launches or more, found {run.info.launches}; give --launches 8"
        )
    if not run.is_valid:
        raise RunUnfit(f"the control does not let this run be believed: {wording.control_line(run)}; run it again")


def origin(run: StoredRun) -> str:
    """Name the run that figures are of: its revision, its date, its machine and its amount."""
    commit = run.commit.name if run.commit else "unknown"
    return f"One run, stored on {wording.moment(run)} at revision `{commit}`: {escape(setting_line(run))}"


def answer(run: StoredRun) -> str:
    """Write the answer of a run: what it was, the sentence, a small table, and the control."""
    return "\n".join(
        [
            origin(run),
            "",
            escape(opening(run)[0]),
            "",
            *table_lines(small(comparison_table(run), front_contenders(run))),
            escape(wording.control_line(run)),
        ]
    )


def front_contenders(run: StoredRun) -> set[str]:
    """Return who is on the front door: each backend as it is, and the recommended contender."""
    recommended = choose(run).recommended
    return {*find_backends(), *([recommended.contender] if recommended else [])}


def small(table: Table, contenders: set[str]) -> Table:
    """Return a table of these contenders alone, without the columns that there is no room for."""
    kept = [place for place, column in enumerate(table.columns) if column.title not in LEFT_OUT]
    return dataclasses.replace(
        table,
        columns=tuple(table.columns[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in table.rows if row[0] in contenders),
    )


def picture(run: StoredRun, page: str) -> str:
    """Show the chart of all ratios on a page."""
    path = PICTURE if page == "README.md" else PICTURE.removeprefix("docs/")
    return f"![Time of one inference relative to {escape(run.stratum.reference)}, with intervals]({path})"


def comparison(run: StoredRun) -> str:
    """Write the answer, the recommendation, the whole comparison, the machine, the versions and the warnings."""
    return "\n".join(
        [
            origin(run),
            "",
            *(line for sentence in opening(run) for line in (escape(sentence), "")),
            *block_lines(comparison_section(run)),
            *note_lines(Note("Warning", warning) for warning in run.info.warnings),
            *machine_lines(run),
        ]
    )


def questions(run: StoredRun) -> str:
    """Write the sections of a run that have no other place."""
    return titled(run, (part for part in sections(run, MARKDOWN) if part.name not in OF_THEIR_PAGES))


def claims(run: StoredRun) -> str:
    """Write what is claimed beside what was measured."""
    return titled(run, [claims_section(run)])


def conversions(run: StoredRun) -> str:
    """Write what converts, and what breaks where."""
    return titled(run, [conversion_section(run), breaks_section(run), own_conversion_section(run)])


def titled(run: StoredRun, parts: Iterable[Section | None]) -> str:
    """Write sections with the run they are of; a run that measured none of it says so."""
    lines = [line for part in parts if part for line in ("", *section_lines(part))]
    return "\n".join([origin(run), *(lines or ["", "That run did not measure it."])])


def tensorflow_memory(run: StoredRun) -> str:
    """Write the peak of memory after each stage of the ways to run TensorFlow."""
    rows = [
        {"contender": row.contender, **{stage: numbers.megabytes(size) for stage, size in row.peaks.items()}}
        for row in run.rows
        if row.contender in TENSORFLOW and row.peaks
    ]
    table = make_table("The highest resident memory until the end of each stage, in MB", rows)
    return titled(run, [Section("tensorflow-memory", "Memory by stage", table) if rows else None])


FIGURES: Mapping[str, Mapping[str, Callable[[StoredRun], str]]] = {
    "README.md": {"picture": lambda run: picture(run, "README.md"), "answer": answer},
    "docs/field.md": {
        "picture": lambda run: picture(run, "docs/field.md"),
        "comparison": comparison,
        "questions": questions,
    },
    "docs/claims.md": {"claims": claims},
    "docs/conversion.md": {"conversion": conversions},
    "docs/tensorflow-memory.md": {"memory": tensorflow_memory},
}
"""What is made of the stored run, by page and by its block's name."""
