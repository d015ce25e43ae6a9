"""The conversion matrix: a converter that misbehaves costs one cell, cells are kept, and shares have a denominator."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runoff.arrays import Input
from runoff.contract import ONNX, Model, Variant
from runoff.environments.environment import Environment, Installed
from runoff.files.values import from_json, to_json
from runoff.judge.conversions import (
    FAILED,
    RIGHT,
    SKIPPED,
    WRONG,
    Attempt,
    Cell,
    Totals,
    count,
)
from runoff.matrix import matrix as conversion
from runoff.matrix.attempt import judge
from runoff.matrix.matrix import (
    OUT_OF_TIME,
    Export,
    MatrixSetup,
    OwnModel,
    converters,
    find_holder,
    needed,
    try_conversions,
    try_target,
)
from runoff.measure.launches import deadline_after
from runoff.model.case import MODEL_FILE, Case
from runoff.model.sources.architecture import FILE
from runoff.model.zoo import zoo_model
from tests.builders.declarations import declared
from tests.builders.models import resnet18
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
    outputs = {"logits": PICTURES.reshape(4, -1)[:, :10]}
    Case({"images": PICTURES}, outputs, {"logits": 1e-7}, ("Conv", "Pad")).save(folder)


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


def test_the_users_model_is_a_row_of_its_own(setup, exported):
    """It is tried under a name that no model of the zoo has, and its cell depends on its weights and its examples."""
    model = replace(resnet18("mine", Path("none.npz"), "00", ("a", "b"), FILE), sha256="ab" * 32)
    own = OwnModel(model, Path("inputs.npz"), "cd" * 32)
    assert own.name == "resnet18 (mine)"
    with_own = replace(setup, own=own)
    mine, zoos = (replace(EXPORT, model=name) for name in (own.name, "resnet18"))
    keys = {conversion.cell_key(mine, "imagined", with_own), conversion.cell_key(zoos, "imagined", with_own)}
    for other in (replace(own, sha256="00"), replace(own, model=replace(model, sha256="ef" * 32))):
        keys.add(conversion.cell_key(mine, "imagined", replace(setup, own=other)))
    assert len(keys) == 4
    assert conversion.cell_key(zoos, "imagined", setup) in keys
    late = replace(with_own, deadline=deadline_after(-1.0))
    assert [cell.own for cell in try_conversions([mine, zoos], late, step=lambda: None)] == [True, False]
    assert "/" not in replace(mine, model="timm:a/b (mine)").label


@pytest.mark.long
def test_the_users_model_is_given_to_what_exports_and_converts(setup, monkeypatch):
    """The process that exports has the model and its examples; converting has it too, and its session its names."""
    model = replace(zoo_model("pad-constant"), name="mine", inputs=(Input("images", (3, 8, 8), layout="NCHW"),))
    own = OwnModel(model, Path("/inputs.npz"), "cd" * 32)
    given = []

    def run(function, arguments, *rest, **options):
        if function != "export":
            return real(function, arguments, *rest, **options)
        given.append((from_json(Model, arguments["own"]), arguments["inputs"]))
        fill(Path(arguments["folder"]), "right")
        return None

    real = conversion.run
    monkeypatch.setattr(conversion, "run", run)
    export = replace(EXPORT, model=own.name)
    (cell,) = try_conversions([export], replace(setup, own=own), step=lambda: None)
    assert given == [(model, "/inputs.npz")]
    assert (cell.plain.result, cell.own) == (RIGHT, True)


def case_of(**outputs):
    """Return a case with these outputs, one example a row, exact to a ten-millionth."""
    return Case({}, outputs, dict.fromkeys(outputs, 1e-7), ())


def test_all_outputs_of_a_model_are_judged():
    """Each is held to its own rounding, whole numbers to being equal, and their number and shapes to the module's."""
    scores, best = PICTURES.reshape(4, -1)[:, :10], np.arange(4)[:, None]
    case = case_of(scores=scores, best=best)
    right = judge([scores + np.float32(1e-6), best], case)
    assert (right.result, right.agreement) == (RIGHT, 1.0)
    wrong = judge([scores, best + 1], case)
    assert (wrong.result, wrong.agreement) == (WRONG, 0.0)
    assert wrong.reason.startswith("output best differs from the module's by 1, more than the 0 that")
    assert judge([scores], case).reason == "gives outputs of shape (4, 10), the module's are (4, 10), (4, 1)"
    assert judge([scores[:, ::-1]], case_of(scores=scores)).agreement < 1


def test_the_users_own_cells_are_no_part_of_a_share():
    """Totals are those of the zoo, whatever comes of the user's model."""
    cells = [Cell("a", "torchscript", 13, "b", Attempt(RIGHT)), Cell("m", "x", 1, "b", Attempt(WRONG), own=True)]
    assert count(cells) == Totals(right=1)


def test_a_cell_survives_json():
    """What is kept is read back as it was."""
    plain = Cell("a", "torchscript", 13, "b", Attempt(RIGHT))
    for one in (plain, replace(plain, plain=Attempt(FAILED, "onnx-tf"), repaired=Attempt(RIGHT), repairs=("x",))):
        assert from_json(Cell, json.loads(json.dumps(to_json(one), allow_nan=False))) == one
