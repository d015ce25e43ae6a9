"""Reading what a history needs of stored runs, and no more: who ran where, on which commit, and three metrics."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from runoff.errors import RunoffError
from runoff.judge.ratios import INVALID, MARGIN, control_is_valid
from runoff.stored.fields import Field, StoredRunBroken, one_line
from runoff.stored.rows import Measure, read_measure
from runoff.stored.run import read_control, read_groups, read_moment
from runoff.stored.schema import SCHEMA
from runoff.stored.strata import read_stratum
from runoff.stored.stratum import Stratum

GROUPS = ("inference", "cold-start", "peak-memory")
HISTORY_MARK = "runoff_history"
UNKNOWN_COMMITS = ("", "unknown", "unversioned")
DIGITS = 12


class NothingToRead(RunoffError):
    """None of the files that were given is a run that Runoff stored."""


@dataclass(frozen=True)
class Commit:
    """A commit as pytest-benchmark stores it; ``changed`` tells whether files differed from it."""

    identifier: str
    time: datetime | None
    changed: bool

    @property
    def name(self) -> str:
        """The short name that people read."""
        return f"{self.identifier[:DIGITS]}{' with changes' if self.changed else ''}"


@dataclass(frozen=True)
class PastRun:
    """A stored run as a history sees it; ``circumstances`` are what it ran in that is no part of the stratum."""

    file: str
    moment: datetime
    commit: Commit | None
    stratum: Stratum
    circumstances: Mapping[str, str]
    valid: bool
    measures: Mapping[tuple[str, str], Measure]
    fingerprint: str

    @property
    def order(self) -> tuple[datetime, datetime]:
        """Commits come in the order of their times, runs of one commit in that of theirs."""
        return (self.commit.time if self.commit and self.commit.time else self.moment, self.moment)


@dataclass(frozen=True)
class Reading:
    """What was found in the folders: runs in order, files that can't be used with the reason, and copies of a run."""

    runs: Sequence[PastRun]
    skipped: Mapping[str, str]
    copies: Mapping[str, str]


def read_runs(places: Sequence[Path]) -> Reading:
    """Read every run below the folders, each once however often it is stored.

    Raises NothingToRead where there is none.
    """
    runs: dict[str, PastRun] = {}
    skipped: dict[str, str] = {}
    copies: dict[str, str] = {}
    for path in find_files(places):
        try:
            run = read_past_run(path)
        except StoredRunBroken as error:
            skipped[str(path)] = str(error)
            continue
        if run is None:
            continue
        if run.fingerprint in runs:
            copies[run.file] = runs[run.fingerprint].file
        else:
            runs[run.fingerprint] = run
    if not runs:
        where = ", ".join(map(str, places))
        raise NothingToRead(
            f"no run that Runoff stored is in {where}; give a folder with files such as results/runoff.json"
            + "".join(f"\n{file} is skipped: {reason}" for file, reason in skipped.items())
        )
    return Reading(sorted(runs.values(), key=lambda run: run.order), skipped, copies)


def find_files(places: Sequence[Path]) -> Iterator[Path]:
    """Return every JSON file below the folders once, in the order of the folders and names.

    Raises NothingToRead for a folder that is not there.
    """
    seen = set()
    for place in places:
        if not place.exists():
            raise NothingToRead(f"there is no folder {place}; give one with stored runs")
        for path in [place] if place.is_file() else sorted(place.rglob("*.json")):
            if path.is_file() and (real := path.resolve()) not in seen:
                seen.add(real)
                yield path


def read_past_run(path: Path) -> PastRun | None:
    """Read a run from a file, None where it is a history that was written before.

    Raises StoredRunBroken.
    """
    try:
        stored = json.loads(path.read_bytes())
    except OSError as error:
        raise StoredRunBroken(f"it can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise StoredRunBroken(f"it is not JSON ({error})") from error
    if isinstance(stored, dict) and HISTORY_MARK in stored:
        return None
    return parse_past_run(str(path), stored)


def parse_past_run(file: str, stored: Any) -> PastRun:
    """Read a run from its JSON values.

    Raises StoredRunBroken with the field.
    """
    root = Field("", stored)
    machine = root.get("machine_info")
    about = machine.get("runoff") if machine else None
    if machine is None or about is None:
        raise StoredRunBroken("there is no field machine_info.runoff; expected a run that Runoff stored")
    if (schema := about["schema"].value) != SCHEMA:
        raise StoredRunBroken(f"machine_info.runoff.schema is {schema!r}, this Runoff reads {SCHEMA}")
    stratum = read_stratum(about)
    groups = read_groups(root["benchmarks"])
    measures = {
        (group, name): read_measure(benchmark)
        for group in GROUPS
        for name, benchmark in groups.get(group, {}).items()
        if name in stratum.contenders
    }
    commit = root.optional("commit_info", read_commit)
    return PastRun(
        file=one_line(file),
        moment=read_time(root["datetime"]),
        commit=commit,
        stratum=stratum,
        circumstances=read_circumstances(machine, about),
        valid=read_validity(about, measures),
        measures=measures,
        fingerprint=fingerprint(about["seed"].whole(), commit, measures),
    )


def read_commit(commit: Field) -> Commit | None:
    """Read the commit that was measured, None where none is known."""
    name = commit.optional("id", Field.text)
    if name is None or name in UNKNOWN_COMMITS:
        return None
    return Commit(name, commit.optional("time", read_time), bool(commit.optional("dirty", lambda dirty: dirty.value)))


def read_time(moment: Field) -> datetime:
    """Read a moment; one without a zone is taken to be in UTC, so that all can be ordered.

    Newer versions of git write Z for UTC, which Python 3.10 does not read.
    """
    text = moment.text()
    found = read_moment(Field(moment.path, f"{text[:-1]}+00:00" if text.endswith("Z") else text))
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def read_validity(about: Field, measures: Mapping[tuple[str, str], Measure]) -> bool:
    """Whether the run's control lets it be believed."""
    launches = about["launches"].whole()
    control = about.optional("control", lambda found: read_control(found, launches))
    if control and not control_is_valid(control.ratio, about.optional("margin", Field.amount) or MARGIN):
        return False
    return all(measure.verdict != INVALID for (group, _), measure in measures.items() if group == "inference")


def read_circumstances(machine: Field, about: Field) -> dict[str, str]:
    """Read what a run ran in and a step may come from, though runs that differ in it are comparable."""
    system = " ".join(part for name in ("system", "release") if (part := machine.optional(name, Field.text)))
    images = about.optional("images", lambda found: found["sha256"].text())
    first = about.optional("workers_go_first", lambda found: found.value)
    found = {
        "machine": machine.optional("node", Field.text),
        "system": system,
        "Python of the suite": machine.optional("python_version", Field.text),
        "pictures": images and images[:DIGITS],
        "launches": str(about["launches"].whole()),
        "rounds": str(about["rounds"].whole()),
        "workers go first": {"True": "yes", "False": "no"}.get(str(first)),
    }
    return {name: value for name, value in found.items() if value}


def fingerprint(seed: int, commit: Commit | None, measures: Mapping[tuple[str, str], Measure]) -> str:
    """Return what tells a run from all others however it is stored: no two measure the same to the last bit."""
    figures = sorted((key, measure.median, measure.ratio and measure.ratio.value) for key, measure in measures.items())
    return hashlib.sha256(repr((seed, commit and commit.identifier, figures)).encode()).hexdigest()
