"""Several runs on one page: what each of them is, and their ratios in one table."""

from __future__ import annotations

from collections.abc import Sequence

from runoff.answer.fastest import answer
from runoff.report.blocks import Section
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.stored.stratum import stratum_differences
from runoff.text import numbers
from runoff.text.table import Table, make_columns, plain_notes

ANSWER, STORED, MACHINE = "answer", "stored", "machine"


def label(number: int) -> str:
    """Name a run by its place on the page, from 1 on."""
    return f"run {number}"


def overview_section(runs: Sequence[StoredRun]) -> Section:
    """Say what each run is and what it answers."""
    return Section(
        "runs",
        "The runs on this page",
        table=Table(
            caption="Each run in the order in which it was given, with its answer",
            columns=make_columns(("run", STORED, MACHINE, "launches", ANSWER), (STORED, MACHINE, ANSWER)),
            rows=tuple(
                (label(number), stored(run), wording.place(run), str(run.info.launches), answer(run))
                for number, run in enumerate(runs, 1)
            ),
        ),
    )


def stored(run: StoredRun) -> str:
    """Say when a run was stored and of which commit."""
    return f"{wording.moment(run)}{f', commit {run.commit.full_name}' if run.commit else ''}"


def ratios_section(runs: Sequence[StoredRun]) -> Section | None:
    """Set the runs' ratios side by side, None where fewer than two runs have any."""
    raced = [(number, run) for number, run in enumerate(runs, 1) if any(row.ratio for row in run.rows)]
    if len(raced) < 2:
        return None
    ratios = [{row.contender: numbers.ratio(row.ratio) for row in run.rows} for _, run in raced]
    names = dict.fromkeys(row.contender for _, run in raced for row in run.rows)
    return Section(
        "ratios",
        "Side by side",
        table=Table(
            caption="Time of one inference relative to each run’s own reference, with its interval",
            columns=make_columns(
                ("contender", *(f"{label(number)}\nto {run.stratum.reference}" for number, run in raced))
            ),
            rows=tuple((name, *(found.get(name, numbers.NOTHING) for found in ratios)) for name in names),
        ),
        notes=plain_notes(stratum_notes(raced)),
    )


def stratum_notes(raced: Sequence[tuple[int, StoredRun]]) -> list[str]:
    """Say which runs differ from the first in what moves ratios too; what is of two strata is not a change."""
    (first, base), *others = raced
    notes = []
    for number, run in others:
        if differences := stratum_differences(base.stratum, run.stratum):
            notes.append(
                f"{label(number).capitalize()} is of another stratum than {label(first)}, so a difference between them "
                f"is not only the contender’s: {'; '.join(differences)}."
            )
    return notes
