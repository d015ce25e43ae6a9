"""``--model PATH.onnx``: an ONNX file of somebody's own, read in a process that has onnx and ONNX Runtime."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runoff.contract import FORMS, ONNX, Model
from runoff.errors import OnnxFileUnusable, UsageError
from runoff.files.values import from_json, to_json
from runoff.model.inputs.input_options import InputOptions
from runoff.model.sources.options import AUTO, ModelOptions

SUFFIX = ".onnx"
STEP = "runoff.model.sources.file_as_model:import_onnx"
FIRST_BYTES = 256


def is_onnx_file(model: str) -> bool:
    """Whether a model's name is the path of an ONNX file."""
    return model.endswith(SUFFIX)


def forms_of(model: str) -> tuple[str, ...]:
    """Return the forms that a model can be had in, by its name."""
    return (ONNX,) if is_onnx_file(model) else FORMS


def choose_onnx(
    options: ModelOptions, inputs: InputOptions, folder: Path, run_step: Callable[[str, dict[str, Any]], Any]
) -> Model:
    """Return the model that an ONNX file is, copied whole into a folder.

    Raises OnnxFileUnusable for a file that can't be raced, and UsageError where more has to be said of it.
    """
    if options.weights != AUTO:
        raise UsageError(f"--weights {options.weights}: {options.model} holds its weights; leave the option out")
    path = Path(options.model)
    require_onnx(path)
    # The step has another current folder than the user.
    located = inputs if inputs.file is None else dataclasses.replace(inputs, file=inputs.file.absolute())
    asked = {"architecture": options.model, "inputs": to_json(located), "changes": options.changes}
    return from_json(Model, run_step(STEP, {"path": str(path.absolute()), "folder": str(folder.absolute()), **asked}))


def require_onnx(path: Path) -> None:
    """Refuse what is no ONNX file by its first bytes: the library that reads them takes an empty file for one.

    Raises OnnxFileUnusable, which says what it is instead.
    """
    if not path.is_file():
        raise OnnxFileUnusable(f"--model {path}: there is no such file in {Path.cwd()}; give the path of an ONNX file")
    try:
        with path.open("rb") as file:
            first = file.read(FIRST_BYTES)
    except OSError as error:
        raise OnnxFileUnusable(f"{path} can't be read ({error.strerror}); make it readable") from error
    kinds = (
        (not first, "an empty file", "fetch or copy it again"),
        (first.startswith(b"version https://git-lfs"), "a pointer of Git LFS in place of the file", "run git lfs pull"),
        (first.lstrip().startswith(b"<"), "a page of HTML or XML, perhaps of a login", "fetch it again"),
        (first.startswith(b"PK"), "a ZIP archive", "unpack it, or export the model to ONNX"),
        (first[4:8] in (b"ORTM", b"TFL3"), "a model of another format", "export the model to ONNX"),
    )
    for found, what, remedy in kinds:
        if found:
            raise OnnxFileUnusable(f"{path} should be an ONNX file, and is {what}; {remedy}")
