"""Series of stored runs for the tests of what reads many of them."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from runoff.history.lines import History, Line, make_history
from runoff.history.past import PastRun, past_run
from runoff.stored.finding import Reading
from runoff.stored.run import parse_run
from tests.builders.stored_runs import Values, about, make_stored_run

BEGINNING = datetime(2026, 1, 1, tzinfo=timezone.utc)


def make_past_run(number: int, *, factor: float = 1.0, noise: float = 0.005, seed: int = 1) -> Values:
    """Make the stored run of commit ``number``, whose onnxruntime takes ``factor`` times as long as usual."""
    run = make_stored_run()
    generator = random.Random(1000 * seed + number)
    moment = BEGINNING + timedelta(hours=number)
    run["datetime"] = moment.isoformat()
    run["commit_info"] = {"id": f"{number:04x}" * 10, "time": moment.isoformat(), "dirty": False}
    run["machine_info"] |= {"node": "one", "python_version": "3.11.7"}
    about(run)["seed"] = number
    for one in run["benchmarks"]:
        shift = generator.gauss(0.0, noise)
        scale = (1 + shift) * (factor if one["extra_info"]["contender"] == "onnxruntime" else 1.0)
        one["stats"] = {"median": one["stats"]["median"] * scale}
        one["extra_info"].pop("curve", None)  # no history reads it, and it is most of a file
        compared = one["extra_info"]["ratio"]
        if compared and compared["verdict"] != "reference":
            compared |= {end: compared[end] * scale for end in ("value", "low", "high")}
    return run


def store_runs(folder: Path, runs: Sequence[Values]) -> Path:
    """Write runs to a folder as files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, run in enumerate(runs):
        (folder / f"{number:04}.json").write_text(json.dumps(run))
    return folder


def with_step(count: int, at: int, factor: float) -> list[Values]:
    """Make runs of so many commits, the last of them slower by a factor from one of them on."""
    return [make_past_run(number, factor=factor if number >= at else 1.0) for number in range(count)]


def past_runs(runs: Sequence[Values]) -> list[PastRun]:
    """Read runs as a history does, without files."""
    return [past_run(f"{number}.json", parse_run(run)) for number, run in enumerate(runs)]


def history_of(
    runs: Sequence[Values], skipped: Mapping[str, str] | None = None, copies: Mapping[str, str] | None = None
) -> History:
    """Draw the history of runs, beside files that are no run, with the reasons, and copies."""
    return make_history(Reading(past_runs(runs), skipped or {}, copies or {}))


def lines_of(history: History, contender: str) -> list[Line]:
    """Return a contender's lines, metric by metric."""
    return [line for line in history.lines if line.contender == contender]
