"""What the model itself says, by torch: golden and how many operations it takes, each found once and cached."""

from __future__ import annotations

import json
from pathlib import Path

from runoff.arrays import Arrays
from runoff.contract import Model, to_json
from runoff.environments.cpus import allowed_threads
from runoff.environments.environment import Environment
from runoff.errors import FrameworkMissing
from runoff.files.whole import cached
from runoff.measure.cache import key_of
from runoff.measure.entrant import Files, texts
from runoff.model import operations
from runoff.model.golden import DISTRIBUTIONS, GOLDEN_VERSION, REQUIRES, Golden, load_golden
from runoff.model.inputs.images import hash_pixels
from runoff.processes.process import call
from runoff.processes.workplace import Workplace
from runoff.processor import read_processor

GOLDEN_TIMEOUT = 1800.0
COUNT_TIMEOUT = 300.0
MOST_EXACT = 16
"""How many examples golden's rounding error is found on, at most: an image takes torch more than a second in float64.

The error of one image is 1.5e-6 to 5.4e-6 in the built-in checkpoint, and a hundred times the largest is allowed.
"""


def require_golden(environment: Environment) -> None:
    """Refuse an environment that can't compute golden.

    Raises FrameworkMissing.
    """
    if missing := environment.missing(REQUIRES):
        raise FrameworkMissing(
            f"golden is computed by TorchVision's own model, and {', '.join(missing)} is not installed here; "
            f"python -m pip install {' '.join(missing)}"
        )


def make_golden(
    model: Model,
    examples: Arrays,
    files: Files,
    environment: Environment,
    place: Workplace,
    exact_examples: int = MOST_EXACT,
) -> Golden:
    """Return golden for these examples, which files hold too, from the cache where nothing that decides it has changed.

    Raises what went wrong in the process.
    """
    processor = read_processor()
    key = key_of(
        {
            "model": model.sha256,
            "inputs": {name: hash_pixels(array) for name, array in examples.items()},
            "versions": environment.versions(DISTRIBUTIONS),
            "processor": [processor.model, processor.flags],
            "threads": allowed_threads(),
            "exact examples": exact_examples,
            "version": GOLDEN_VERSION,
        }
    )

    def make(partial: Path) -> None:
        arguments = {"inputs": texts(files), "destination": str(partial), "exact_examples": exact_examples}
        call(
            "runoff.model.golden:compute_golden",
            {"model": to_json(model), **arguments},
            label="golden",
            log=place.logs / "golden.log",
            timeout=GOLDEN_TIMEOUT,
        )

    return load_golden(cached(place.home / "golden" / f"{key}.npz", make))


def make_operations(model: Model, environment: Environment, place: Workplace) -> operations.Operations:
    """Return what one inference takes, from the cache where nothing that decides it has changed.

    Raises what went wrong in the process.
    """
    key = key_of(
        {
            "model": model.sha256,
            "inputs": [vars(given) for given in model.inputs],
            "versions": environment.versions(operations.DISTRIBUTIONS),
            "version": operations.COUNT_VERSION,
        }
    )

    def make(partial: Path) -> None:
        counted = call(
            "runoff.model.operations:count_operations",
            {"model": to_json(model)},
            label="operations",
            log=place.logs / "operations.log",
            timeout=COUNT_TIMEOUT,
        )
        partial.write_text(json.dumps(counted))

    return operations.Operations(
        **json.loads(cached(place.home / "golden" / f"operations-{key}.json", make).read_text())
    )
