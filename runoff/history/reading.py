"""Which runs are in folders, in the order of their commits, each once, and what else is there, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from runoff.files.names import shown
from runoff.history.finding import NothingToRead, find_files
from runoff.history.past import PastRun, past_run
from runoff.history.remembering import Memory
from runoff.stored.json_file import parse_json, read_content
from runoff.stored.run import parse_run
from runoff.stored.schema import StoredRunBroken

HISTORY_MARK = "runoff_history"


@dataclass(frozen=True)
class Reading:
    """What was found in the folders: runs in order, files that can't be used with the reason, and copies of a run."""

    runs: Sequence[PastRun]
    skipped: Mapping[str, str]
    copies: Mapping[str, str]


def read_runs(places: Sequence[Path], memory: Memory | None = None) -> Reading:
    """Read every run below the folders, each once however often it is stored; what is remembered is not read again.

    Raises NothingToRead where there is none.
    """
    memory = memory or Memory()
    runs: dict[str, PastRun] = {}
    skipped: dict[str, str] = {}
    copies: dict[str, str] = {}
    for path, why_not in find_files(places).items():
        try:
            run = None if why_not else read_past_run(path, memory)
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
    return Reading(sorted(runs.values(), key=lambda run: run.order), skipped, copies)


def read_past_run(path: Path, memory: Memory) -> PastRun | None:
    """Read a run from a file, None where it is a history that was written before.

    Raises StoredRunBroken.
    """
    content = read_content(path)
    return memory.run_of(shown(path), content, partial(parse_past_run, shown(path), content))


def parse_past_run(file: str, content: bytes) -> PastRun | None:
    """Read a run from a file's bytes, None where it is a history; raises StoredRunBroken."""
    stored = parse_json(content)
    if isinstance(stored, dict) and HISTORY_MARK in stored:
        return None
    return past_run(file, parse_run(stored))
