"""Which runs are in folders, in the order of their commits, each once, and what else is there, with the reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from runoff.files.names import shown
from runoff.history.past import PastRun, past_run
from runoff.history.remembering import Memory
from runoff.stored.finding import HISTORY_MARK, Reading, is_summary, read_each
from runoff.stored.json_file import parse_json, read_content
from runoff.stored.run import parse_run

OWN_SUMMARY = re.compile(rb'\{\s*"%b"' % HISTORY_MARK.encode())
"""How what ``history`` writes begins."""


def read_runs(places: Sequence[Path], memory: Memory | None = None) -> Reading[PastRun]:
    """Read every run below the folders, in order, each once; what is remembered is not read again.

    Raises NothingToRead where there is none.
    """
    found = read_each(places, partial(read_past_run, memory=memory or Memory()))
    return replace(found, runs=sorted(found.runs, key=lambda run: run.order))


def read_past_run(path: Path, memory: Memory) -> PastRun | None:
    """Read a run from a file, None where it is a summary of many that was written before.

    Raises StoredRunBroken.
    """
    return memory.run_of(path, partial(read_content, path), partial(parse_past_run, shown(path)))


def parse_past_run(file: str, content: bytes) -> PastRun | None:
    """Read a run from a file's bytes, None where it is a summary; raises StoredRunBroken."""
    if OWN_SUMMARY.match(content):  # not parsed: that of thousands of runs would fill the memory
        return None
    stored = parse_json(content)
    if is_summary(stored):
        return None
    return past_run(file, parse_run(stored))
