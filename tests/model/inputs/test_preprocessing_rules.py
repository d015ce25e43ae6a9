"""What each field of a preprocessing does to a picture, by numpy and Pillow alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from runoff.contract import Preprocessing
from runoff.model.inputs.preprocessing import (
    BORDER,
    CENTER,
    REACH,
    RESIZES,
    SQUASH,
    crop_start,
    preprocess,
    resized_size,
)
from runoff.model.sources.architecture import IMAGENET

PLAIN = Preprocessing(size=(6, 8), crop=(6, 8), mean=(0.0,), deviation=(1.0,), scale=1.0, interpolation="nearest")
"""Levels as they are, at the size that they have, with nothing between them."""
SIDES = st.integers(1, 3000)


def noise(width: int, height: int) -> Image.Image:
    """Make a picture of random levels."""
    return Image.fromarray(np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8))


def levels(picture: Image.Image) -> NDArray[np.uint8]:
    """Return a picture's levels, channels first."""
    return np.asarray(picture).transpose(2, 0, 1)


@given(SIDES, SIDES, st.integers(1, 500))
def test_center_with_a_square_size_resizes_the_short_side(width: int, height: int, side: int) -> None:
    """The short side is what was asked for, the long one in proportion, cut off, and a turned picture is turned."""
    square = replace(IMAGENET, size=(side, side))
    found = resized_size(width, height, square)
    assert min(found) == side
    assert resized_size(height, width, square) == found[::-1]
    exact = side * max(width, height) / min(width, height)
    assert exact - 1 < max(found) <= exact


@given(SIDES, SIDES, st.integers(1, 500), st.integers(1, 500))
def test_squash_takes_the_size_whatever_the_picture_is(width: int, height: int, of_height: int, of_width: int) -> None:
    """Proportions do not matter."""
    assert resized_size(width, height, replace(IMAGENET, resize=SQUASH, size=(of_height, of_width))) == (
        of_width,
        of_height,
    )


@given(SIDES, SIDES, st.integers(1, 500), st.integers(1, 499))
def test_center_covers_the_size_and_border_fits_into_it(width: int, height: int, side: int, more: int) -> None:
    """Both sides shrink by the smaller or the larger of the two ratios, are rounded, and none vanishes."""
    size = (side, side + more)
    for rule, choose in ((CENTER, min), (BORDER, max)):
        ratio = choose(height / size[0], width / size[1])
        found_size = resized_size(width, height, replace(IMAGENET, resize=rule, size=size))
        for found, before in zip(found_size, (width, height), strict=True):
            assert found == 1 or abs(found - before / ratio) <= 0.5


@pytest.mark.parametrize(
    ("side", "crop", "start"), [(9, 4, 2), (7, 4, 2), (5, 4, 0), (4, 4, 0), (3, 4, 0), (1, 4, -1), (2, 7, -2)]
)
def test_the_middle_begins_where_torchvision_has_it(side: int, crop: int, start: int) -> None:
    """Halves go to the even neighbour where something is cut off, and to the left where something is added."""
    assert crop_start(side, crop) == start


def test_what_is_cut_out_is_the_middle() -> None:
    """Of a picture that is not resized, the middle rows and columns remain."""
    picture = noise(8, 6)
    found = preprocess(picture, replace(PLAIN, crop=(2, 4)))
    np.testing.assert_array_equal(found, levels(picture)[:, 2:4, 2:6])


@pytest.mark.parametrize("fill", [(7,), (7, 8, 9)])
def test_fill_surrounds_what_is_smaller(fill: tuple[int, ...]) -> None:
    """A crop larger than the picture has the fill around it, one row more below than above."""
    picture = noise(8, 6)
    found = preprocess(picture, replace(PLAIN, crop=(9, 10), fill=fill))
    expected = np.empty((3, 9, 10))
    expected[:] = np.reshape(fill, (-1, 1, 1))
    expected[:, 1:7, 1:9] = levels(picture)
    np.testing.assert_array_equal(found, expected)


def test_border_shows_all_of_a_picture() -> None:
    """A wide picture is whole in a square, with the fill above and below."""
    picture = Image.new("RGB", (40, 20), (200, 100, 50))
    found = preprocess(picture, replace(PLAIN, resize=BORDER, size=(8, 8), crop=(8, 8), fill=(1,)))
    assert found[0].tolist() == [[1.0] * 8] * 2 + [[200.0] * 8] * 4 + [[1.0] * 8] * 2


@pytest.mark.parametrize("resize", RESIZES)
@pytest.mark.parametrize("size", [(20_000, 1), (1, 20_000), (1, 1)])
@pytest.mark.parametrize("target", [(16, 16), (8, 24)])
def test_every_rule_takes_every_shape(resize: str, size: tuple[int, int], target: tuple[int, int]) -> None:
    """A picture of one pixel and one of a line give an input, whose middle is of their colour."""
    wanted = replace(PLAIN, resize=resize, size=target, crop=target)
    found = preprocess(Image.new("RGB", size, (9, 9, 9)), wanted)
    assert found.shape == wanted.shape
    assert found[0, target[0] // 2 - 1, target[1] // 2 - 1] == 9


@pytest.mark.parametrize("interpolation", REACH)
def test_the_interpolation_is_pillows(interpolation: str) -> None:
    """Each filter is the one that Pillow has under this name."""
    picture = noise(50, 41)
    expected = picture.resize((8, 6), Image.Resampling[interpolation.upper()])
    found = preprocess(picture, replace(PLAIN, resize=SQUASH, interpolation=interpolation))
    np.testing.assert_array_equal(found, levels(expected))


def test_levels_are_scaled_then_normalised_in_float32() -> None:
    """The division by the scale, the subtraction of the mean and the division by the deviation are each rounded."""
    picture = noise(8, 6)
    given = replace(PLAIN, scale=127.5, mean=(0.1, 0.2, 0.3), deviation=(0.7,))
    mean = np.array([0.1, 0.2, 0.3], np.float32).reshape(3, 1, 1)
    expected = (levels(picture).astype(np.float32) / np.float32(127.5) - mean) / np.float32(0.7)
    found = preprocess(picture, given)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


def test_channels_are_turned_or_made_grey() -> None:
    """BGR has the channels the other way round, with a mean for each in that order; L is Pillow's grey."""
    picture = noise(8, 6)
    turned = preprocess(picture, replace(PLAIN, channels="BGR", mean=(1.0, 2.0, 3.0)))
    np.testing.assert_array_equal(turned, levels(picture)[::-1] - np.array([1.0, 2.0, 3.0]).reshape(3, 1, 1))
    grey = preprocess(picture, replace(PLAIN, channels="L"))
    np.testing.assert_array_equal(grey, np.asarray(picture.convert("L"))[None])


def test_grey_may_be_smaller_than_its_crop() -> None:
    """The fill of a grey picture is one level."""
    found = preprocess(noise(8, 6), replace(PLAIN, channels="L", crop=(6, 10), fill=(5,)))
    assert found.shape == (1, 6, 10)
    assert set(found[0, :, 0]) == {5.0}


def test_channels_come_last_where_the_layout_says_so() -> None:
    """NHWC has the same numbers, contiguous, with the channels last."""
    picture = noise(8, 6)
    found = preprocess(picture, replace(PLAIN, layout="NHWC"))
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, np.asarray(picture))


@pytest.mark.parametrize(("dtype", "expected"), [("uint8", np.uint8), ("float16", np.float16)])
def test_the_type_of_numbers_is_the_models(dtype: str, expected: type) -> None:
    """Integers are the levels as they are, and half precision the rounded result."""
    picture = noise(8, 6)
    found = preprocess(picture, replace(PLAIN, dtype=dtype))
    assert found.dtype == expected
    np.testing.assert_array_equal(found, levels(picture))


@given(
    st.sampled_from(["RGB", "BGR", "L"]),
    st.sampled_from(["NCHW", "NHWC"]),
    st.sampled_from(["float32", "float16", "uint8"]),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_the_shape_is_what_the_preprocessing_says(
    channels: str, layout: str, dtype: str, crop: tuple[int, int]
) -> None:
    """Whatever the fields are, the array has their shape and type."""
    given = replace(PLAIN, channels=channels, layout=layout, dtype=dtype, crop=crop)
    found = preprocess(noise(30, 20), given)
    assert (found.shape, found.dtype.name) == (given.shape, dtype)
