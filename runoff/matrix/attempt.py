"""One conversion that is tried, in the process made for it: with a cap on memory, and its failure as its answer."""

from __future__ import annotations

import resource
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Signature, arranged
from runoff.contract import Form, Repairs, from_json, import_backend
from runoff.errors import ConversionFailed, conversion_stage
from runoff.judge.agreement import compare_logits
from runoff.judge.conversions import FAILED, RIGHT, WRONG, Attempt, blamed_operator
from runoff.model.zoo import EXPECTED_FILE, MODEL_FILE, export_zoo_model

REPAIRED_FILE = "repaired.onnx"


def limit_memory(size: int) -> None:
    """Let this process have so many bytes of its own; a converter that wants more gets an error, not the machine."""
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def export(model: str, exporter: str, opset: int, folder: str, memory: int) -> None:
    """Export a model of the zoo into a folder, with its pictures, its outputs and its operators.

    Raises ConversionFailed.
    """
    limit_memory(memory)
    export_zoo_model(model, exporter, opset, folder)


def convert(backend: str, form: dict[str, Any], artifact: str, folder: str, memory: int) -> dict[str, Any] | None:
    """Convert a form as the backend's plain variant; return what failed, None for nothing."""
    limit_memory(memory)
    chosen, destination = import_backend(backend), Path(artifact)
    shutil.rmtree(destination.parent, ignore_errors=True)
    destination.parent.mkdir()
    try:
        chosen.convert(from_json(Form, form), chosen.VARIANTS[0], destination, None)
    except ConversionFailed as error:
        return asdict(blame(error, folder))
    return None


def attempt(
    backend: str, artifact: str, signature: dict[str, Any], layout: str, folder: str, memory: int
) -> dict[str, Any]:
    """Run what was converted on the folder's pictures, and compare; in another process than what converted it."""
    limit_memory(memory)
    chosen, expected = import_backend(backend), np.load(Path(folder) / EXPECTED_FILE)
    plain, model = chosen.VARIANTS[0], from_json(Signature, signature)
    pictures = {model.inputs[0].name: expected["images"]}
    chosen.import_framework(plain)
    try:
        with conversion_stage("load"):
            session = chosen.load(Path(artifact), model, plain, 1)
        with conversion_stage("run"):
            outputs = session.run(arranged(pictures, model.inputs, layout))[0]
    except ConversionFailed as error:
        return asdict(blame(error, folder))
    return asdict(judge(outputs, expected["outputs"], float(expected["rounding"])))


def blame(error: ConversionFailed, folder: str) -> Attempt:
    """Return a failure with the operator that it is about."""
    operators = np.load(Path(folder) / EXPECTED_FILE)["operators"].tolist()
    return Attempt(FAILED, error.stage, blamed_operator(error.__cause__ or error, operators), error.reason)


def judge(outputs: Any, golden: Any, rounding: float) -> Attempt:
    """Compare N rows of outputs with the module's own, as a contender's logits are compared with golden."""
    if not isinstance(outputs, np.ndarray) or outputs.shape != golden.shape:
        found = outputs.shape if isinstance(outputs, np.ndarray) else type(outputs).__name__
        return Attempt(WRONG, "check", reason=f"gives outputs of shape {found}, the module's are {golden.shape}")
    names = tuple(f"picture {number + 1}" for number in range(len(golden)))
    found = compare_logits(outputs, golden, rounding, names)
    wrong = None
    if found.largest_difference is None:
        wrong = "gives outputs that are not finite numbers (NaN or infinity)"
    elif found.largest_difference > found.noise:
        wrong = (
            f"an output differs from the module's by {found.largest_difference:.2g}, more than the {found.noise:.2g} "
            "that float32 arithmetic in any order explains"
        )
    return Attempt(
        WRONG if wrong else RIGHT,
        "check" if wrong else None,
        reason=wrong,
        agreement=found.share,
        largest_difference=found.largest_difference,
        noise=found.noise,
    )


def repair(backend: str, folder: str, memory: int) -> list[str]:
    """Write what a backend's repairs make of a folder's model beside it, and name those that changed something.

    Raises ConversionFailed.
    """
    limit_memory(memory)
    chosen = import_backend(backend)
    assert isinstance(chosen, Repairs)
    return list(chosen.repair(Path(folder) / MODEL_FILE, Path(folder) / REPAIRED_FILE))
