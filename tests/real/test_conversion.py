"""Conversions for real: what torch exports, what converters make of it, and what repairs change."""

from __future__ import annotations

from pathlib import Path

import pytest

from runoff.backends import find_backends
from runoff.environments.discovery import this_environment
from runoff.judge.conversions import FAILED, RIGHT
from runoff.matrix.matrix import Export, MatrixSetup, try_conversions
from runoff.model.onnx.export import TORCHSCRIPT
from runoff.text.ids import HERE

pytestmark = [pytest.mark.framework, pytest.mark.full]

TARGETS = ("onnxruntime", "openvino", "tensorflow")


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Export two operators that are known to be trouble, and one that is not, and convert them for all targets."""
    folder: Path = tmp_path_factory.mktemp("conversions")
    here = this_environment(find_backends())
    targets = dict.fromkeys(TARGETS, here)
    setup = MatrixSetup(targets, {HERE: here}, results=folder / "results", logs=folder / "logs", at_once=2)
    exports = [Export(name, TORCHSCRIPT, 13) for name in ("pad-constant", "resize-bicubic", "hard-swish")]
    found = try_conversions(exports, setup, step=lambda: None)
    return {(cell.model, cell.backend): cell for cell in found}


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_no_trouble_converts(cells, target):
    """A hard swish comes out right by every converter: all pictures agree, within float32's rounding."""
    attempt = cells["hard-swish", target].plain
    assert attempt.result == RIGHT, attempt
    assert attempt.agreement == 1.0
    assert attempt.largest_difference <= attempt.noise


@pytest.mark.parametrize(("model", "operator"), [("pad-constant", "Pad"), ("resize-bicubic", "Resize")])
def test_onnx_tf_breaks_where_it_is_said_to_and_repairs_help(cells, model, operator):
    """Pad and Resize fail in onnx-tf as torch exports them, are named, and are right after repair; others take them."""
    cell = cells[model, "tensorflow"]
    assert (cell.plain.result, cell.plain.stage, cell.plain.operator) == (FAILED, "onnx-tf", operator)
    assert cell.repaired is not None
    assert cell.repaired.result == RIGHT, cell.repaired
    assert cells[model, "onnxruntime"].plain.result == RIGHT
    assert cells[model, "openvino"].plain.result == RIGHT
