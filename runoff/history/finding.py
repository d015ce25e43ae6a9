"""Which files of folders may be runs, and which can't be, with the reason: nothing that is passed over is unnamed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from runoff.errors import Exit, RunoffError
from runoff.files.names import shown

ENDING = ".json"
KINDS: Mapping[int, str] = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


class NothingToRead(RunoffError):
    """None of the files that were given is a run that Runoff stored."""

    exit_code = Exit.NOT_A_RUN


def find_files(places: Sequence[Path]) -> dict[Path, str | None]:
    """Return every JSON file below the folders once, in the order of the folders and names, with why it can't be read.

    A place that is no folder is a file that was asked for by name, as a pipe may be. Links to files are followed, and
    those to folders are not: they may lead in a circle, or out of the folder. Raises NothingToRead for a place that is
    not there.
    """
    found: dict[Path, str | None] = {}
    known: set[str] = set()
    for place in places:
        try:
            is_folder = stat.S_ISDIR(place.stat().st_mode)
        except OSError as error:
            gone = error.errno == errno.ENOENT
            what = f"there is no folder {shown(place)}" if gone else f"{shown(place)} can't be read ({error.strerror})"
            raise NothingToRead(f"{what}; give one with stored runs") from error
        for path, reason in sorted(below(place), key=by_parts) if is_folder else [(place, None)]:
            if reason is not None or (itself := os.path.realpath(path)) not in known:
                found.setdefault(path, reason)
            if reason is None:
                known.add(itself)
    return found


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
