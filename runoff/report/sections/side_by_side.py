"""Several runs on one page: what each of them is, and their ratios in one table."""

from __future__ import annotations

from collections.abc import Sequence

from runoff.answer.fastest import answer
from runoff.report.blocks import Section
from runoff.stored import wording
from runoff.stored.model import model_title
from runoff.stored.processor import processor_doubt
from runoff.stored.run import StoredRun
from runoff.stored.stratum import stratum_differences
from runoff.text import numbers
from runoff.text.table import make_table, plain_notes


def label(number: int) -> str:
    """Name a run by its place on the page, from 1 on."""
    return f"run {number}"


def side_by_side(runs: Sequence[StoredRun]) -> list[Section]:
    """Say what each run is and what it answers, and set their ratios side by side where two runs have any."""
    return [overview_section(runs), *ratios_section(runs)]


def overview_section(runs: Sequence[StoredRun]) -> Section:
    """Say what each run is and what it answers."""
    rows = [
        {
            "run": label(number),
            "stored": f"{wording.moment(run)}{f', commit {run.commit.full_name}' if run.commit else ''}",
            "model": model_title(run.model) if run.model else numbers.NOTHING,
            "machine": wording.place(run),
            "launches": str(run.info.launches),
            "answer": answer(run),
        }
        for number, run in enumerate(runs, 1)
    ]
    caption = "Each run in the order in which it was given, with its answer"
    return Section("runs", "The runs on this page", make_table(caption, rows, ("stored", "model", "machine", "answer")))


def ratios_section(runs: Sequence[StoredRun]) -> list[Section]:
    """Set the runs' ratios side by side; empty where fewer than two runs have any."""
    raced = [(number, run) for number, run in enumerate(runs, 1) if any(row.ratio for row in run.rows)]
    if len(raced) < 2:
        return []
    ratios = {
        f"{label(number)}\nto {run.stratum.reference}": {row.contender: numbers.ratio(row.ratio) for row in run.rows}
        for number, run in raced
    }
    rows = [
        {"contender": name, **{heading: written.get(name, numbers.NOTHING) for heading, written in ratios.items()}}
        for name in dict.fromkeys(row.contender for _, run in raced for row in run.rows)
    ]
    caption = "Time of one inference relative to each run’s own reference, with its interval"
    return [Section("ratios", "Side by side", make_table(caption, rows), plain_notes(stratum_notes(raced)))]


def stratum_notes(raced: Sequence[tuple[int, StoredRun]]) -> list[str]:
    """Say which runs differ from the first in what moves ratios too, or may: of two strata, there is no change."""
    (first, base), *others = raced
    notes = [
        f"{label(number).capitalize()} is of another stratum than {label(first)}, so a difference between them "
        f"is not only the contender’s: {'; '.join(differences)}."
        for number, run in others
        if (differences := stratum_differences(base.stratum, run.stratum))
    ]
    doubt = processor_doubt({label(number): run.stratum.processor for number, run in raced})
    return [*notes, *([f"{doubt[0].upper()}{doubt[1:]}."] if doubt else [])]
