"""Runs of many machines, put together by stratum: a column each, and whether the winner is the same in all of them.

Nothing is averaged: not over strata, whose ratios differ for a reason, and not over the few runs of one stratum, of
which the range is shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from runoff.answer.choice import clear_winners, winners
from runoff.answer.fastest import why_no_answer
from runoff.files.names import shown
from runoff.judge.ratios import Ratio
from runoff.stored import wording
from runoff.stored.finding import FLEET_MARK, Reading, fingerprint, is_summary
from runoff.stored.json_file import read_json
from runoff.stored.processor import processor_keys
from runoff.stored.run import StoredRun, parse_run
from runoff.stored.schema import write_record
from runoff.stored.stratum import Stratum, stratum_differences
from runoff.text import numbers
from runoff.text.table import Note, Table, make_table, plain_notes

FLEET_SCHEMA = 1
SAME_WITHIN = "What decides how fast a contender is was equal within each stratum"
NOT_AVERAGED = (
    "No figure is a mean over strata or over runs. Of several runs of one stratum the smallest and the largest ratio "
    "are shown, and a contender is the fastest there where no run has another among its fastest."
)


@dataclass(frozen=True)
class FleetRun:
    """A run as a fleet sees it; ``doubt`` is what keeps it from saying who is fastest, None where nothing does.

    ``winners`` are the fastest contender and those that are not told apart from it, ``verdicts`` what came of each, and
    ``ratios`` those of all that were timed.
    """

    file: str
    place: str
    interval: str
    stratum: Stratum
    doubt: str | None
    winners: tuple[str, ...]
    verdicts: Mapping[str, str]
    ratios: Mapping[str, Ratio]
    fingerprint: str


@dataclass(frozen=True)
class FleetStratum:
    """The runs of one stratum, by the name of its column."""

    name: str
    runs: tuple[FleetRun, ...]

    @property
    def winners(self) -> tuple[str, ...]:
        """The contenders that any of the runs has among its fastest; one alone is the stratum's winner."""
        return tuple(dict.fromkeys(name for run in self.runs for name in run.winners))

    def ratios(self, contender: str) -> list[Ratio]:
        """Return a contender's ratios, the smallest first."""
        found = [run.ratios[contender] for run in self.runs if contender in run.ratios]
        return sorted(found, key=lambda ratio: ratio.value)


@dataclass(frozen=True)
class Fleet:
    """All strata with a run that says who is fastest, in the order of their first runs; ``reading`` has every run."""

    strata: tuple[FleetStratum, ...]
    reading: Reading[FleetRun]


def read_fleet_run(path: Path) -> FleetRun | None:
    """Read a run from a file, None where it is a summary of many; raises StoredRunBroken."""
    stored = read_json(path)
    return None if is_summary(stored) else fleet_run(shown(path), parse_run(stored))


def fleet_run(file: str, run: StoredRun) -> FleetRun:
    """Return what a fleet needs of a stored run."""
    return FleetRun(
        file=file,
        place=wording.place(run),
        interval=wording.interval_heading(run).strip("[]"),
        stratum=run.stratum,
        doubt=why_no_answer(run),
        winners=winners(run),
        verdicts={row.contender: row.verdict for row in run.rows},
        ratios={row.contender: row.ratio for row in run.timed if row.ratio},
        fingerprint=fingerprint(run),
    )


def merge_runs(reading: Reading[FleetRun]) -> Fleet:
    """Put runs together that are comparable; those that say nothing of who is fastest are left out.

    Where something is not known of a processor that fits a known one, it is taken for that, as in a history.
    """
    said = [run for run in reading.runs if run.doubt is None]
    processors = processor_keys(run.stratum.processor for run in said)
    groups: list[list[FleetRun]] = []
    for run in said:
        key = processors[run.stratum.processor]
        for group in groups:
            if all(
                processors[other.stratum.processor] == key and not stratum_differences(other.stratum, run.stratum)
                for other in group
            ):
                group.append(run)
                break
        else:
            groups.append([run])
    strata = (FleetStratum(f"stratum {number}", tuple(group)) for number, group in enumerate(groups, 1))
    return Fleet(tuple(strata), reading)


def answer(fleet: Fleet) -> str:
    """Say on how many strata the winner is the same, and what is so on the others."""
    strata, counted = len(fleet.strata), clear_winners(stratum.winners for stratum in fleet.strata).most_common()
    if not strata:
        return "No run says which contender is the fastest."
    of = f"{strata} strata"
    if not counted:
        return f"No contender is shown to be the fastest, on {numbers.count(strata, 'stratum', 'strata')}."
    (first, most), *others = counted
    open_ones = [stratum.name for stratum in fleet.strata if len(stratum.winners) != 1]
    rest = [f"{name} is the fastest on {count} ({where(fleet, name)})" for name, count in others]
    if open_ones:
        rest.append(f"on {len(open_ones)} the fastest is not told apart from the next ({', '.join(open_ones)})")
    if strata == 1:
        return f"There is one stratum, and its fastest is {first}: whether that changes takes runs of another."
    if others and others[0][1] == most:
        said = "; ".join([f"{first} is the fastest on {most} ({where(fleet, first)})", *rest])
        return f"The winner changes: of {of}, {said}."
    return f"The winner is the same on {most} of {of}: {first}{''.join(f'; {text}' for text in rest)}."


def where(fleet: Fleet, winner: str) -> str:
    """Name the strata on which a contender is the fastest alone."""
    return ", ".join(stratum.name for stratum in fleet.strata if stratum.winners == (winner,))


def tables(fleet: Fleet) -> list[Table]:
    """Return the strata, a row each, and the ratios, a column a stratum; nothing where there is no stratum."""
    if not fleet.strata:
        return []
    places = [
        {
            "stratum": stratum.name,
            "machine": stratum.runs[0].place,
            "runs": str(len(stratum.runs)),
            "fastest": " ≈ ".join(stratum.winners) or "none meets the limits",
        }
        for stratum in fleet.strata
    ]
    names = dict.fromkeys(name for stratum in fleet.strata for run in stratum.runs for name in run.verdicts)
    ratios = [
        {"contender": name, **{column(stratum): cell(stratum, name) for stratum in fleet.strata}} for name in names
    ]
    references = ", ".join(dict.fromkeys(stratum.runs[0].stratum.reference for stratum in fleet.strata))
    interval = fleet.strata[0].runs[0].interval
    caption = (
        f"Time of one inference relative to the stratum’s own reference ({references}); below 1 is faster. Of one run "
        f"with its {interval or 'interval'}, of several the smallest and the largest"
    )
    return [
        make_table(SAME_WITHIN, places, ("machine", "fastest")),
        make_table(caption, ratios),
    ]


def column(stratum: FleetStratum) -> str:
    """Head a stratum's column with its name and how many runs it has."""
    return f"{stratum.name}\n{numbers.count(len(stratum.runs), 'run')}"


def cell(stratum: FleetStratum, contender: str) -> str:
    """Write a contender's ratio in a stratum, its range where runs are several, or what came of it there."""
    found = stratum.ratios(contender)
    if not found:
        return next((run.verdicts[contender] for run in stratum.runs if contender in run.verdicts), numbers.NOTHING)
    if len(found) == 1:
        return numbers.ratio_with_reach(found[0]) + (" (1 run)" if len(stratum.runs) > 1 else "")
    ends = [f"{ratio.value:.3f}" for ratio in (found[0], found[-1])]
    return numbers.ratio(found[0]) if contender == stratum.runs[0].stratum.reference else " to ".join(ends)


def notes(fleet: Fleet) -> list[Note]:
    """Say which runs are in a stratum, in what it differs from the first, and what was left out."""
    said = []
    for stratum in fleet.strata:
        differences = stratum_differences(fleet.strata[0].runs[0].stratum, stratum.runs[0].stratum)
        apart = f". It differs from {fleet.strata[0].name} in {'; '.join(differences)}" if differences else ""
        said.append(Note(stratum.name, f"{', '.join(run.file for run in stratum.runs)}{apart}."))
    return [*said, *plain_notes([*remarks(fleet), NOT_AVERAGED])]


def remarks(fleet: Fleet) -> list[str]:
    """Say which files are not in the table, and why."""
    reading = fleet.reading
    return [
        *(f"{run.file} is left out: {run.doubt}" for run in reading.runs if run.doubt),
        *(f"{file} is skipped: {reason}" for file, reason in reading.skipped.items()),
        *(f"{copy} is a copy of {first}, and counts once." for copy, first in reading.copies.items()),
    ]


def fleet_json(fleet: Fleet) -> str:
    """Write a fleet as JSON, every run with its ratios, nothing put together."""
    written = {
        FLEET_MARK: FLEET_SCHEMA,
        "answer": answer(fleet),
        "strata": [stratum_json(stratum) for stratum in fleet.strata],
        "left_out": {run.file: run.doubt for run in fleet.reading.runs if run.doubt},
        "skipped": dict(fleet.reading.skipped),
        "copies": dict(fleet.reading.copies),
    }
    return msgspec.json.format(json.dumps(written, ensure_ascii=False, allow_nan=False), indent=1) + "\n"


def stratum_json(stratum: FleetStratum) -> dict[str, Any]:
    """Write a stratum and its runs."""
    return {
        "name": stratum.name,
        "winner": stratum.winners[0] if len(stratum.winners) == 1 else None,
        "fastest": list(stratum.winners),
        "stratum": write_record(stratum.runs[0].stratum),
        "runs": [
            {
                "file": run.file,
                "fastest": list(run.winners),
                "ratios": {name: asdict(ratio) for name, ratio in run.ratios.items()},
            }
            for run in stratum.runs
        ],
    }
