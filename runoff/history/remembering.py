"""Runs that were read before: what a history needs of each, by the hash of its file's bytes, kept among the caches.

Reading ten thousand runs takes most of a minute, since ratios are computed from every round; what is needed of them
then is a few numbers. A file that changed has another hash, and is not even hashed again while all that the file system
says of it is the same. What is kept is of one state of the code that reads: another state reads all anew.
"""

from __future__ import annotations

import gc
import hashlib
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from runoff.files.hashing import hash_files, named_from
from runoff.files.names import shown
from runoff.files.whole import note_use, write_whole
from runoff.history.past import PastRun, Value
from runoff.stored.accuracy import Accuracy
from runoff.stored.info import Commit
from runoff.stored.stratum import Stratum

FOLDER = "history"
RUNOFF = Path(__file__).parents[1]
READS = ("stored/*.py", "judge/*.py", "history/past.py", "history/remembering.py")
"""The code that decides what is known of a run."""
SETTLED = 2.0
"""Seconds since a file's last change after which another one has another time: FAT counts in twos."""


class Remembered(Struct, frozen=True, array_like=True):
    """A run as it is kept: ``stratum``, ``circumstances`` and ``keys`` are places in lists, since most share theirs.

    ``keys`` are those of ``values``, by group and contender.
    """

    moment: datetime
    commit: Commit | None
    stratum: int
    circumstances: int
    valid: bool
    keys: int
    values: list[Value]
    accuracies: dict[str, Accuracy]
    fingerprint: str


class Contents(Struct, frozen=True, array_like=True):
    """All that a file keeps; ``runs`` are by the hash of the stored run's bytes, ``hashes`` by their files' stamps."""

    strata: list[Stratum]
    circumstances: list[dict[str, str]]
    keys: list[list[tuple[str, str]]]
    runs: dict[str, Remembered]
    hashes: dict[str, str]


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
    """What is known of files by their hashes: ``used`` is what this history is of, ``file`` where that is kept.

    ``hashes`` are those of files by their stamps, ``stamped`` those of this history's files.
    """

    file: Path | None = None
    known: Mapping[str, PastRun] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    used: dict[str, PastRun] = field(default_factory=dict)
    stamped: dict[str, str] = field(default_factory=dict)
    pool: Pool = field(default_factory=Pool)

    def run_of(
        self, path: Path, content: Callable[[], bytes], read: Callable[[bytes], PastRun | None]
    ) -> PastRun | None:
        """Return the run that a file holds, as it is known or as ``read`` reads it from what ``content`` returns."""
        stamp = stamp_of(path)
        held = None
        if (digest := self.hashes.get(stamp)) is None:
            held = content()
            digest = hashlib.sha256(held).hexdigest()
        if run := self.known.get(digest):
            run = replace(run, file=shown(path))
        elif run := read(content() if held is None else held):
            share = self.pool.shared
            run = replace(run, stratum=share(run.stratum), circumstances=share(run.circumstances))
        if run:
            self.used[digest] = run
            if stamp:
                self.stamped[stamp] = digest
        return run

    def keep(self) -> None:
        """Keep what this history is of for the next one; where nothing can be written, nothing is kept."""
        if self.file is None:
            return
        if self.used.keys() == self.known.keys() and self.stamped == self.hashes:
            note_use(self.file)
            return
        body = packed(self.used, self.stamped)
        with suppress(OSError):
            write_whole(self.file, lambda file: file.write_bytes(heading(body) + body))


def stamp_of(path: Path) -> str:
    """Return what tells a file's content from any other that it had or has, nothing where nothing does.

    A program can put size and time of change back, but not the time at which it did so (ctime in stat(2)). Nothing
    tells what is no regular file, nor one that changed a moment ago: the next change may have the same time.
    """
    now = time.time_ns()  # before the file is looked at, and read
    try:
        found = path.stat()
    except OSError:
        return ""
    settled = max(found.st_mtime_ns, found.st_ctime_ns) < now - SETTLED * 1e9
    if not settled or not stat.S_ISREG(found.st_mode):
        return ""
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


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
        say(f"{file} is damaged; all runs are read again, and it is replaced")
        return Memory(file)
    collected = gc.isenabled()
    gc.disable()  # of half a million new objects none is garbage, and looking takes as long as reading
    try:
        return unpacked(body, file)
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


def packed(runs: Mapping[str, PastRun], hashes: Mapping[str, str]) -> bytes:
    """Write runs by their hashes, and those by their files' stamps."""
    strata, circumstances, keys = Pool(), Pool(), Pool()
    kept = {
        digest: Remembered(
            run.moment,
            run.commit,
            strata.place_of(run.stratum),
            circumstances.place_of(run.circumstances),
            run.valid,
            keys.place_of(list(run.values)),
            list(run.values.values()),
            dict(run.accuracies),
            run.fingerprint,
        )
        for digest, run in runs.items()
    }
    return msgspec.msgpack.encode(Contents(strata.values, circumstances.values, keys.values, kept, dict(hashes)))


def unpacked(body: bytes, file: Path) -> Memory:
    """Read what was kept in a file: runs by their hashes, without the names of their files."""
    contents = msgspec.msgpack.decode(body, type=Contents)
    known = {
        digest: PastRun(
            file="",
            moment=kept.moment,
            commit=kept.commit,
            stratum=contents.strata[kept.stratum],
            circumstances=contents.circumstances[kept.circumstances],
            valid=kept.valid,
            values=dict(zip(contents.keys[kept.keys], kept.values, strict=True)),
            accuracies=kept.accuracies,
            fingerprint=kept.fingerprint,
        )
        for digest, kept in contents.runs.items()
    }
    return Memory(file, known, contents.hashes)
