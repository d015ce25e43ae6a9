"""One conversion that is tried, in the process made for it: with a cap on memory, and its failure as its answer."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Arrays, Signature, arranged
from runoff.contract import Form, Repairs, import_backend
from runoff.errors import ConversionFailed, conversion_stage
from runoff.files.values import from_json
from runoff.judge.agreement import Agreement, compare_logits
from runoff.judge.closeness import compare_outputs
from runoff.judge.conversions import FAILED, RIGHT, WRONG, Attempt, blamed_operator
from runoff.model.case import MODEL_FILE, Case, export_own_model, load_case, write_file_case
from runoff.model.zoo import export_zoo_model

REPAIRED_FILE = "repaired.onnx"
FILE = "file"
"""In an exporter's place: the user's model is an ONNX file already."""


def limit_memory(size: int) -> None:
    """Let this process have so many bytes of its own; a converter that wants more gets an error, not the machine."""
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def export(
    model: str, exporter: str, opset: int, folder: str, memory: int, own: dict[str, Any] | None, inputs: str | None
) -> None:
    """Write the case of a model of the zoo, or of the user's ``own`` on these inputs, into a folder.

    Raises ConversionFailed.
    """
    limit_memory(memory)
    if own is None or inputs is None:
        export_zoo_model(model, exporter, opset, folder)
    elif exporter == FILE:
        write_file_case(own, inputs, folder)
    else:
        export_own_model(own, inputs, exporter, opset, folder)


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
    """Run what was converted on the folder's examples, and compare; in another process than what converted it."""
    limit_memory(memory)
    chosen, case = import_backend(backend), load_case(Path(folder))
    plain, model = chosen.VARIANTS[0], from_json(Signature, signature)
    chosen.import_framework(plain)
    try:
        with conversion_stage("load"):
            session = chosen.load(Path(artifact), model, plain, 1)
        with conversion_stage("run"):
            outputs = list(session.run(arranged(case.inputs, model.inputs, layout)))
    except ConversionFailed as error:
        return asdict(blame(error, folder))
    for place, declared in enumerate(model.outputs[: len(outputs)]):
        if not declared.batched:  # golden has one row of it, as of everything
            outputs[place] = np.asarray(outputs[place])[None]
    return asdict(judge(outputs, case))


def blame(error: ConversionFailed, folder: str) -> Attempt:
    """Return a failure with the operator that it is about."""
    operators = load_case(Path(folder)).operators
    return Attempt(FAILED, error.stage, blamed_operator(error.__cause__ or error, operators), error.reason)


def judge(outputs: Sequence[Any], case: Case) -> Attempt:
    """Compare outputs of N rows with the module's own, as a contender's are compared with golden."""
    expected = list(case.outputs.values())
    if list(map(shape_of, outputs)) != list(map(shape_of, expected)):
        given, wanted = (", ".join(map(str, map(shape_of, each))) for each in (outputs, expected))
        return Attempt(WRONG, "check", reason=f"gives outputs of shape {given}, the module's are {wanted}")
    found = compare(dict(zip(case.outputs, outputs, strict=True)), case)
    wrong = None
    if found.largest_difference is None:
        wrong = "gives outputs that are not finite numbers (NaN or infinity)"
    elif off := next((each for each in found.outputs if (each.largest_difference or 0.0) > each.allowed), None):
        wrong = (
            f"output {off.name} differs from the module's by {off.largest_difference:.2g}, more than the "
            f"{off.allowed:.2g} that float32 arithmetic in any order explains"
        )
    return Attempt(
        WRONG if wrong else RIGHT,
        "check" if wrong else None,
        reason=wrong,
        agreement=found.share,
        largest_difference=found.largest_difference,
        noise=found.noise,
    )


def compare(outputs: Arrays, case: Case) -> Agreement:
    """Compare all outputs by their numbers, and a single one of a row for each example by its largest as well."""
    names = tuple(f"example {number + 1}" for number in range(len(next(iter(case.outputs.values())))))
    found = compare_outputs(outputs, case.outputs, case.roundings, names, None)
    ((name, golden), *others) = case.outputs.items()
    if others or golden.ndim != 2 or golden.shape[1] < 2:
        return found
    return replace(found, share=compare_logits(outputs[name], golden, case.roundings[name], names).share)


def shape_of(output: Any) -> Any:
    """Return an array's shape, or what something is that is none."""
    return output.shape if isinstance(output, np.ndarray) else type(output).__name__


def repair(backend: str, folder: str, memory: int) -> list[str]:
    """Write what a backend's repairs make of a folder's model beside it, and name those that changed something.

    Raises ConversionFailed.
    """
    limit_memory(memory)
    chosen = import_backend(backend)
    assert isinstance(chosen, Repairs)
    return list(chosen.repair(Path(folder) / MODEL_FILE, Path(folder) / REPAIRED_FILE))
