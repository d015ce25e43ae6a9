"""The suite on labelled pictures: asked once after the race, refused with what is wrong, and as ever without labels."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fixtures.accuracy import pytest_collection_modifyitems
from runoff.model.inputs.drawings import CLASSES

ASKS = '''
"""A benchmark that asks."""
import json, pathlib

def test_answers(contender, answered, preparation):
    found = answered.answers[contender]
    pathlib.Path("asked.json").write_text(json.dumps({
        "names": answered.pictures.names, "golden": answered.golden.top[:, 0].tolist(),
        "top": found.top[:, 0].tolist(), "labels": answered.pictures.labels.tolist(),
        "checked": len(preparation.expected.examples.names)}))
'''


@pytest.fixture(scope="module")
def asking(suite):
    """Add a benchmark that asks for answers to the copied suite."""
    (suite.root / "benchmarks" / "test_answers.py").write_text(ASKS)
    yield suite
    (suite.root / "benchmarks" / "test_answers.py").unlink()


@pytest.fixture
def classes(tmp_path):
    """Draw a folder with a folder for each of two classes."""
    for seed in range(8):
        path = tmp_path / "classes" / ("star", "Circle")[seed % 2] / f"{seed}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, (40, 40, 3), np.uint8)).save(path)
    return tmp_path / "classes"


def test_a_test_whose_own_fixture_has_this_name_is_not_left_out(pytestconfig):
    """Without labelled pictures only benchmarks that ask the contenders for answers are."""
    own, asks = (SimpleNamespace(fixturenames=["answered", name]) for name in ("tmp_path", "preparation"))
    items = [asks, own]
    pytest_collection_modifyitems(pytestconfig, items)
    assert items == [own]


def test_labelled_pictures_are_answered_once(asking, classes):
    """Every contender answers each picture; what is left out is a warning, and the options are repeated."""
    (classes / "star" / "broken.jpg").write_bytes(b"no")
    done = asking.race(
        *("--images", str(classes), "--max-unreadable", "20%", "--contenders", "fake", "--launches", "1"),
        *("--rounds", "1"),
    )
    assert done.returncode == 0, done.stdout
    asked = json.loads((asking.root / "asked.json").read_text())
    assert (len(asked["names"]), asked["checked"]) == (8, 8)
    assert asked["top"] == asked["golden"]
    info = json.loads((asking.root / "results" / "runoff.json").read_text())["machine_info"]["runoff"]
    assert any("1 labelled picture can't be read and is left out: star/broken.jpg" in each for each in info["warnings"])
    assert "--max-unreadable" in info["repeat"]


@pytest.mark.full
def test_without_labels_nobody_is_asked(asking):
    """A benchmark that asks for answers is left out of a run on a plain folder, and the run is as ever."""
    done = asking.race("--contenders", "fake", "--launches", "1", "--rounds", "1")
    assert done.returncode == 0, done.stdout
    assert "test_answers" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--labels", "LABELS"], "LabelsUnusable: the label file names 1 picture that"),
        (["--class-map", "indices"], "--class-map is for labelled pictures, and pictures holds none"),
        (["--images", "CLASSES"], "'hexagram' is no label of the model"),
        (["--images", "CLASSES", "--max-unreadable", "some"], "expected a number of pictures or a share such as 1%"),
    ],
)
def test_a_mistake_in_labels_is_told_before_anything_is_measured(suite, tmp_path, arguments, words):
    """Labels that fit nothing are an error with exit code 4 and no traceback."""
    picture = tmp_path / "classes" / "hexagram" / "a.png"
    picture.parent.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(picture)
    labels = tmp_path / "labels.csv"
    labels.write_text("file,label\nnone.png,star\n")
    places = {"CLASSES": str(tmp_path / "classes"), "LABELS": str(labels)}
    done = suite.race("--contenders", "fake", *(places.get(word, word) for word in arguments))
    assert done.returncode == 4, done.stdout
    assert words in " ".join((done.stdout + done.stderr).split()).replace(f"{suite.pictures}", "pictures")
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def finished(suite, tmp_path_factory):
    """Let three contenders answer 60 pictures, nine of ten as labelled, and one of them the next class instead.

    Give that run, what it stored, and its page.
    """
    folder = tmp_path_factory.mktemp("labelled")
    for number in range(60):
        answer = number % 4
        label = CLASSES[answer if number % 10 else answer + 1]
        pixels = np.full((256, 256, 3), 40, np.uint8)
        pixels[100:] = number, 90, 200
        pixels[16, 16 + answer] = 255  # the stand-in's logits are the first pixels of what is cropped
        (folder / label).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / label / f"{number}.png")
    chosen = ("--images", str(folder), "--contenders", "fake,fake-wrong,fake-slower", "--max-drop", "10%")
    limits = ("--choose", "accuracy_drop<10%", "-m", "accuracy")
    settings = ("--weights", "builtin", "--reference", "fake", "--seed", "1")
    done = suite.perform(suite.bare_command(*settings, *chosen, *limits))
    stored = json.loads((suite.root / "results" / "runoff.json").read_text())
    return done, stored, (suite.root / "results" / "index.html").read_text()


def test_a_worse_contender_fails_the_run_and_the_others_pass(finished):
    """By the rule one is worse, with its sentence and exit code 1; the table has golden and a verdict each."""
    done, stored, _ = finished
    assert done.returncode == 1, done.stdout
    assert "fake-wrong is worse than golden: its accuracy drops by more than --max-drop" in done.stdout
    shown = done.stdout.partition("Accuracy on labelled pictures")[2].splitlines()
    verdicts = {words[0]: " ".join(words[-2:]) for words in map(str.split, shown) if len(words) > 6}
    assert verdicts["golden"].endswith("reference")
    assert (verdicts["fake"], verdicts["fake-slower"]) == ("as good", "as good")
    assert verdicts["fake-wrong"].endswith("worse")
    drops = {
        one["extra_info"]["contender"]: one["extra_info"]["drop"]
        for one in stored["benchmarks"]
        if one["group"] == "accuracy"
    }
    assert (drops["fake-wrong"]["paired"]["lost"], drops["fake-wrong"]["paired"]["gained"]) == (54, 6)
    assert drops["fake"]["paired"]["lost"] == 0
    assert stored["machine_info"]["runoff"]["accuracy"]["top1"]["right"] == 54


def test_the_page_of_that_run_has_pictures_and_classes(finished):
    """It has a thumbnail of each picture that only one names right, 24 at most, and the classes that lost."""
    _, stored, page = finished
    assert page.count("data:image/jpeg;base64,") == 24
    assert "Classes that lost most against golden" in page
    (wrong,) = (one["extra_info"] for one in stored["benchmarks"] if "fake-wrong" in one["fullname"])
    assert [(loss["name"], loss["loss"]["shown"]) for loss in wrong["losses"]] == [
        ("circle", True),
        ("target", True),
        ("ring", True),
        ("square", True),
    ]
