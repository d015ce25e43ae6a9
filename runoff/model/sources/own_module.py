"""``--model package.module:callable``: asked of processes that have torch, of which the second checks the first."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from runoff.contract import RANDOM, Model
from runoff.errors import CheckpointUnavailable, UsageError
from runoff.files.arrays import save_arrays
from runoff.files.values import from_json, to_json
from runoff.model.inputs.examples import given_examples
from runoff.model.inputs.input_options import InputOptions
from runoff.model.inputs.preprocessing_fields import changed
from runoff.model.module.factory import is_factory
from runoff.model.module.random_weights import IMAGES
from runoff.model.sources.options import AUTO, ModelOptions, split_place
from runoff.processes.temporary import TEMPORARY, owned_folder

STEPS = "runoff.model.sources.made_twice"


def has_package(architecture: str) -> bool:
    """Whether the package of a factory is in the folder that was started in, or installed; nothing is imported."""
    package = architecture.partition(":")[0].partition(".")[0]
    return bool(PathFinder.find_spec(package, [str(Path.cwd())]) or find_spec(package))


def home_of(architecture: str) -> Path | None:
    """Return the folder that was started in for a factory, which may lie there; None for any other model."""
    return Path.cwd() if is_factory(architecture) else None


def choose_factory(
    options: ModelOptions, inputs: InputOptions, folder: Path, run_step: Callable[[str, dict[str, Any]], Any]
) -> tuple[Model, str]:
    """Return the model that a factory makes, after it was made and checked in two processes, and a note or nothing.

    Raises FactoryUnusable for whatever it does wrong, UsageError where its inputs are not given, and what there is to
    say about a file of weights.
    """
    weights = weights_asked(options)
    if not inputs.inputs:
        raise UsageError(
            f"what {options.model} takes is unknown; give --input NAME=3x224x224 for each argument of its forward"
        )
    declared = tuple(each.input for each in inputs.inputs)
    examples = given_examples(declared, inputs).arrays
    folder.mkdir(parents=True, exist_ok=True)
    with owned_folder(Path(tempfile.gettempdir()), TEMPORARY) as temporary:
        file = temporary / "examples.npz"
        save_arrays(file, {name: array[:IMAGES] for name, array in examples.items()})
        asked = {"architecture": options.model, "inputs": list(map(to_json, declared)), "weights": weights}
        places = {"examples": str(file), "home": str(Path.cwd()), "folder": str(folder)}
        made = run_step(f"{STEPS}:import_factory", {**asked, **places})
        checked = {"model": made["model"], "examples": str(file), "loose": made["loose"]}
        run_step(f"{STEPS}:check_factory", checked)
    model = from_json(Model, made["model"])
    if options.changes and len(model.inputs) == 1:
        model = dataclasses.replace(model, preprocessing=changed(None, options.changes))
    return model, made["note"]


def weights_asked(options: ModelOptions) -> tuple[str, str | None]:
    """Read ``--weights`` for a factory: auto, random, or a file's path and the place in it.

    Raises CheckpointUnavailable.
    """
    if options.weights in (AUTO, RANDOM):
        return options.weights, None
    path, place = split_place(options.weights)
    if not path.is_file():
        raise CheckpointUnavailable(
            f"no weights file at {path}; for {options.model} --weights takes auto (what it loads itself), random, or "
            "the PATH of a state dict"
        )
    return str(path.absolute()), place
