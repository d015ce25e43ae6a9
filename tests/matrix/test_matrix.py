"""The conversion matrix: a converter that misbehaves costs one cell, cells are kept, and shares have a denominator."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runoff.contract import ONNX, Variant, from_json, to_json
from runoff.environments.environment import Environment, Installed
from runoff.judge.conversions import (
    FAILED,
    RIGHT,
    SKIPPED,
    WRONG,
    Attempt,
    Cell,
)
from runoff.matrix import matrix as conversion
from runoff.matrix.matrix import (
    OUT_OF_TIME,
    Export,
    MatrixSetup,
    converters,
    find_holder,
    needed,
    try_conversions,
    try_target,
)
from runoff.measure.launches import deadline_after
from runoff.model.zoo import EXPECTED_FILE, MODEL_FILE, zoo_model
from tests.builders.declarations import declared
from tests.waiting import hurry

EXPORT = Export("imagined", "torchscript", 13)
IMAGINED = declared(
    "tests.converter",
    CONVERT_DISTRIBUTIONS=("numpy",),
    FORM=ONNX,
    CONVERT_REQUIRES=("numpy",),
    functions=("repair",),
)
PICTURES = np.random.RandomState(3).standard_normal((4, 3, 8, 8)).astype(np.float32)


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MatrixSetup:
    """Return a setup with the imagined converter, in this interpreter, for models of any name."""
    monkeypatch.setattr(conversion, "zoo_model", lambda name: replace(zoo_model("pad-constant"), name=name))
    installed = Installed(frozenset({"numpy", "torch", "torchvision", "onnx"}), {"numpy": "1", "torch": "2"})
    here = Environment("here", Path(sys.executable), backends={"imagined": IMAGINED}, installed=installed)
    return MatrixSetup(
        {"imagined": here},
        {"here": here},
        results=tmp_path / "results",
        logs=tmp_path / "logs",
        at_once=2,
    )


def fill(folder: Path, asked: str) -> None:
    """Write what an export leaves, with what the converter shall do as its model."""
    (folder / MODEL_FILE).write_text(asked)
    outputs, operators = PICTURES.reshape(4, -1)[:, :10], ["Conv", "Pad"]
    np.savez(folder / EXPECTED_FILE, images=PICTURES, outputs=outputs, rounding=1e-7, operators=operators)


@pytest.fixture
def exported(monkeypatch):
    """Let exports write models that say what their names say, without torch; count them."""
    done = []

    def export(export: Export, folder: Path, setup: MatrixSetup) -> Attempt | None:
        done.append(export)
        fill(folder, export.model)
        return None

    monkeypatch.setattr(conversion, "export_model", export)
    return done


@pytest.mark.long
@pytest.mark.parametrize(
    ("asked", "result", "stage", "reason"),
    [
        ("right", RIGHT, None, None),
        ("wrong", WRONG, "check", "differs from the module's by"),
        pytest.param("shapeless", WRONG, "check", r"shape \(4, 3\), the module's are \(4, 10\)"),
        pytest.param("not finite", WRONG, "check", "not finite"),
        ("segfaults", FAILED, "convert", "SIGSEGV"),
        ("hungry", FAILED, "imagined stage", "MemoryError"),
        ("hangs", FAILED, "convert", r"no answer within 0\.5 s"),
    ],
)
def test_a_converter_that_misbehaves_costs_one_cell(tmp_path, setup, monkeypatch, asked, result, stage, reason):
    """Printing, hanging, exhausting memory and segfaulting end as one cell's result with stage and reason."""
    fill(tmp_path, asked)
    if asked == "hangs":
        hurry(monkeypatch, f"{EXPORT.label}-imagined", setup.attempt_timeout)
    cell = try_target(EXPORT, "imagined", tmp_path, setup)
    assert (cell.plain.result, cell.plain.stage) == (result, stage)
    if reason is None:
        assert cell.plain.reason is None
        assert cell.plain.agreement == 1.0
    else:
        assert re.search(reason, cell.plain.reason), cell.plain.reason
    assert cell.plain.seconds > 0
    assert cell.repaired is None


@pytest.mark.long
def test_what_fails_is_tried_again_after_repairs(tmp_path, setup):
    """A failure names the operator its message is about; the repaired file is converted too, and both are told."""
    fill(tmp_path, "raises")
    cell = try_target(EXPORT, "imagined", tmp_path, setup)
    assert (cell.plain.result, cell.plain.operator) == (FAILED, "Pad")
    assert cell.plain.reason == "KeyError: 'Pad version 18 is not implemented.'"
    assert cell.repaired.result == RIGHT
    assert cell.repairs == ("imagined repair",)
    assert cell.best.result == RIGHT


@pytest.mark.long
def test_cells_are_kept_and_a_broken_off_run_goes_on(setup, exported):
    """What is known is not tried again; what a time limit left out is, by the next run; a torn file is made anew."""
    exports = [Export(name, "torchscript", 13) for name in ("right", "wrong")]
    steps = []
    late = replace(setup, deadline=deadline_after(-1.0))
    cells = try_conversions(exports, late, step=lambda: steps.append(1))
    assert [cell.plain for cell in cells] == [Attempt(SKIPPED, reason=OUT_OF_TIME)] * 2
    assert not exported
    first = try_conversions(exports, setup, step=lambda: steps.append(1))
    assert [cell.plain.result for cell in first] == [RIGHT, WRONG]
    assert len(exported) == 2
    assert try_conversions(exports, setup, step=lambda: steps.append(1)) == first
    assert len(exported) == 2
    assert len(steps) == 6
    torn, *_ = sorted(setup.results.glob("*.json"))
    torn.write_text(torn.read_text()[:-5])
    assert try_conversions(exports, late, step=lambda: None) != first
    again = try_conversions(exports, setup, step=lambda: None)
    assert [cell.plain.result for cell in again] == [RIGHT, WRONG]
    assert len(exported) == 3
    assert not list(setup.results.glob("converting-*"))


@pytest.mark.long
@pytest.mark.parametrize("asked", ["hangs", "segfaults"])
def test_what_may_not_happen_again_is_tried_again(setup, exported, monkeypatch, asked):
    """A time-out or a kill is this run's result and is not kept; the next run exports and tries anew."""
    export = Export(asked, "torchscript", 13)
    if asked == "hangs":
        hurry(monkeypatch, f"{export.label}-imagined", setup.attempt_timeout)
    for tried in (1, 2):
        (cell,) = try_conversions([export], setup, step=lambda: None)
        assert cell.plain.result == FAILED
        assert len(exported) == tried
    assert not list(setup.results.glob("*.json"))


@pytest.mark.long
def test_a_real_failure_is_kept(setup, exported):
    """What a converter refuses it refuses again: the cell is read, and nothing is exported for it."""
    for _ in range(2):
        (cell,) = try_conversions([Export("hungry", "torchscript", 13)], setup, step=lambda: None)
        assert cell.plain.result == FAILED
    assert len(exported) == 1


def test_another_version_or_source_makes_another_cell(setup):
    """A cell's key changes with versions, the opset, memory, and what the backend declares of its plain variant."""
    keys = {conversion.cell_key(EXPORT, "imagined", setup)}
    keys.add(conversion.cell_key(replace(EXPORT, opset=14), "imagined", setup))
    keys.add(conversion.cell_key(EXPORT, "imagined", replace(setup, memory=1)))
    here = setup.environments["here"]
    newer = replace(here, installed=replace(here.installed, versions={"numpy": "2", "torch": "2"}))
    keys.add(conversion.cell_key(EXPORT, "imagined", replace(setup, environments={"here": newer})))
    keys.add(conversion.cell_key(EXPORT, "imagined", replace(setup, targets={"imagined": newer})))
    for changes in (
        {"CONVERT_VERSION": 2},
        {"ENVIRONMENT": {"LEVEL": "2"}},
        {"VARIANTS": (Variant(load_options={"hint": 1}),)},
    ):
        other = replace(here, backends={"imagined": replace(IMAGINED, **changes)})
        keys.add(conversion.cell_key(EXPORT, "imagined", replace(setup, targets={"imagined": other})))
    assert len(keys) == 8


def test_an_exporter_that_no_environment_holds_is_skipped_with_its_reason(setup):
    """An exporter whose modules are nowhere costs no process: it says what is missing, and isn't kept."""
    (cell,) = try_conversions([replace(EXPORT, exporter="dynamo")], setup, step=lambda: None)
    assert cell.plain.result == SKIPPED
    assert "onnxscript" in cell.plain.reason
    assert not list(setup.results.glob("*.json"))


def test_a_converter_that_no_environment_holds_is_no_target(setup):
    """An environment without what converting or running needs holds no converter, nor does one without the backend."""
    here = setup.environments["here"]
    assert find_holder("imagined", {"here": here}) == here
    bare, without = replace(here, installed=Installed()), replace(here, backends={})
    assert find_holder("imagined", {"bare": bare, "without": without}) is None
    assert needed(IMAGINED) == ("numpy",)


def test_only_backends_with_a_converter_are_targets():
    """A backend that converts from a module has no column."""
    assert list(converters({"imagined": IMAGINED, "other": declared("other")})) == ["imagined"]


def test_a_cell_survives_json():
    """What is kept is read back as it was."""
    plain = Cell("a", "torchscript", 13, "b", Attempt(RIGHT))
    for one in (plain, replace(plain, plain=Attempt(FAILED, "onnx-tf"), repaired=Attempt(RIGHT), repairs=("x",))):
        assert from_json(Cell, json.loads(json.dumps(to_json(one), allow_nan=False))) == one
