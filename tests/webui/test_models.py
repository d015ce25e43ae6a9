"""The page with other models than the default: what it serves, what it says of it, and what it refuses at its start."""

from __future__ import annotations

import dataclasses
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

from runoff.arrays import Input, Output
from runoff.contract import CLASSIFICATION, ONNX, OTHER, RANDOM, Model, Preprocessing, Source
from runoff.errors import CheckpointUnavailable, ImagesUnusable, UsageError
from runoff.model.inputs.input_options import InputOptions, asked_model, read_input
from runoff.model.sources.choose import Choice
from runoff.model.sources.options import ModelOptions
from tests.web import fake_backends, fake_page, send, star, stored
from webui import supply
from webui.__main__ import main, make_parser
from webui.config import Config
from webui.runtimes import Runtimes
from webui.supply import choose_anew, remembered_model, require_image_classifier

PNG = stored(star(), "PNG")
GREY = Preprocessing((299, 299), (299, 299), (0.5,), (0.5,), channels="L")
LEVELS = Preprocessing((40, 32), (40, 32), (0.0,), (1.0,), layout="NHWC", dtype="uint8")


def model_of(preprocessing: Preprocessing | None, classes: int, origin: str = "own", dtype: str = "float32") -> Model:
    """Return a classifier of a user's own factory, with labels."""
    made = preprocessing or GREY
    given = Input("pixels", made.shape, made.dtype, made.layout)
    labels = tuple(f"kind {number}" for number in range(classes))
    source = Source("factory", "models.tiny:make", {}, None, None, origin)
    output = Output("scores", (classes,), dtype)
    return Model("own", "ab" * 32, (given,), (output,), preprocessing, labels, CLASSIFICATION, source)


@pytest.mark.long
@pytest.mark.parametrize(
    ("preprocessing", "classes"), [(GREY, 2), (LEVELS, 10)], ids=["grey, 299 pixels, 2 classes", "uint8 NHWC"]
)
def test_any_image_classifier_is_served(tmp_path, preprocessing, classes):
    """Grey or coloured, of whatever size, type and layout, a picture is named by the model's own labels."""
    model = model_of(preprocessing, classes)
    with fake_page(tmp_path, ["fake"], model) as app:
        answered = send(app.test_client(), PNG).json
        answers = answered["results"][0]["answers"]
        assert len(answers) == min(3, classes)
        assert {each["label"] for each in answers} <= set(model.labels)
        assert sum(each["confidence"] for each in answers) <= 1 + 1e-9
        assert answered["checkpoint"]["model"] == "models.tiny:make"
        assert answered["checkpoint"]["labels"] == classes
        assert answered["checkpoint"]["line"] == "models.tiny:make with own weights"


@pytest.mark.long
def test_an_onnx_file_is_named_without_its_folder(tmp_path):
    """The page names a file, and no folder of the machine that it runs on."""
    model = dataclasses.replace(model_of(GREY, 2), source=Source(ONNX, "/home/me/own.onnx", {}, None, None, "own"))
    with fake_page(tmp_path, ["fake"], model) as app:
        client = app.test_client()
        answered = send(client, PNG)
        assert answered.json["checkpoint"]["model"] == "own.onnx"
        assert "/home/me" not in answered.text + client.get("/api/runtimes").text


@pytest.mark.long
def test_random_weights_are_called_speed_only(tmp_path):
    """The page, and its answers for programs, say that answers of random weights mean nothing."""
    with fake_page(tmp_path, ["fake"], model_of(GREY, 2, RANDOM)) as app:
        checkpoint = send(app.test_client(), PNG).json["checkpoint"]
        assert checkpoint["speed_only"] is True
        assert checkpoint["sentence"].startswith("Speed only")


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"task": OTHER, "outputs": (Output("mask", (2, 8, 8)),)}, UsageError, r"no classifier: it gives mask \(2×8×8"),
        ({"inputs": (Input("a", (3, 4, 4)), Input("b", (3,)))}, UsageError, "takes a=3x4x4, b=3; give --model one"),
        ({"preprocessing": None}, ImagesUnusable, "models.tiny:make is unknown; give --preprocessing imagenet or FILE"),
    ],
)
def test_what_is_no_image_classifier_is_refused(changes, error, words):
    """A model that gives no classes, or takes more than a picture that is known, is refused."""
    with pytest.raises(error, match=words):
        require_image_classifier(dataclasses.replace(model_of(GREY, 2), **changes))


@pytest.fixture
def choosing(monkeypatch):
    """Let the page choose a model that a test gives, or fail of an error."""

    def choose(chosen: Model | Exception) -> None:
        def answer(*_: object) -> Choice:
            if isinstance(chosen, Exception):
                raise chosen
            return Choice(chosen)

        monkeypatch.setattr(supply, "choose_model", answer)
        monkeypatch.setattr("webui.__main__.known_backends", fake_backends)

    return choose


@pytest.mark.long
@pytest.mark.parametrize(
    ("chosen", "code", "words"),
    [
        (dataclasses.replace(model_of(GREY, 2), task=OTHER), 2, "webui: the page says what is on a picture"),
        (CheckpointUnavailable("no network"), 8, "webui: no network"),
    ],
)
def test_the_start_ends_with_what_is_wrong_with_the_model(choosing, capsys, tmp_path, monkeypatch, chosen, code, words):
    """Before the page is announced, a model that can't be served ends the start with one line and its exit code."""
    choosing(chosen)
    monkeypatch.chdir(tmp_path)
    assert main(["--contenders", "fake,fake-slower", "--port", "18765", "--model", "resnet50"]) == code
    shown = capsys.readouterr()
    assert shown.err.startswith(words)
    assert shown.err.count("\n") == 1
    assert shown.out == ""


def test_the_page_takes_the_suites_options(choosing, tmp_path):
    """--input and the others are declared once: the page reads them as the suite does, and gives them to the model."""
    given = make_parser().parse_args(["--input", "pixels=1x299x299", "--input", "more=2:int64:0..9", "--task", "other"])
    assert [each.text for each in given.input] == ["pixels=1x299x299", "more=2:int64:0..9"]
    assert given.task == "other"
    choosing(dataclasses.replace(model_of(GREY, 2), task=OTHER))
    inputs = InputOptions((read_input("pixels=1x299x299:NCHW"),), task=CLASSIFICATION)
    assert choose_anew(Config(inputs=inputs, home=tmp_path)).classifies


def test_pictures_that_do_not_fit_are_refused():
    """Suite and page alike name what pictures become, what the model takes, and the options that change it."""
    given = (Input("a", (1, 32, 32)),)
    with pytest.raises(UsageError, match=r"1×299×299 float32, and models.tiny:make takes a=1x32x32; .* --input-size"):
        asked_model(dataclasses.replace(model_of(GREY, 2), inputs=given), InputOptions())


def stored_model(tmp_path: Path, source: Source) -> Model:
    """Return a model whose weights are there, made by a package of some version."""
    np.savez(tmp_path / "weights.npz", a=np.zeros(1, np.float32))
    return dataclasses.replace(
        model_of(GREY, 2), source=dataclasses.replace(source, weights=tmp_path / "weights.npz", weights_sha256="any")
    )


def test_a_model_is_chosen_anew_after_an_update_of_the_package_that_makes_it(choosing, tmp_path, monkeypatch):
    """What timm made of another version is not remembered, nor where timm is gone; numpy's version stands in for it."""
    monkeypatch.setattr(supply, "whole", lambda model: model)
    config = Config(model=ModelOptions("timm:levit_128"), home=tmp_path)
    for version, kind, remembered in ((np.__version__, "numpy", True), ("0", "numpy", False), ("1", "nobody", False)):
        model = stored_model(tmp_path, Source(kind, "timm:levit_128", {}, origin="official", version=version))
        choosing(model)
        chosen = choose_anew(config)
        assert remembered_model(config) == (chosen if remembered else None)


@pytest.mark.parametrize("name", ["models.tiny:make", "own.onnx"])
def test_code_and_files_of_the_users_own_are_read_anew(choosing, tmp_path, monkeypatch, name):
    """A factory or a file may have changed since the last start, so it is never remembered."""
    monkeypatch.setattr(supply, "whole", lambda model: model)
    choosing(stored_model(tmp_path, Source("factory", name, {})))
    config = Config(model=ModelOptions(name), home=tmp_path)
    choose_anew(config)
    assert remembered_model(config) is None


def test_a_model_that_failed_is_not_known(tmp_path):
    """A page whose model can't be had says so to whoever asks, and shows none."""
    failed: Future[Model] = Future()
    failed.set_exception(CheckpointUnavailable("no network"))
    assert Runtimes(Config(home=tmp_path), {}, None, failed).known_model is None
