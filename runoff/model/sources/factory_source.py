"""``--model package.module:callable``: asked of processes that have torch, of which the second checks the first."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from runoff.contract import Model, from_json, to_json
from runoff.errors import UsageError
from runoff.files.arrays import save_arrays
from runoff.model.inputs.examples import given_examples
from runoff.model.inputs.input_options import InputOptions
from runoff.model.inputs.preprocessing_fields import changed
from runoff.model.module.factory import is_factory
from runoff.model.sources.options import AUTO, ModelOptions

STEPS = "runoff.model.sources.factory_check"


def has_package(architecture: str) -> bool:
    """Whether the package of a factory is in the folder that was started in, or installed; nothing is imported."""
    package = architecture.partition(":")[0].partition(".")[0]
    return bool(PathFinder.find_spec(package, [str(Path.cwd())]) or find_spec(package))


def make_importable(architecture: str) -> None:
    """Let every process that is started from now on import a factory from the folder that was started in."""
    if is_factory(architecture):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path.cwd()), os.environ.get("PYTHONPATH")]))


def choose_factory(
    options: ModelOptions, inputs: InputOptions, folder: Path, run_step: Callable[[str, dict[str, Any]], Any]
) -> Model:
    """Return the model that a factory makes, after it was made and checked in two processes.

    Raises FactoryUnusable for whatever it does wrong, and UsageError where its inputs are not given.
    """
    if options.weights != AUTO:
        raise UsageError(f"--weights {options.weights}: a factory brings its own weights; load them in {options.model}")
    if not inputs.inputs:
        raise UsageError(
            f"what {options.model} takes is unknown; give --input NAME=3x224x224 for each argument of its forward"
        )
    declared = tuple(each.input for each in inputs.inputs)
    example = str(folder / "example.npz")
    folder.mkdir(parents=True, exist_ok=True)
    shown = {name: array[:1] for name, array in given_examples(declared, inputs).arrays.items()}
    save_arrays(Path(example), shown)
    asked = {"architecture": options.model, "inputs": list(map(to_json, declared)), "example": example}
    made = run_step(f"{STEPS}:import_factory", {**asked, "home": str(Path.cwd()), "folder": str(folder)})
    run_step(f"{STEPS}:check_factory", {"model": made["model"], "example": example, "sums": made["sums"]})
    model = from_json(Model, made["model"])
    if options.changes and len(model.inputs) == 1:
        model = dataclasses.replace(model, preprocessing=changed(None, options.changes))
    return model
