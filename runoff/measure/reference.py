"""What the model itself says: golden, its check, and how many operations it takes, each found once and cached."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Arrays
from runoff.contract import MODULE, Model
from runoff.environments.cpus import allowed_threads
from runoff.environments.environment import Environment, first_with
from runoff.errors import FrameworkMissing, NoAnswer, RunoffError
from runoff.files.arrays import load_arrays
from runoff.files.values import to_json
from runoff.files.whole import cached
from runoff.judge.golden_check import Witness, difference_share
from runoff.measure.cache import key_of
from runoff.measure.entrant import Files, texts
from runoff.model import operations
from runoff.model.golden import witness
from runoff.model.golden.golden import Golden, load_golden
from runoff.model.golden.steps import golden_step
from runoff.model.inputs.images import hash_pixels
from runoff.processes.process import call
from runoff.processes.surroundings import Surroundings
from runoff.processes.workplace import Workplace
from runoff.processor import read_processor

GOLDEN_TIMEOUT = 1800.0
WITNESS_TIMEOUT = 300.0
COUNT_TIMEOUT = 300.0
MOST_EXACT = 16
"""How many examples golden's rounding error is found on, at most: an image takes torch more than a second in float64.

The error of one image is 1.5e-6 to 5.4e-6 in the built-in checkpoint, and a hundred times the largest is allowed.
"""


def require_golden(environment: Environment, kind: str = MODULE) -> None:
    """Refuse an environment that can't compute golden of a model from a kind of source.

    Raises FrameworkMissing.
    """
    step = golden_step(kind)
    if missing := environment.missing(step.requires):
        raise FrameworkMissing(
            f"golden is computed by {step.by}, and {', '.join(missing)} is not installed here; "
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
    step = golden_step(model.source.kind)
    key = answer_key(model, examples, environment.versions(step.distributions), exact_examples, step.version)

    def make(partial: Path) -> None:
        arguments = {"inputs": texts(files), "destination": str(partial), "exact_examples": exact_examples}
        call(
            step.function,
            {"model": to_json(model), **arguments},
            label="golden",
            log=place.logs / "golden.log",
            timeout=GOLDEN_TIMEOUT,
            surroundings=environment.surroundings(),
        )

    return load_golden(cached(place.home / "golden" / f"{key}.npz", make))


def answer_key(model: Model, examples: Arrays, versions: Mapping[str, str], exact_examples: int, version: int) -> str:
    """Return the key of what a model answers on this machine, by all that decides its last bits."""
    processor = read_processor()
    parts: dict[str, Any] = {
        "model": model.sha256,
        "inputs": {name: hash_pixels(array) for name, array in examples.items()},
        "versions": versions,
        "processor": [processor.name, processor.flags],
        "threads": allowed_threads(),
        "exact examples": exact_examples,
        "version": version,
    }
    return key_of(parts)


def with_witness(
    golden: Golden,
    model: Model,
    examples: Arrays,
    files: Files,
    environments: Mapping[str, Environment],
    place: Workplace,
) -> Golden:
    """Return golden with another runtime's answer beside it where it is unchecked, from the cache where it is there.

    Why there is no answer is said in its place: golden is computed without.
    """
    if golden.check is None or not golden.check.reason:
        return golden
    try:
        found = ask_witness(golden, model, examples, files, environments, place)
    except RunoffError as error:
        found = Witness(witness.BY, reason=f"it can't run it ({error})")
    return dataclasses.replace(golden, check=dataclasses.replace(golden.check, witness=found))


def ask_witness(
    golden: Golden,
    model: Model,
    examples: Arrays,
    files: Files,
    environments: Mapping[str, Environment],
    place: Workplace,
) -> Witness:
    """Return how far the witness is from golden; raises what went wrong in the process."""
    environment = first_with(witness.REQUIRES, environments)
    if environment is None:
        return Witness(witness.BY, reason=f"no environment of this run has {', '.join(witness.REQUIRES)}")
    versions = environment.versions(witness.DISTRIBUTIONS)
    key = answer_key(model, examples, versions, MOST_EXACT, witness.WITNESS_VERSION)

    def make(partial: Path) -> None:
        arguments = {"inputs": texts(files), "destination": str(partial), "examples": MOST_EXACT}
        call(
            "runoff.model.golden.witness:answer",
            {"model": to_json(model), **arguments},
            label="witness",
            log=place.logs / "witness.log",
            timeout=WITNESS_TIMEOUT,
            surroundings=Surroundings(environment.interpreter),
        )

    answers = load_arrays(cached(place.home / "golden" / f"witness-{key}.npz", make))
    few = {name: array[:MOST_EXACT] for name, array in golden.outputs.items()}
    _, share = difference_share(few, answers)
    if np.isinf(share):
        return Witness(witness.BY, reason="it gives other whole numbers, another shape, or numbers that are not finite")
    return Witness(witness.BY, share)


def make_operations(model: Model, environment: Environment, place: Workplace) -> operations.Operations:
    """Return what one inference takes, from the cache where nothing that decides it has changed.

    Raises what went wrong in the process, and NoAnswer for a model that is no module.
    """
    if MODULE not in model.forms:
        raise NoAnswer("that takes a module of torch's, and the model is an ONNX file")
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
            surroundings=environment.surroundings(),
        )
        partial.write_text(json.dumps(counted))

    return operations.Operations(
        **json.loads(cached(place.home / "golden" / f"operations-{key}.json", make).read_text())
    )
