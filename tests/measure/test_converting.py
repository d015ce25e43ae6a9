"""Converting, in the process made for it: what is noted, and what is tried again after repairs."""

from __future__ import annotations

import dataclasses
import sys
from types import SimpleNamespace

import pytest

from runoff.contract import Form, Repairs, Variant
from runoff.errors import ConversionFailed
from runoff.files.values import to_json
from runoff.measure import artifacts
from runoff.measure.artifacts import convert, convert_repairing
from tests import converter as imagined
from tests.builders.outputs import MODEL


@pytest.fixture
def backend(monkeypatch):
    """Declare a backend that notes what it converts."""
    noted = []
    module = SimpleNamespace(
        __file__="engine.py",
        VARIANTS=(Variant(), Variant("quick")),
        convert=lambda *arguments: noted.append(arguments),
        noted=noted,
    )
    monkeypatch.setitem(sys.modules, "engine", module)
    return module


def test_converting_says_how_long_it_took_and_by_which_module(backend, tmp_path, monkeypatch):
    """The seconds of convert() are noted, and the first of its converters that is installed."""
    moments = iter([10.0, 12.5])
    monkeypatch.setattr(artifacts, "time", SimpleNamespace(perf_counter=lambda: next(moments)))
    form = Form(MODEL, "1" * 64)
    artifact, pictures = tmp_path / "model.npy", tmp_path / "pictures.npy"
    found = convert(
        "engine", "quick", to_json(form), str(artifact), str(pictures), ["not_installed_anywhere", "numpy", "json"]
    )
    assert found == {"seconds": 2.5, "repairs": (), "converter": "numpy"}
    assert backend.noted == [(form, Variant("quick"), artifact, pictures)]


def test_converting_without_pictures_or_converters(backend, tmp_path, monkeypatch):
    """Without pictures the backend is given None, and without a choice no module is named."""
    found = convert("engine", "", to_json(Form(MODEL, "1" * 64)), str(tmp_path / "model.npy"), None, [])
    assert (found["converter"], found["repairs"]) == (None, ())
    assert backend.noted[0][3] is None


@pytest.fixture
def refused(tmp_path):
    """Write a file that the imagined converter refuses, with what a first attempt left beside the artifact."""
    file = tmp_path / "model.onnx"
    file.write_text("raises")
    made = tmp_path / "made"
    (made / "folder").mkdir(parents=True)
    (made / "folder" / "left").write_text("x")
    (made / "left").write_text("x")
    return Form(MODEL, "1" * 64, file), made / "model.npy"


def test_a_repaired_conversion_starts_in_an_empty_folder_and_says_what_was_repaired(refused, capsys):
    """What the first attempt left is gone, the repaired file is converted, and the log says both."""
    form, artifact = refused
    assert isinstance(imagined, Repairs)
    assert convert_repairing(imagined, Variant(), form, artifact, None) == ("imagined repair",)
    assert artifact.read_text() == "right"
    assert [path.name for path in artifact.parent.iterdir()] == ["model.npy"]
    assert capsys.readouterr().err == (
        "imagined stage: KeyError: 'Pad version 18 is not implemented.'; it went through after: imagined repair\n"
    )


def test_what_goes_through_is_not_repaired(tmp_path, capsys):
    """A conversion that succeeds names no repair."""
    file = tmp_path / "model.onnx"
    file.write_text("right")
    artifact = tmp_path / "model.npy"
    assert convert_repairing(imagined, Variant(), Form(MODEL, "1" * 64, file), artifact, None) == ()
    assert artifact.read_text() == "right"
    assert capsys.readouterr().err == ""


def test_a_backend_without_repairs_fails_as_it_did(refused):
    """Where nobody knows a repair, or none applies, the first failure is raised and nothing is cleared."""
    form, artifact = refused
    helpless = SimpleNamespace(convert=imagined.convert)
    unhelpful = SimpleNamespace(convert=imagined.convert, repair=lambda model, repaired: ())
    for backend in (helpless, unhelpful):
        with pytest.raises(ConversionFailed, match="Pad version 18"):
            convert_repairing(backend, Variant(), form, artifact, None)
    assert (artifact.parent / "left").exists()


def test_both_attempts_are_given_the_same_variant_and_pictures(refused, tmp_path, capsys):
    """The second attempt differs from the first in its form's file alone."""
    form, artifact = refused
    given = []

    def convert_noting(*arguments):
        given.append(arguments)
        if len(given) == 1:
            raise ConversionFailed("x", "y")

    backend = SimpleNamespace(convert=convert_noting, repair=lambda model, repaired: (f"from {model.name}", "more"))
    pictures = tmp_path / "pictures.npy"
    assert convert_repairing(backend, Variant("quick"), form, artifact, pictures) == ("from model.onnx", "more")
    assert capsys.readouterr().err == "x: y; it went through after: from model.onnx, more\n"
    first, second = given
    assert first == (form, Variant("quick"), artifact, pictures)
    assert second[1:] == first[1:]
    assert second[0] == dataclasses.replace(form, file=second[0].file)
    assert second[0].file != form.file
    assert second[0].file.name == "repaired.onnx"
