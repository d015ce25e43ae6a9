"""The drawn pictures: repeatable, balanced, varied, and fit for the model's input."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from runoff.model.inputs.drawings import CLASSES, draw, drawn_pictures

pytestmark = pytest.mark.long


def pixels(picture: Image.Image) -> bytes:
    """Return a picture's size and bytes, to compare it by."""
    return repr(picture.size).encode() + picture.tobytes()


@pytest.fixture(scope="module")
def drawn() -> list[tuple[str, int, Image.Image]]:
    """Two pictures of every class and three more, drawn once for all tests that look at them."""
    return drawn_pictures(len(CLASSES) * 2 + 3, seed=5)


def test_same_seed_draws_the_same_pictures(drawn) -> None:
    """Two calls with one seed give the same names, classes and pixels, however many pictures are asked for."""
    again = drawn_pictures(12, seed=5)
    assert [(name, label, pixels(picture)) for name, label, picture in again] == [
        (name, label, pixels(picture)) for name, label, picture in drawn[:12]
    ]


def test_no_picture_repeats(drawn) -> None:
    """Pictures of one seed differ from each other and from those of another seed."""
    both = [*drawn, *drawn_pictures(len(CLASSES), seed=6)]
    assert len({pixels(picture) for _, _, picture in both}) == len(both)


def test_classes_are_balanced(drawn) -> None:
    """Every class is drawn equally often, give or take one."""
    counts = Counter(label for _, label, _ in drawn)
    assert set(counts) == set(range(len(CLASSES)))
    assert max(counts.values()) - min(counts.values()) <= 1


def test_names_tell_place_and_class(drawn) -> None:
    """A picture's name holds its place in the list and its class's name."""
    for index, (name, label, _) in enumerate(drawn):
        assert name == f"drawn-{index:04d}-{CLASSES[label]}"


def test_class_names_are_plain_and_unique() -> None:
    """There are 24 to 32 classes, each with one lower-case English word."""
    assert 24 <= len(CLASSES) <= 32
    assert len(set(CLASSES)) == len(CLASSES)
    assert all(name.isalpha() and name.islower() for name in CLASSES)


@pytest.mark.parametrize("class_index", range(len(CLASSES)), ids=CLASSES)
def test_a_picture_is_large_enough_and_shows_something(class_index: int) -> None:
    """Every class gives RGB pictures of at least 256 pixels whose middle holds two brightnesses."""
    for seed in range(4):
        picture = draw(class_index, np.random.RandomState(seed))
        assert picture.mode == "RGB"
        assert min(picture.size) >= 256
        side, (width, height) = min(picture.size) * 224 // 256, picture.size
        left, top = (width - side) // 2, (height - side) // 2
        middle = np.asarray(picture.crop((left, top, left + side, top + side)).convert("L"))
        assert middle.std() > 8


def test_an_unknown_class_is_refused() -> None:
    """A class index past the last is an error."""
    with pytest.raises(IndexError):
        draw(len(CLASSES), np.random.RandomState(0))
