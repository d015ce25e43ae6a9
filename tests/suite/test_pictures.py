"""The suite on labelled pictures: asked once after the race, refused with what is wrong, and as ever without labels."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

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
