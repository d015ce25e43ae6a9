"""What was tried so far: a journal with a line for each attempt at a model, beside the runs that were stored."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from runoff.across.model_list import Architecture, architecture
from runoff.stored.json_file import whole_number
from runoff.stored.run import StoredRun, read_run
from runoff.stored.schema import StoredRunBroken, read_record

JOURNAL = "attempts.jsonl"
STORED = "runoff.json"
PAGE = "index.html"


@dataclass(frozen=True)
class Attempt:
    """One run of the suite on a model: what it was started with, at which revision, how long it took.

    ``reason`` says why there is no run of it, None where there is one.
    """

    model: str
    arguments: tuple[str, ...]
    revision: str
    seconds: float
    reason: str | None = None


@dataclass(frozen=True)
class Entry:
    """A model in the answer: its stored run, or why there is none; ``left_out`` names who was not tried on it."""

    architecture: Architecture
    attempt: Attempt | None
    run: StoredRun | None
    reason: str | None
    left_out: tuple[str, ...]


def folder_name(model: str) -> str:
    """Return the name of a model's folder: what file systems take."""
    return re.sub(r"[^\w.-]", "-", model)


def stored_path(folder: Path, model: str) -> Path:
    """Return where a model's run is stored."""
    return folder / folder_name(model) / STORED


def note_attempt(folder: Path, attempt: Attempt) -> None:
    """Add a line to the journal."""
    with (folder / JOURNAL).open("a", encoding="utf-8") as journal:
        journal.write(json.dumps(asdict(attempt)) + "\n")


def read_attempts(folder: Path) -> dict[str, Attempt]:
    """Return the last attempt at each model; lines that are not whole are left out, as after a crash."""
    attempts = {}
    journal = folder / JOURNAL
    for line in journal.read_text(encoding="utf-8", errors="replace").splitlines() if journal.exists() else ():
        try:
            attempt = read_record(json.loads(line, parse_int=whole_number), Attempt)
        except (ValueError, RecursionError, StoredRunBroken):
            continue
        attempts[attempt.model] = attempt
    return attempts


def is_done(folder: Path, attempt: Attempt | None, arguments: Sequence[str], revision: str) -> bool:
    """Whether a model's stored run is there already, from the same revision and options."""
    if attempt is None or attempt.reason is not None or not stored_path(folder, attempt.model).exists():
        return False
    return (attempt.arguments, attempt.revision) == (tuple(arguments), revision)


def read_entries(folder: Path, models: Sequence[str], contenders: tuple[str, ...]) -> list[Entry]:
    """Return what came of each model, from the journal and the stored runs alone."""
    attempts = read_attempts(folder)
    return [read_entry(folder, model, attempts.get(model), contenders) for model in models]


def read_entry(folder: Path, model: str, attempt: Attempt | None, contenders: tuple[str, ...]) -> Entry:
    """Return what came of a model."""
    known = architecture(model)
    left_out = known.left_out(contenders)
    if attempt is None:
        return Entry(known, None, None, "not tried yet; run it again to go on from here", left_out)
    if attempt.reason is not None:
        return Entry(known, attempt, None, attempt.reason, left_out)
    try:
        return Entry(known, attempt, read_run(stored_path(folder, model)), None, left_out)
    except StoredRunBroken as error:
        return Entry(known, attempt, None, str(error), left_out)
