"""The journal of a race: what it was made under, and each launch as soon as it is over; a race can go on from it."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from runoff.errors import RunoffError, UsageError, WorkerFailed
from runoff.files.whole import write_whole
from runoff.measure.probe import Reading
from runoff.stored.info import Resumed
from runoff.stored.schema import StoredRunBroken, read_record, write_record

LAUNCHES, HEAD = ".jsonl", ".json"
"""What the names of a journal and of its head end with."""
DONE = "done"
SHOWN = 3
Record = TypeVar("Record")


@dataclass(frozen=True)
class Head:
    """What a race was made under: the folder, the options' texts, and all that must be equal for it to go on.

    ``ended`` says how it ended: as it should, or what broke it off; None where nobody could say, since the process that
    made it was killed.
    """

    folder: str
    options: dict[str, tuple[str, ...]]
    under: dict[str, str]
    ended: str | None = None


@dataclass(frozen=True)
class Kept(Generic[Record]):
    """What the launches of an earlier process yielded, and when the last one was over, by ``now``; or nothing."""

    records: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    failures: Mapping[str, RunoffError] = field(default_factory=dict)
    frequencies: tuple[float | None, ...] = ()
    readings: tuple[tuple[Reading, ...], ...] = ()
    resumed: tuple[Resumed, ...] = ()
    moment: float = 0.0

    @property
    def launches(self) -> int:
        """How many there were."""
        return len(self.frequencies)

    def resumed_now(self) -> tuple[Resumed, ...]:
        """Return when the race was continued, now too where there are launches."""
        if not self.launches:
            return self.resumed
        return (*self.resumed, Resumed(self.launches, round(max(0.0, now() - self.moment), 1)))


@dataclass(frozen=True)
class Line(Generic[Record]):
    """One launch as a journal has it; those of older journals have fewer fields."""

    launch: int
    records: dict[str, Record]
    failures: dict[str, str] = field(default_factory=dict)
    frequency: float | None = None
    moment: float = 0.0
    probe: tuple[Reading, ...] = ()
    resumed: tuple[Resumed, ...] = ()


def now() -> float:
    """Return the seconds since the machine was started, those that it was suspended for among them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def write_launch(
    journal: Path,
    launch: int,
    records: Mapping[str, Any],
    readings: Sequence[Reading] = (),
    beside: Mapping[str, Any] | None = None,
) -> str | None:
    """Add one launch to a journal; return what went wrong, since a full disk costs the journal and not the race.

    ``beside`` are further fields of its line.
    """
    written: dict[str, Any] = {"launch": launch, "records": {key: asdict(record) for key, record in records.items()}}
    if readings:
        written["probe"] = [asdict(reading) for reading in readings]
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        add_line(journal, json.dumps(written | dict(beside or {})))
    except OSError as error:
        return f"{journal}: {error.strerror}"
    return None


def beside_launch(
    frequency: float | None, failures: Mapping[str, RunoffError], resumed: Sequence[Resumed]
) -> dict[str, Any]:
    """Return what is noted with a launch for a race that goes on: the moment, the clock, who is out, and pauses."""
    errors = {key: f"{type(error).__name__}: {error}" for key, error in failures.items()}
    return {"moment": now(), "frequency": frequency, "failures": errors, "resumed": write_record(list(resumed))}


def add_line(path: Path, line: str) -> None:
    """Add a line to a file, or nothing of it where it can't be written whole; raises OSError then."""
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        data = f"{line}\n".encode()
        try:
            written = file.write(data)
            while written < len(data):
                written += file.write(data[written:])
        except OSError:
            with suppress(OSError):  # what is no file can't be cut; the first error says what is wrong
                file.truncate(before)
            raise


def head_of(journal: Path) -> Path:
    """Return the file beside a journal that says what its race was made under."""
    return journal.with_suffix(HEAD)


def write_head(journal: Path, head: Head) -> str | None:
    """Write what a race is made under; return what went wrong, which only keeps it from being continued."""
    try:
        write_whole(head_of(journal), lambda path: path.write_text(json.dumps(write_record(head)), encoding="utf-8"))
    except OSError as error:
        return f"{head_of(journal)}: {error.strerror}"
    return None


def read_head(journal: Path) -> Head | None:
    """Read what a race was made under, None where that is not there or can't be read."""
    try:
        return read_record(json.loads(head_of(journal).read_text(encoding="utf-8")), Head)
    except (OSError, ValueError, RecursionError, StoredRunBroken):
        return None


def note_end(journal: Path, ended: str | None) -> None:
    """Note in a journal's head how its race ended; a disk that takes no more leaves it as it is."""
    if head := read_head(journal):
        write_head(journal, dataclasses.replace(head, ended=ended or DONE))


def differences(head: Head, under: Mapping[str, str]) -> list[str]:
    """Say what is not as it was when a race was made: each name once, with both values where they are short."""
    found = []
    for name in [*head.under, *(name for name in under if name not in head.under)]:
        before, after = head.under.get(name, "none"), under.get(name, "none")
        if before != after:
            short = max(len(before), len(after)) <= 60
            found.append(f"{name}: {before} → {after}" if short else f"{name} is another one")
    return found


def read_lines(journal: Path, kind: type[Record]) -> Iterator[Line[Record]]:
    """Yield the launches of a journal in their order, up to the first that is not whole or not the next one."""
    try:
        lines = journal.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for number, text in enumerate(lines):
        try:
            line = read_record(json.loads(text), Line[kind])  # type: ignore[valid-type]  # a type that is only known here
        except (ValueError, RecursionError, StoredRunBroken):
            return
        if line.launch != number:
            return
        yield line


def read_kept(journal: Path, kind: type[Record]) -> Kept[Record]:
    """Return what the launches of a journal yielded; whoever is missing in the last one is out."""
    lines = list(read_lines(journal, kind))
    if not lines:
        return Kept()
    records: dict[str, list[Record]] = {}
    for line in lines:
        for key, record in line.records.items():
            records.setdefault(key, []).append(record)
    last = lines[-1]
    return Kept(
        {key: tuple(values) for key, values in records.items()},
        {key: WorkerFailed(text) for key, text in last.failures.items()},
        tuple(line.frequency for line in lines),
        tuple(line.probe for line in lines),
        last.resumed,
        last.moment,
    )


def find_journal(given: str, folders: Iterable[Path]) -> Path:
    """Return the journal that a run's name, its journal's path or its stored file means.

    Raises UsageError where there is none, with the names of the last ones, and where the file is of no such run.
    """
    path, places = Path(given), list(folders)
    if path.suffix == HEAD and path.is_file() and not path.with_suffix(LAUNCHES).exists():
        return journal_of_stored(path)
    for place in (path, *(folder / path.name for folder in places)):
        journal = place.with_name(f"{place.name.removesuffix(LAUNCHES).removesuffix(HEAD)}{LAUNCHES}")
        if journal.is_file() or head_of(journal).is_file():
            return journal
    newest = sorted({journal.stem for place in places for journal in place.glob(f"*{LAUNCHES}")})[-SHOWN:]
    there = f"the last ones are {', '.join(newest)}" if newest else "there is none"
    raise UsageError(f"--resume: there is no run {given!r} in {' or '.join(map(str, places))}; {there}")


def journal_of_stored(path: Path) -> Path:
    """Return the journal of a stored run that was broken off.

    Raises UsageError for what is no such run.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        journals = [Path(name) for name in stored["machine_info"]["runoff"]["broken_off"]["journals"]]
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        raise UsageError(f"--resume: {path} is no stored run that was broken off; give one, or a run's name") from error
    journal = next((each for each in journals if each.is_file()), None)
    if journal is None:
        raise UsageError(f"--resume: the journal of {path} is not there; start in the folder that the run was made in")
    return journal
