"""How many operations one inference takes, counted in a process of its own once and kept beside golden."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields

from runoff.contract import Checkpoint
from runoff.environments.environment import Environment
from runoff.model.operations import DISTRIBUTIONS, Operations
from runoff.processes.process import call
from runoff.processes.workplace import Workplace

COUNT_TIMEOUT = 300.0


def make_operations(checkpoint: Checkpoint, environment: Environment, place: Workplace) -> Operations:
    """Give what one inference takes, from the cache where nothing that decides it has changed.

    Raises what went wrong in the process.
    """
    classes = len(checkpoint.labels)
    counted_things = [field.name for field in fields(Operations)]
    versions = [environment.installed.versions.get(name) for name in DISTRIBUTIONS]
    inputs = (checkpoint.architecture, classes, versions, counted_things)
    path = place.home / "golden" / f"operations-{hashlib.sha256(repr(inputs).encode()).hexdigest()[:16]}.json"
    if not path.exists():
        counted = call(
            "runoff.model.operations:count_operations",
            {"architecture": checkpoint.architecture, "classes": classes},
            label="operations",
            log=place.logs / "operations.log",
            timeout=COUNT_TIMEOUT,
        )
        partial = place.working / path.name
        partial.write_text(json.dumps(counted))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(path)
    return Operations(**json.loads(path.read_text()))
