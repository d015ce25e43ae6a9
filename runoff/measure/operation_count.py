"""How many operations one inference takes, counted in a process of its own once and kept beside golden."""

from __future__ import annotations

import hashlib
import json

from runoff.contract import Model, to_json
from runoff.environments.environment import Environment
from runoff.files.whole import write_whole
from runoff.model.operations import COUNT_VERSION, DISTRIBUTIONS, Operations
from runoff.processes.process import call
from runoff.processes.workplace import Workplace

COUNT_TIMEOUT = 300.0


def make_operations(model: Model, environment: Environment, place: Workplace) -> Operations:
    """Give what one inference takes, from the cache where nothing that decides it has changed.

    Raises what went wrong in the process.
    """
    source = model.source
    versions = [environment.installed.versions.get(name) for name in DISTRIBUTIONS]
    inputs = (COUNT_VERSION, source.kind, source.architecture, source.arguments, model.picture_shape, versions)
    path = place.home / "golden" / f"operations-{hashlib.sha256(repr(inputs).encode()).hexdigest()[:16]}.json"
    if not path.exists():
        counted = call(
            "runoff.model.operations:count_operations",
            {"model": to_json(model)},
            label="operations",
            log=place.logs / "operations.log",
            timeout=COUNT_TIMEOUT,
        )
        write_whole(path, lambda partial: partial.write_text(json.dumps(counted)))
    return Operations(**json.loads(path.read_text()))
