"""The journal of launches: each is added as soon as it is over, so that nothing measured is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from runoff.measure.probe import Reading


def write_launch(
    journal: Path, launch: int, records: Mapping[str, Any], readings: Sequence[Reading] = ()
) -> str | None:
    """Add one launch to a journal; return what went wrong, since a full disk costs the journal and not the race."""
    written: dict[str, Any] = {"launch": launch, "records": {key: asdict(record) for key, record in records.items()}}
    if readings:
        written["probe"] = [asdict(reading) for reading in readings]
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        add_line(journal, json.dumps(written))
    except OSError as error:
        return f"{journal}: {error.strerror}"
    return None


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
            file.truncate(before)
            raise
