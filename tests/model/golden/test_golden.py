"""Golden as a file."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from runoff.contract import ONNX
from runoff.files.arrays import load_arrays, save_arrays
from runoff.judge.golden_check import Check, Witness
from runoff.model.golden.golden import Golden, load_golden, save_golden
from runoff.model.golden.steps import STEPS, golden_step

OUTPUTS = {"check": np.ones((2, 3), np.float32), "rounding": np.arange(2)}
GOLDEN = Golden(OUTPUTS, {"check": 1e-6, "rounding": 0.0})
UNCHECKED = Check("an evaluator", reason="it can't", witness=Witness("another", 1e-7))


@pytest.mark.parametrize(
    "check", [None, Check("an evaluator", 3, 2e-7), UNCHECKED], ids=["torch's own", "checked", "unchecked"]
)
def test_golden_comes_back_as_it_was_saved(tmp_path, check):
    """Outputs, roundings and how it was checked are kept, whatever the outputs are called."""
    save_golden(tmp_path / "golden.npz", dataclasses.replace(GOLDEN, check=check, note="something"))
    found = load_golden(tmp_path / "golden.npz")
    assert (found.roundings, found.check, found.note) == (GOLDEN.roundings, check, "something")
    assert list(found.outputs) == list(OUTPUTS)
    assert all(np.array_equal(found.outputs[name], array) for name, array in OUTPUTS.items())


def test_golden_of_a_module_is_saved_as_before(tmp_path):
    """What was cached before there were checks is read, and nothing is added to it."""
    save_arrays(tmp_path / "before.npz", {"logits": OUTPUTS["check"], "rounding of logits": np.array(0.5)})
    before = load_golden(tmp_path / "before.npz")
    assert (before.roundings, before.check) == ({"logits": 0.5}, None)
    save_golden(tmp_path / "now.npz", before)
    assert list(load_arrays(tmp_path / "now.npz")) == list(load_arrays(tmp_path / "before.npz"))


@pytest.mark.parametrize("kind", ["torchvision", "timm", "package", "module"])
def test_only_an_onnx_file_has_a_step_of_its_own(kind):
    """Whatever else a model comes from, golden is computed by its module."""
    assert golden_step(kind) is STEPS["module"]
    assert golden_step(ONNX) is STEPS[ONNX]
    assert not {"torch", "torchvision"} & {*STEPS[ONNX].requires, *STEPS[ONNX].distributions}
