"""Stored runs of many models, as a race over models leaves them in its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from runoff.across.journal import Attempt, note_attempt, stored_path
from runoff.judge.ratios import FASTER, NO_DIFFERENCE, SLOWER
from tests.builders.stored_runs import Values, about, add_contender, drop_contender, make_stored_run

MEGABYTE = 1_000_000


def make_model_run(model: str, ratios: Mapping[str, float], *, megabytes: float = 10.0, reach: float = 0.02) -> Values:
    """Make a model's stored run: contenders by what they take of pytorch's time, and the size of the weights."""
    stored = make_stored_run()
    for name in [name for name in about(stored)["contenders"] if name != "pytorch"]:
        drop_contender(stored, name)
    for name, times in ratios.items():
        verdict = FASTER if times < 0.97 else SLOWER if times > 1.03 else NO_DIFFERENCE
        add_contender(stored, name, times, verdict=verdict, reach=reach)
    about(stored)["model"] |= {"name": model, "weights": "random-0"}
    about(stored)["contenders"]["pytorch"]["artifact"]["bytes"] = round(megabytes * MEGABYTE)
    return stored


def store_model(folder: Path, model: str, stored: Values, seconds: float = 100.0) -> None:
    """Store a run as an attempt at its model that went well."""
    path = stored_path(folder, model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(stored))
    note_attempt(folder, Attempt(model, (), "abc123", seconds))


def fail_model(folder: Path, model: str, reason: str) -> None:
    """Note an attempt at a model that left no run."""
    note_attempt(folder, Attempt(model, (), "abc123", 5.0, reason))
