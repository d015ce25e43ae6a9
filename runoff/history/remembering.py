"""Runs that were read before: what a history needs of each, by the hash of its file's bytes, kept among the caches.

Reading ten thousand runs takes most of a minute, since ratios are computed from every round; what is needed of them
then is a few numbers. A file that changed has another hash. What is kept is of one state of the code that reads:
another state reads all anew.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from runoff.files.hashing import hash_files, named_from
from runoff.files.whole import note_use, write_whole
from runoff.history.past import PastRun
from runoff.judge.ratios import Ratio
from runoff.stored.accuracy import Accuracy
from runoff.stored.info import Commit
from runoff.stored.rows import Measure
from runoff.stored.stratum import Stratum

FOLDER = "history"
RUNOFF = Path(__file__).parents[1]
READS = ("stored/*.py", "judge/*.py", "history/past.py", "history/remembering.py")
"""The code that decides what is known of a run."""


class Remembered(Struct, frozen=True, array_like=True):
    """A run as it is kept: ``stratum`` and ``circumstances`` are places in lists, since most runs share theirs."""

    moment: datetime
    commit: Commit | None
    stratum: int
    circumstances: int
    valid: bool
    measures: list[tuple[str, str, float, str, Ratio | None]]
    accuracies: dict[str, Accuracy]
    fingerprint: str


class Contents(Struct, frozen=True, array_like=True):
    """All that a file keeps; ``runs`` are by the hash of the stored run's bytes."""

    strata: list[Stratum]
    circumstances: list[dict[str, str]]
    runs: dict[str, Remembered]


class Pool:
    """Equal values, each once: ten thousand runs have a few strata, and hardly fit into memory with one each."""

    def __init__(self) -> None:
        self.places: dict[bytes, int] = {}
        self.values: list[Any] = []

    def place_of(self, value: Any) -> int:
        """Return the place of the value that equals this one."""
        place = self.places.setdefault(msgspec.msgpack.encode(value), len(self.values))
        if place == len(self.values):
            self.values.append(value)
        return place

    def shared(self, value: Any) -> Any:
        """Return the value that equals this one."""
        return self.values[self.place_of(value)]


@dataclass
class Memory:
    """What is known of files by their hashes: ``used`` is what this history is of, ``file`` where that is kept."""

    file: Path | None = None
    known: dict[str, PastRun] = field(default_factory=dict)
    used: dict[str, PastRun] = field(default_factory=dict)
    pool: Pool = field(default_factory=Pool)

    def run_of(self, file: str, content: bytes, read: Callable[[], PastRun | None]) -> PastRun | None:
        """Return the run that a file holds: as it is known, or as ``read`` reads it."""
        digest = hashlib.sha256(content).hexdigest()
        if run := self.known.get(digest):
            run = replace(run, file=file)
        elif run := read():
            share = self.pool.shared
            run = replace(run, stratum=share(run.stratum), circumstances=share(run.circumstances))
        if run:
            self.used[digest] = run
        return run

    def keep(self) -> None:
        """Keep what this history is of for the next one; where nothing can be written, nothing is kept."""
        if self.file is None:
            return
        if self.used.keys() == self.known.keys():
            note_use(self.file)
            return
        body = packed(self.used)
        with suppress(OSError):
            write_whole(self.file, lambda file: file.write_bytes(heading(body) + body))


def recalled(home: Path, places: Sequence[Path], say: Callable[[str], object]) -> Memory:
    """Return what is known of the runs below these folders; what is damaged is said, and made anew."""
    name = hashlib.sha256("\0".join(sorted(str(place.resolve()) for place in places)).encode("utf-8", "replace"))
    file = home / FOLDER / f"{name.hexdigest()[:16]}.runs"
    try:
        content = file.read_bytes()
    except OSError:
        return Memory(file)
    state, _, rest = content.partition(b"\n")
    _, _, body = rest.partition(b"\n")
    if state != code_state():
        return Memory(file)
    if content != heading(body) + body:
        say(f"{file} is damaged; all runs are read anew, and it is replaced")
        return Memory(file)
    collected = gc.isenabled()
    gc.disable()  # of half a million new objects none is garbage, and looking takes as long as reading
    try:
        return Memory(file, unpacked(body))
    finally:
        if collected:
            gc.enable()


def code_state() -> bytes:
    """Return what tells the code that reads runs from other states of it."""
    code = hash_files(named_from(RUNOFF, (path for pattern in READS for path in RUNOFF.glob(pattern))))
    return f"{msgspec.__version__} {code}".encode()


def heading(body: bytes) -> bytes:
    """Return the two lines before what is kept: the state of the code, and the hash of what follows."""
    return b"\n".join([code_state(), hashlib.sha256(body).hexdigest().encode(), b""])


def packed(runs: dict[str, PastRun]) -> bytes:
    """Write runs by their hashes."""
    strata, circumstances = Pool(), Pool()
    kept = {
        digest: Remembered(
            run.moment,
            run.commit,
            strata.place_of(run.stratum),
            circumstances.place_of(run.circumstances),
            run.valid,
            [(*key, measure.median, measure.unit, measure.ratio) for key, measure in run.measures.items()],
            dict(run.accuracies),
            run.fingerprint,
        )
        for digest, run in runs.items()
    }
    return msgspec.msgpack.encode(Contents(strata.values, circumstances.values, kept))


def unpacked(body: bytes) -> dict[str, PastRun]:
    """Read runs by their hashes, without the names of their files; equal texts are one."""
    contents = msgspec.msgpack.decode(body, type=Contents)
    keys: dict[tuple[str, str], tuple[str, str]] = {}
    return {
        digest: PastRun(
            file="",
            moment=kept.moment,
            commit=kept.commit,
            stratum=contents.strata[kept.stratum],
            circumstances=contents.circumstances[kept.circumstances],
            valid=kept.valid,
            measures=dict(measures_of(kept.measures, keys)),
            accuracies=kept.accuracies,
            fingerprint=kept.fingerprint,
        )
        for digest, kept in contents.runs.items()
    }


def measures_of(
    kept: Iterable[tuple[str, str, float, str, Ratio | None]], keys: dict[tuple[str, str], tuple[str, str]]
) -> Iterable[tuple[tuple[str, str], Measure]]:
    """Yield measures by group and contender."""
    for group, contender, median, unit, ratio in kept:
        key = keys.setdefault((group, contender), (group, contender))
        yield key, Measure(median, unit, ratio, None, None, ())
