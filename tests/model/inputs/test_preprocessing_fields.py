"""A preprocessing as a user writes it: each mistake is told with what is valid, and fields change what is known."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.contract import Preprocessing
from runoff.errors import UsageError
from runoff.model.inputs.preprocessing_fields import READERS, changed, read_field_file, read_fields
from runoff.model.sources.architecture import IMAGENET

FIELDS = {each.name for each in dataclasses.fields(Preprocessing)}


def test_every_field_can_be_written() -> None:
    """There is a reader for each field and for nothing else, and a whole preprocessing is read as it is."""
    assert set(READERS) == FIELDS
    written = json.loads(json.dumps(dataclasses.asdict(IMAGENET)))
    assert changed(None, [written]) == IMAGENET
    assert changed(IMAGENET, []) == IMAGENET
    assert changed(None, []) is None


def test_json_and_toml_are_read(tmp_path: Path) -> None:
    """The same fields are read from both; one number stands for both sides, or for all channels."""
    (tmp_path / "own.json").write_text('{"crop": 160, "mean": 0.5, "resize": "squash"}')
    (tmp_path / "own.toml").write_text('crop = 160\nmean = 0.5\nresize = "squash"\n')
    for name in ("own.json", "own.toml"):
        assert read_field_file(tmp_path / name) == {"crop": (160, 160), "mean": (0.5,), "resize": "squash"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is not readable .* expected JSON, or TOML where it ends in .toml"),
        ("not json", "is not readable"),
        ("[" * 100_000, "is not readable"),
        ("[1]", r"holds no fields; the valid ones are size, crop, mean"),
        ("{}", "holds no fields"),
        ('{"men": 0.5}', "unknown field 'men', perhaps mean; the valid ones are size, crop, mean, deviation, resize"),
        ('{"zzz": 0.5}', "unknown field 'zzz'; the valid ones are"),
        ('{"interpolation": "cubic"}', "expected nearest, box, bilinear, hamming, bicubic, lanczos; found 'cubic'"),
        ('{"resize": "stretch"}', "resize: expected center, squash, border; found 'stretch'"),
        ('{"crop": 0}', r"crop: expected \[HEIGHT, WIDTH\] or one number, from 1 to 2048; found 0"),
        ('{"crop": [224]}', "crop: expected"),
        ('{"crop": "224"}', "crop: expected"),
        ('{"crop": true}', "crop: expected"),
        ('{"size": 99999}', "size: expected"),
        ('{"mean": []}', "mean: expected a number, or one for each channel"),
        ('{"mean": ["a"]}', "mean: expected"),
        ('{"mean": NaN}', "mean: expected"),
        ('{"deviation": 0}', "deviation: expected a number above zero"),
        ('{"fill": 256}', "fill: expected a level from 0 to 255"),
        ('{"fill": [0.5]}', "fill: expected"),
        ('{"scale": -1}', "scale: expected a number above zero"),
        ('{"channels": "RGBA"}', "channels: expected RGB, BGR, L"),
        ('{"layout": "HWC"}', "layout: expected NCHW, NHWC"),
        ('{"dtype": "int8"}', "dtype: expected float32, float16, uint8"),
    ],
)
def test_a_mistake_is_named_with_what_is_valid(tmp_path: Path, content: str, words: str) -> None:
    """An unknown field and a value that can't be are each told with the file's name and what would be right."""
    file = tmp_path / "own.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=words) as caught:
        read_field_file(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    """A folder in the place of a file is told by name."""
    with pytest.raises(UsageError, match="can't be read"):
        read_field_file(tmp_path)


def test_another_crop_keeps_the_ratio_to_the_size() -> None:
    """A picture shows the same part of itself at another size, unless the size is given too."""
    assert changed(IMAGENET, [{"crop": 448}]) == dataclasses.replace(IMAGENET, crop=(448, 448), size=(512, 512))
    wide = changed(IMAGENET, [{"crop": [112, 224]}])
    assert wide is not None
    assert (wide.size, wide.crop) == ((128, 256), (112, 224))
    both = changed(IMAGENET, [{"crop": 448, "size": 448}])
    assert both is not None
    assert both.size == (448, 448)


def test_later_fields_are_laid_over_earlier_ones() -> None:
    """The short forms change what a file said."""
    found = changed(IMAGENET, [{"size": 100, "crop": 100, "mean": 0.5}, {"crop": 50}])
    assert found == dataclasses.replace(IMAGENET, size=(50, 50), crop=(50, 50), mean=(0.5,))


def test_other_channels_take_the_mean_in_their_order() -> None:
    """BGR without a mean has ImageNet's turned round, and what is given is taken as it is."""
    found = changed(IMAGENET, [{"channels": "BGR", "deviation": [0.1, 0.2, 0.3]}])
    assert found is not None
    assert (found.mean, found.deviation) == (IMAGENET.mean[::-1], (0.1, 0.2, 0.3))


def test_integers_take_levels_as_they_are() -> None:
    """A model of uint8 needs no other field, and one that would change the levels is refused."""
    found = changed(IMAGENET, [{"dtype": "uint8"}])
    assert found is not None
    assert (found.scale, found.mean, found.deviation) == (1.0, (0.0,), (1.0,))
    with pytest.raises(UsageError, match="dtype uint8 takes levels as they are"):
        changed(IMAGENET, [{"dtype": "uint8", "mean": 100, "scale": 1}])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"mean": [0.1, 0.2]}, "mean has 2 numbers, and channels RGB take 1 or 3"),
        ({"channels": "L"}, "mean has 3 numbers, and channels L take 1; give mean too"),
        ({"fill": [1, 2, 3, 4]}, "fill has 4 numbers"),
        ({"mean": [123.675, 116.28, 103.53]}, r"mean 123.675, 116.28, 103.53 is not of levels divided by scale 255"),
        ({"mean": -1}, "which are from 0 to 1"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(fields: dict[str, Any], words: str) -> None:
    """Numbers that do not fit the channels or the scale are told with both."""
    with pytest.raises(UsageError, match=words):
        changed(IMAGENET, [fields])


def test_where_nothing_is_known_it_is_asked_for() -> None:
    """Without a known preprocessing crop, mean and deviation have to be given, and what they imply is not."""
    with pytest.raises(UsageError, match="unknown; say mean, deviation too"):
        changed(None, [{"crop": 10}])
    found = changed(None, [{"crop": 10, "mean": 0.5, "deviation": 0.5}])
    assert found == Preprocessing((10, 10), (10, 10), (0.5,), (0.5,))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), values, max_size=3))
def test_any_values_are_read_or_refused_by_name(fields: dict[str, Any]) -> None:
    """Whatever a file holds, each field is what a Preprocessing takes or a UsageError."""
    try:
        found = read_fields(fields)
        made = changed(IMAGENET, [fields])
    except UsageError:
        return
    assert set(found) == set(fields)
    assert made is not None
    assert all(1 <= side <= 2048 for side in (*made.size, *made.crop))
