"""Forms and artifacts with the process that converts imagined: what it is told, what is noted, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from runoff.backends import onnxruntime
from runoff.contract import MODULE, ONNX, Form, Source, Variant
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment, Installed
from runoff.errors import ConversionFailed, WorkerCrashed
from runoff.files.values import from_json, to_json
from runoff.measure import artifacts
from runoff.measure.artifacts import (
    CONVERSION_TIMEOUT,
    Calibration,
    Conversions,
    artifact_key,
    make_artifact,
    make_form,
    versions_in,
)
from runoff.model.onnx import export as onnx_export
from runoff.processes.workplace import Workplace
from tests.builders.declarations import declared
from tests.builders.outputs import MODEL
from tests.suite_runs import ROOT

ALL = frozenset({*onnx_export.EXPORT_REQUIRES, "numpy"})
EXPORTER = Environment("here", Path("python"), installed=Installed(ALL, {"numpy": "1", "python": "3.11"}))
CALIBRATION = Calibration(Path("calibration.npy"), "2" * 64)


@pytest.fixture
def place(tmp_path):
    """Name the folders of a run."""
    return Workplace(tmp_path / "home", tmp_path / "working")


@pytest.fixture
def calls(monkeypatch):
    """Note what is called in processes instead of calling it; each writes what it is asked for."""
    noted = []

    def call(function, arguments, **named):
        noted.append((function, arguments, named))
        Path(arguments.get("destination") or arguments["artifact"]).write_text("made")
        return 1.5 if "destination" in arguments else {"seconds": 2.5, "repairs": [], "converter": None}

    monkeypatch.setattr(artifacts, "call", call)
    return noted


def test_a_module_is_the_model_itself(place):
    """What converts from a module needs no file; what it is traced with is part of its hash."""
    conversions = Conversions(MODEL, {}, None, place)
    form = make_form(MODULE, ROOT, conversions)
    assert (form.model, form.file, conversions.exported) == (MODEL, None, {})
    other = dataclasses.replace(MODEL, inputs=(dataclasses.replace(MODEL.inputs[0], shape=(3, 8, 8)),))
    hashes = {make_form(MODULE, ROOT, Conversions(model, {}, None, place)).sha256 for model in (MODEL, other)}
    assert form.sha256 in hashes
    assert len(hashes) == 2


def test_the_form_of_an_onnx_file_is_the_file_with_its_data(place, calls, tmp_path):
    """Nothing is exported; what lies beside the run's copy belongs to it, and what it is run on is part of its hash."""
    copy = tmp_path / "onnx-1" / "model.onnx"
    (copy.parent / "data").mkdir(parents=True)
    for file in (copy, copy.parent / "b.bin", copy.parent / "data" / "a.bin"):
        file.write_text(file.name)
    model = dataclasses.replace(MODEL, source=Source(ONNX, "own.onnx", {}, copy, "1" * 64))
    other = dataclasses.replace(model, inputs=(dataclasses.replace(model.inputs[0], shape=(3, 8, 8)),))
    form, sized = (make_form(ONNX, ROOT, Conversions(each, {}, None, place)) for each in (model, other))
    assert (form.file, form.data, calls) == (copy, ("b.bin", "data/a.bin"), [])
    assert form.sha256 != sized.sha256
    destination = tmp_path / "artifact" / "model.onnx"
    destination.parent.mkdir()
    onnxruntime.convert(form, Variant(), destination, None)
    assert (destination.parent / "data" / "a.bin").read_text() == "a.bin"
    assert destination.read_text() == "model.onnx"


def test_the_onnx_form_is_exported_once(place, calls):
    """A run exports once a tree, and another run with the same cache not at all."""
    conversions = Conversions(MODEL, {"here": EXPORTER}, None, place)
    form = make_form(ONNX, ROOT, conversions)
    assert form.onnx_file.read_text() == "made"
    assert form.onnx_file.parent.parent == place.home / "forms"
    assert form.onnx_file.parent.name.startswith("onnx-")
    assert form.onnx_file.name == "model.onnx"
    assert form.model is MODEL
    assert make_form(ONNX, ROOT, conversions) is form
    assert make_form(ONNX, ROOT, Conversions(MODEL, {"here": EXPORTER}, None, place)) == form
    ((function, arguments, named),) = calls
    assert function == "runoff.model.onnx.export:export_model"
    assert arguments["model"] == to_json(MODEL)
    assert (named["label"], named["timeout"]) == ("exporting to ONNX", CONVERSION_TIMEOUT)
    assert named["log"] == place.logs / "export.log"
    assert named["surroundings"] == EXPORTER.surroundings()
    assert form.sha256 != MODEL.sha256


def test_an_export_is_kept_by_what_decides_it(place, calls, monkeypatch, tmp_path):
    """Each part of its key has a name, the code of what exports among them; its seconds and hash are kept with it."""
    keys = []
    monkeypatch.setattr(artifacts, "key_of", lambda parts: keys.append(parts) or "key")
    monkeypatch.setattr(artifacts, "differing_code", lambda *arguments: arguments)
    form = make_form(ONNX, tmp_path, Conversions(MODEL, {"here": EXPORTER}, None, place))
    assert keys == [
        {
            "model": MODEL.sha256,
            "inputs": [vars(given) for given in MODEL.inputs],
            "version": [onnx_export.EXPORT_VERSION, onnx_export.OPSET],
            "versions": versions_in(EXPORTER, onnx_export.DISTRIBUTIONS),
            "code": (Path(onnx_export.__file__), "export_model", tmp_path),
        }
    ]
    kept = json.loads((form.onnx_file.parent / "record.json").read_text())
    assert (kept["noted"], kept["sha256"]) == ({"seconds": 1.5}, form.sha256)


def test_an_export_runs_the_code_of_the_tree(place, calls, tmp_path):
    """Another tree exports with its own code in the environment that can, and has its own file where code differs."""
    poor = Environment("poor", Path("nowhere"))
    conversions = Conversions(MODEL, {"poor": poor, "here": EXPORTER}, None, place)
    ours, theirs = (make_form(ONNX, tree, conversions) for tree in (ROOT, tmp_path))
    assert [named["surroundings"].tree for _, _, named in calls] == [ROOT, tmp_path]
    assert {named["surroundings"].interpreter for _, _, named in calls} == {Path("python")}
    assert ours.file != theirs.file


@pytest.mark.parametrize("change", ["model", "inputs", "version", "opset", "versions"])
def test_what_decides_the_exported_file_is_in_its_place(place, calls, change, monkeypatch):
    """Other weights, inputs, code or versions of what exports have another file."""
    before = make_form(ONNX, ROOT, Conversions(MODEL, {"here": EXPORTER}, None, place))
    model, exporter = MODEL, EXPORTER
    if change == "model":
        model = dataclasses.replace(MODEL, sha256="1" * 64)
    if change == "inputs":
        model = dataclasses.replace(MODEL, inputs=(dataclasses.replace(MODEL.inputs[0], shape=(3, 8, 8)),))
    if change == "version":
        monkeypatch.setattr(onnx_export, "EXPORT_VERSION", -1)
    if change == "opset":
        monkeypatch.setattr(onnx_export, "OPSET", -1)
    if change == "versions":
        versions = {onnx_export.DISTRIBUTIONS[0]: "0"}
        exporter = dataclasses.replace(EXPORTER, installed=dataclasses.replace(EXPORTER.installed, versions=versions))
    after = make_form(ONNX, ROOT, Conversions(model, {"here": exporter}, None, place))
    assert after.file != before.file


@pytest.mark.parametrize("kind", [MODULE, ONNX])
def test_what_becomes_of_pictures_decides_no_form(place, calls, kind):
    """Another mean or other labels are no part of what is converted: the same inputs have the same form."""
    assert MODEL.preprocessing is not None
    other = dataclasses.replace(MODEL, preprocessing=dataclasses.replace(MODEL.preprocessing, mean=(0.5,)), labels=None)
    forms = [make_form(kind, ROOT, Conversions(model, {"here": EXPORTER}, None, place)) for model in (MODEL, other)]
    assert len({form.sha256 for form in forms}) == 1
    assert len(calls) == (1 if kind == ONNX else 0)


def test_where_nothing_can_export_it_is_said_once_and_again(place):
    """Without torch anywhere the export fails by name, for every contender that asks, and is not tried again."""
    conversions = Conversions(MODEL, {"here": Environment("here", Path("python"))}, None, place)
    failures = []
    for _ in range(2):
        with pytest.raises(ConversionFailed) as caught:
            make_form(ONNX, ROOT, conversions)
        failures.append(caught.value)
    assert failures[0] is failures[1]
    assert (failures[0].stage, failures[0].reason) == (
        "export",
        f"no environment of this run has all of {', '.join(onnx_export.EXPORT_REQUIRES)}",
    )


def environment(**changes):
    """Return an environment with a backend that needs numpy, and these changes to what that declares."""
    backend = declared("engine", **{"VARIANTS": (Variant(),), "CONVERT_REQUIRES": ("numpy",), **changes})
    return dataclasses.replace(EXPORTER, backends={"engine": backend})


def test_a_conversion_is_told_all_that_it_needs(place, calls):
    """It converts the form of the model in its own process, with the variables of backend and variant."""
    here = environment(
        CONVERTERS=("numpy", "other"), CONVERTER_REQUIRES={"numpy": "numpy"}, ENVIRONMENT={"LEVEL": "1", "A": "b"}
    )
    variant = Variant("quick", calibrated=True, convert_variables={"LEVEL": "2"})
    contender = Contender("engine", variant)
    made = make_artifact(contender, Conversions(MODEL, {"here": here}, lambda: CALIBRATION, place))
    ((function, arguments, named),) = calls
    assert function == "runoff.measure.artifacts:convert"
    assert arguments | {"artifact": ""} == {
        "backend": "engine",
        "variant": "quick",
        "form": to_json(make_form(MODULE, ROOT, Conversions(MODEL, {}, None, place))),
        "artifact": "",
        "calibration": "calibration.npy",
        "converters": ["numpy", "other"],
    }
    assert named["label"] == "engine-quick, converting"
    assert named["log"] == place.logs / "engine-quick-convert.log"
    assert named["timeout"] == CONVERSION_TIMEOUT
    assert named["surroundings"] == here.surroundings({"LEVEL": "2", "A": "b"})
    assert made.noted == {"seconds": 2.5, "repairs": [], "converter": None}
    form = make_form(MODULE, ROOT, Conversions(MODEL, {}, None, place))
    key = artifact_key(contender, form, here, CALIBRATION)
    assert made.path == place.artifacts / f"engine-{key}" / "model.npy"


def test_a_variant_that_looks_at_no_pictures_is_given_none(place, calls):
    """Pictures are neither asked for nor passed where they are not read."""
    make_artifact(Contender("engine", Variant()), Conversions(MODEL, {"here": environment()}, None, place))
    assert calls[0][1]["calibration"] is None


def test_a_backend_of_onnx_is_given_the_exported_file(place, calls):
    """What converts from ONNX has the file in its form, and an artifact by that file's hash."""
    here = environment(FORM=ONNX)
    conversions = Conversions(MODEL, {"here": here}, None, place)
    made = make_artifact(Contender("engine", Variant()), conversions)
    form = make_form(ONNX, ROOT, conversions)
    assert from_json(Form, calls[1][1]["form"]) == form
    assert made.path.parent.name == f"engine-{artifact_key(Contender('engine', Variant()), form, here, None)}"


def test_what_converting_lacks_is_named(place, calls):
    """Modules that are in no environment are a conversion's failure at its import."""
    here = environment(CONVERT_REQUIRES=("numpy", "maker", "baker"))
    with pytest.raises(ConversionFailed) as caught:
        make_artifact(Contender("engine", Variant()), Conversions(MODEL, {"here": here}, None, place))
    assert (caught.value.stage, caught.value.reason, calls) == (
        "import",
        "converting needs maker, baker, which is not installed here",
        [],
    )


def test_a_conversion_that_writes_no_file_failed(place, monkeypatch):
    """A convert() that leaves nothing where its artifact should be is a failure that names the file."""
    monkeypatch.setattr(artifacts, "call", lambda *arguments, **named: {})
    with pytest.raises(ConversionFailed) as caught:
        make_artifact(Contender("engine", Variant()), Conversions(MODEL, {"here": environment()}, None, place))
    assert (caught.value.stage, caught.value.reason) == (
        "result",
        "the backend's convert() wrote no file model.npy",
    )


def test_an_export_that_failed_is_each_contenders_failure(place, monkeypatch):
    """The same error reaches every contender that converts from ONNX."""

    def fail(*arguments, **named):
        raise WorkerCrashed("it ended")

    monkeypatch.setattr(artifacts, "call", fail)
    conversions = Conversions(MODEL, {"here": environment(FORM=ONNX)}, None, place)
    for _ in range(2):
        with pytest.raises(WorkerCrashed, match="it ended"):
            make_artifact(Contender("engine", Variant()), conversions)


def test_versions_are_those_that_convert():
    """Distributions that are asked for, Python and numpy have their versions, None where they are not installed."""
    installed = Installed(frozenset(), {"maker": "1", "python": "3.11", "unrelated": "9"})
    assert versions_in(dataclasses.replace(EXPORTER, installed=installed), ["maker", "baker"]) == {
        "maker": "1",
        "baker": None,
        "python": "3.11",
        "numpy": None,
    }
