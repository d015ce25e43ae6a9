"""The sentences about labelled pictures: what is left out, what is missing among them, and what was set apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runoff.model.inputs.labelled import Calibrated, LeftOut, PictureSet, Unreadable
from runoff.record.pictures import picture_notes

NOTHING = LeftOut()
CUT = Unreadable("cat/a.jpg", "cat/a.jpg is a broken or cut-off picture.")


def notes(
    left_out: LeftOut = NOTHING, labels: tuple[int, ...] = (0, 1), calibrated: Calibrated | None = None
) -> list[str]:
    """Return what is said of pictures with these labels, for a model of three classes."""
    names = tuple(f"{place}.png" for place in range(len(labels)))
    classes = ("cat", "dog", "fox")
    given = np.array(labels, np.int32)
    return list(picture_notes(PictureSet(Path("pictures"), names, given, classes, "ab", "cd", left_out, calibrated)))


@pytest.mark.parametrize(
    ("left_out", "sentence"),
    [
        (LeftOut(unreadable=(CUT,)), f"1 labelled picture can't be read and is left out: {CUT.reason}"),
        (
            LeftOut(unreadable=(CUT,) * 5),
            f"5 labelled pictures can't be read and are left out: {' '.join([CUT.reason] * 5)}",
        ),
        (
            LeftOut(unreadable=(CUT,) * 6),
            f"6 labelled pictures can't be read and are left out: {' '.join([CUT.reason] * 5)} And 1 more.",
        ),
        (
            LeftOut(unreadable=(CUT,) * 7),
            f"7 labelled pictures can't be read and are left out: {' '.join([CUT.reason] * 5)} And 2 more.",
        ),
        (LeftOut(unknown={"tree": 1}), "1 picture of a class that the model has not is left out: tree (1)"),
        (
            LeftOut(unknown={"tree": 1200, "sky": 2}),
            "1,202 pictures of classes that the model has not are left out: tree (1,200), sky (2)",
        ),
        (
            LeftOut(repeated=("cat/b.png",)),
            "1 picture has exactly the pixels of another one of the same class, and these count once: cat/b.png",
        ),
        (
            LeftOut(repeated=("b.png", "c.png")),
            "2 pictures have exactly the pixels of another one of the same class, and these count once: b.png, c.png",
        ),
        (LeftOut(unlisted=1), "1 picture of the folder is in no row of the label file, and left out"),
        (LeftOut(unlisted=3), "3 pictures of the folder are in no row of the label file, and left out"),
        (LeftOut(empty=("fox",)), "1 folder of a class holds no picture: fox"),
        (LeftOut(empty=("fox", "eel")), "2 folders of classes hold no picture: fox, eel"),
        (LeftOut(absent=("fox",)), "1 of the model's 3 classes is on no labelled picture: fox"),
    ],
)
def test_what_is_left_out_is_counted_in_a_sentence(left_out: LeftOut, sentence: str) -> None:
    """One and several are told with their names and reasons."""
    assert notes(left_out) == [sentence]


def test_a_whole_set_needs_no_words() -> None:
    """Where nothing is left out and every class is shown, nothing is said."""
    assert notes(labels=(0, 1, 2)) == []


def test_pictures_of_one_class_only_and_one_picture_are_told() -> None:
    """Neither shows much, and both are allowed."""
    absent = LeftOut(absent=("dog", "fox"))
    of_one_class = "all labelled pictures are of one class (cat): whoever always answers it is always right"
    assert notes(absent, (0, 0)) == [of_one_class]
    assert notes(absent, (0,)) == [of_one_class, "there is one labelled picture, which decides nothing"]


def test_pictures_to_calibrate_on_are_counted() -> None:
    """So are those that were not used, since they judge."""
    assert notes(calibrated=Calibrated(200, "--calibration")) == ["INT8 is calibrated on 200 pictures of --calibration"]
    assert notes(calibrated=Calibrated(40, "--calibration", 1)) == [
        "INT8 is calibrated on 40 pictures of --calibration; 1 picture of it judges too, by its pixels, and was not "
        "used"
    ]
    assert notes(calibrated=Calibrated(40, "--calibration", 6)) == [
        "INT8 is calibrated on 40 pictures of --calibration; 6 pictures of it judge too, by their pixels, and were not "
        "used"
    ]


def test_several_classes_without_a_picture_are_named() -> None:
    """Where two of five classes are on none, it says which."""
    classes, labels = ("cat", "dog", "fox", "eel", "gnu"), np.array([0, 1, 2], np.int32)
    left = LeftOut(absent=("eel", "gnu"))
    found = PictureSet(Path("pictures"), ("0.png", "1.png", "2.png"), labels, classes, "ab", "cd", left)
    assert list(picture_notes(found)) == ["2 of the model's 5 classes are on no labelled picture: eel, gnu"]
