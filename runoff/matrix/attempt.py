"""One conversion that is tried, in the process made for it: with a cap on memory, and its failure as its answer."""

from __future__ import annotations

import json
import resource
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from runoff.contract import (
    Backend,
    Batch,
    Form,
    Logits,
    Repairs,
    form_from_json,
    import_backend,
    in_layout,
)
from runoff.errors import ConversionFailed, conversion_stage
from runoff.judge.agreement import Agreement, compare_logits
from runoff.judge.conversions import FAILED, RIGHT, WRONG, Attempt, blamed_operator
from runoff.model.zoo.export import EXPECTED_FILE, MODEL_FILE

REPAIRED_FILE = "repaired.onnx"
OPERATORS_FILE = "operators.json"


def limit_memory(size: int) -> None:
    """Let this process have so many bytes of its own; a converter that wants more gets an error, not the machine."""
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def export(model: str, exporter: str, opset: int, folder: str, memory: int) -> None:
    """Export a model of the zoo into a folder, with its pictures, its outputs and its operators.

    Raises ConversionFailed.
    """
    from runoff.model.zoo.export import export_zoo_model

    limit_memory(memory)
    operators = export_zoo_model(model, exporter, opset, folder)
    (Path(folder) / OPERATORS_FILE).write_text(json.dumps(operators))


def attempt(backend: str, suffix: str, form: dict[str, Any], folder: str, memory: int) -> dict[str, Any]:
    """Convert a form as the backend's plain variant, run the artifact on the folder's pictures, and compare."""
    limit_memory(memory)
    place, chosen = Path(folder), import_backend(backend)
    expected = np.load(place / EXPECTED_FILE)
    working = Path(tempfile.mkdtemp(dir=place))
    try:
        outputs = run_converted(chosen, form_from_json(form), working / f"model{suffix}", expected["images"])
    except ConversionFailed as error:
        operators = json.loads((place / OPERATORS_FILE).read_text())
        blamed = blamed_operator(error.__cause__ or error, operators)
        return asdict(Attempt(FAILED, error.stage, blamed, error.reason))
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return asdict(judge(outputs, expected["outputs"], float(expected["rounding"])))


def run_converted(backend: Backend, form: Form, artifact: Path, images: Batch) -> Logits:
    """Convert a form and run the artifact on all images at once.

    Raises ConversionFailed.
    """
    plain = backend.VARIANTS[0]
    backend.convert(form, plain, artifact, None)
    with conversion_stage("load"):
        session = backend.load(artifact, plain, 1)
    with conversion_stage("run"):
        return session.run(in_layout(images, backend.LAYOUT))


def judge(outputs: Any, golden: Any, rounding: float) -> Attempt:
    """Compare N rows of outputs with the module's own, as a contender's logits are compared with golden."""
    if not isinstance(outputs, np.ndarray) or outputs.shape != golden.shape:
        found = outputs.shape if isinstance(outputs, np.ndarray) else type(outputs).__name__
        return Attempt(WRONG, "check", reason=f"gives outputs of shape {found}, the module's are {golden.shape}")
    names = tuple(f"picture {number + 1}" for number in range(len(golden)))
    found = compare_logits(outputs, golden, rounding, names)
    wrong = disagreement(found)
    return Attempt(
        WRONG if wrong else RIGHT,
        "check" if wrong else None,
        reason=wrong,
        agreement=found.share,
        largest_difference=found.largest_difference,
        noise=found.noise,
    )


def disagreement(found: Agreement) -> str | None:
    """Say how outputs differ from the module's by more than float32 explains, None where they don't."""
    if found.largest_difference is None:
        return "gives outputs that are not finite numbers (NaN or infinity)"
    if found.largest_difference > found.noise:
        return (
            f"an output differs from the module's by {found.largest_difference:.2g}, more than the {found.noise:.2g} "
            "that float32 arithmetic in any order explains"
        )
    return None


def repair(backend: str, folder: str, memory: int) -> list[str]:
    """Write what a backend's repairs make of a folder's model beside it, and name those that changed something.

    Raises ConversionFailed.
    """
    limit_memory(memory)
    chosen = import_backend(backend)
    assert isinstance(chosen, Repairs)
    return list(chosen.repair(Path(folder) / MODEL_FILE, Path(folder) / REPAIRED_FILE))
