"""Runs in folders, each once, and which files are none, with the reason: nothing that is passed over is unnamed."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from runoff.errors import Exit, RunoffError
from runoff.files.names import shown
from runoff.stored.run import StoredRun
from runoff.stored.schema import StoredRunBroken

HISTORY_MARK, FLEET_MARK = "runoff_history", "runoff_fleet"
"""The fields by which the JSON files are known that are made of many runs, and are none."""

ENDING = ".json"
KINDS: Mapping[int, str] = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


class NothingToRead(RunoffError):
    """None of the files that were given is a run that Runoff stored.

    Remedy: give files or folders with runs that Runoff stored.
    """

    exit_code = Exit.NOT_A_RUN


class Found(Protocol):
    """What is kept of a run: the file that it was in, as people can see it, and what tells it from all others."""

    @property
    def file(self) -> str:
        """The file's name."""

    @property
    def fingerprint(self) -> str:
        """As ``fingerprint`` makes it."""


Kept = TypeVar("Kept", bound=Found)
AnyKept = TypeVar("AnyKept")


@dataclass(frozen=True)
class Reading(Generic[AnyKept]):
    """What was found in the folders: what is kept of runs, files that can't be used with the reason, and copies."""

    runs: Sequence[AnyKept]
    skipped: Mapping[str, str]
    copies: Mapping[str, str]


def read_each(places: Sequence[Path], read: Callable[[Path], Kept | None]) -> Reading[Kept]:
    """Read every run below the folders, each once however often it is stored.

    ``read`` returns what is needed of a file's run, None for what many runs were summed up in, and may raise
    StoredRunBroken. Raises NothingToRead where there is no run.
    """
    runs: dict[str, Kept] = {}
    skipped: dict[str, str] = {}
    copies: dict[str, str] = {}
    for path, why_not in find_files(places).items():
        try:
            run = None if why_not else read(path)
        except StoredRunBroken as error:
            skipped[shown(path)] = str(error)
            continue
        if why_not:
            skipped[shown(path)] = why_not
        if run is None:
            continue
        if run.fingerprint in runs:
            copies[run.file] = runs[run.fingerprint].file
        else:
            runs[run.fingerprint] = run
    if not runs:
        where = ", ".join(map(shown, places))
        raise NothingToRead(
            f"no run that Runoff stored is in {where}; give a folder with files such as results/runoff.json"
            + "".join(f"\n{file} is skipped: {reason}" for file, reason in skipped.items())
        )
    return Reading(list(runs.values()), skipped, copies)


def is_summary(stored: Any) -> bool:
    """Whether a file's JSON was made of many runs, by ``history`` or ``merge``."""
    return isinstance(stored, dict) and not {HISTORY_MARK, FLEET_MARK}.isdisjoint(stored)


def fingerprint(run: StoredRun) -> str:
    """Return what tells a run from all others however it is stored: no two measure the same to the last bit."""
    raced = run.stratum.contenders
    figures = sorted(
        (key, measure.median, measure.ratio and measure.ratio.value)
        for key, measure in run.measures.items()
        if key[1] in raced
    )
    return hashlib.sha256(repr((run.info.seed, run.commit and run.commit.identifier, figures)).encode()).hexdigest()


def find_files(places: Sequence[Path]) -> dict[Path, str | None]:
    """Return every JSON file below the folders once, in the order of the folders and names, with why it can't be read.

    A place that is no folder is a file that was asked for by name, as a pipe may be. Links to files are followed, and
    those to folders are not: they may lead in a circle, or out of the folder. Raises NothingToRead for a place that is
    not there.
    """
    found: dict[Path, str | None] = {}
    known: set[Path] = set()
    folders: dict[Path, Path] = {}
    for place in places:
        try:
            is_folder = stat.S_ISDIR(place.stat().st_mode)
        except OSError as error:
            gone, name = error.errno == errno.ENOENT, shown(place)
            what = f"there is no file or folder {name}" if gone else f"{name} can't be read ({error.strerror})"
            raise NothingToRead(f"{what}; give stored runs, or folders with them") from error
        for path, reason in sorted(below(place), key=by_parts) if is_folder else [(place, None)]:
            if reason is not None or (itself := behind_links(path, folders)) not in known:
                found.setdefault(path, reason)
            if reason is None:
                known.add(itself)
    return found


def behind_links(path: Path, folders: dict[Path, Path]) -> Path:
    """Return the path without links; ``folders`` are those of folders, which are looked up once for all their files."""
    if path.is_symlink():
        return Path(os.path.realpath(path))
    if (folder := folders.get(path.parent)) is None:
        folder = folders[path.parent] = Path(os.path.realpath(path.parent))
    return folder / path.name


def by_parts(entry: tuple[Path, str | None]) -> tuple[str, ...]:
    """Return what files are sorted by: as paths are, which take ten times as long to compare."""
    return entry[0].parts


def below(place: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield the JSON files below a folder, and what can't be read there with the reason, None for what can be."""
    folders = [place]
    while folders:
        folder = folders.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            yield folder, f"the folder can't be read ({error.strerror})"
            continue
        for entry in entries:
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif entry.is_file(follow_symlinks=False):  # known without another look at it
                if entry.name.endswith(ENDING):
                    yield path, None
            elif (reason := why_not(path)) or entry.name.endswith(ENDING):
                yield path, reason


def why_not(path: Path) -> str | None:
    """Say why a path is no file that can be read, None where it is one, or where its name says that it is no run."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        reasons = {errno.ENOENT: "a link that leads nowhere", errno.ELOOP: "a link that leads in a circle"}
        reason = f"it is {reasons[error.errno]}" if error.errno in reasons else f"it can't be read ({error.strerror})"
    else:
        if stat.S_ISDIR(mode):
            return "it is a link to a folder, which is not followed; give that folder itself"
        reason = "" if stat.S_ISREG(mode) else f"it is {KINDS.get(stat.S_IFMT(mode), 'a device')} and no file"
    return reason if reason and path.name.endswith(ENDING) else None
