"""What the tests of sources begin with: an ONNX file of somebody's, and the model that it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runoff.contract import Model
from runoff.model.inputs.input_options import InputOptions, asked_model, read_input
from runoff.model.sources.options import ModelOptions
from runoff.model.sources.own_onnx import choose_onnx
from runoff.processes.surroundings import ROOT


def elsewhere(step: Callable[[], Any]) -> Any:
    """Run a step in the tree's folder, as the process of a step has it, and not in the user's."""
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        return step()
    finally:
        os.chdir(before)


@pytest.fixture
def choose(tmp_path):
    """Choose a file with what the options say of it, in this process."""
    from runoff.model.sources import file_as_model

    def chosen(file: Path, *inputs: str, given: Path | None = None, **options: Any) -> Model:
        asked = InputOptions(tuple(map(read_input, inputs)), given)
        model = choose_onnx(
            ModelOptions(model=str(file), **options),
            asked,
            tmp_path / "copies",
            lambda function, arguments: elsewhere(lambda: file_as_model.import_onnx(**arguments)),
        )
        return asked_model(model, asked)

    return chosen


@pytest.fixture
def make(tmp_path):
    """Make a file for a picture's classes, with what is odd about it."""
    from tests.builders.given_onnx import picture_file

    return lambda *arguments, **named: picture_file(tmp_path / "own.onnx", *arguments, **named)
