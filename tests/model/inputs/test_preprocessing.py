"""Is our preprocessing TorchVision's own?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from runoff.errors import ImagesUnusable
from runoff.model.inputs.photographs import photographs
from runoff.model.inputs.preprocessing import LONGEST_WHOLE_RESIZE, preprocess, resized_size
from runoff.model.module.torchvision_import import import_torchvision
from runoff.model.sources.architecture import IMAGENET

Transform = Callable[[Image.Image], NDArray[np.float32]]

# One of 255 levels, divided by the smallest standard deviation, and the float32 rounding of the two results.
ONE_LEVEL = 1 / 255 / 0.224 + 1e-6

SIDES = (1, 2, 3, 17, 224, 225, 255, 256, 257, 333, 500, 641)


@pytest.fixture(scope="module")
def torchvision_transform() -> Transform:
    """TorchVision's own transforms of the official weights, ending in numpy."""
    import_torchvision()
    from torchvision.models import ResNet18_Weights

    transforms = ResNet18_Weights.IMAGENET1K_V1.transforms()
    return lambda picture: transforms(picture).numpy()


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """Make a picture of random levels, for which resizing is hardest to get right."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.framework
@pytest.mark.parametrize("width", SIDES)
def test_equals_torchvision_bit_by_bit_at_every_size(width: int, torchvision_transform: Transform) -> None:
    """Every combination of odd, even, tiny and exact sides gives the very bits that TorchVision gives."""
    for height in SIDES:
        if max(width, height) <= 64 * min(width, height):
            picture = noise(width, height)
            np.testing.assert_array_equal(
                preprocess(picture, IMAGENET), torchvision_transform(picture), f"{width}×{height}"
            )


@pytest.mark.framework
def test_equals_torchvision_bit_by_bit_on_photographs(torchvision_transform: Transform) -> None:
    """Every fixture photograph gives the very bits that TorchVision gives."""
    for name, picture in photographs():
        np.testing.assert_array_equal(preprocess(picture, IMAGENET), torchvision_transform(picture), name)


@pytest.mark.framework
@settings(max_examples=30, deadline=None)
@given(short=st.integers(1, 400), ratio=st.floats(1, 8), upright=st.booleans(), seed=st.integers(0, 9))
def test_equals_torchvision_bit_by_bit_at_random_sizes(
    torchvision_transform: Transform, short: int, ratio: float, upright: bool, seed: int
) -> None:
    """Sizes nobody thought of give the very bits that TorchVision gives."""
    long = int(short * ratio)
    picture = noise(short, long, seed) if upright else noise(long, short, seed)
    np.testing.assert_array_equal(preprocess(picture, IMAGENET), torchvision_transform(picture))


@pytest.mark.framework
@pytest.mark.parametrize(("short_side", "long_side"), [(1, 65), (1, 300), (3, 199), (10, 641), (20, 1999), (61, 4001)])
def test_is_within_one_level_for_very_long_pictures(
    short_side: int, long_side: int, torchvision_transform: Transform
) -> None:
    """Where only the middle of a very long picture is resized, few pixels differ, and by one 8-bit level at most."""
    for size in ((short_side, long_side), (long_side, short_side)):
        assert max(resized_size(*size, IMAGENET)) > LONGEST_WHOLE_RESIZE * IMAGENET.size[0]
        picture = noise(*size)
        difference = np.abs(preprocess(picture, IMAGENET) - torchvision_transform(picture))
        assert difference.max() <= ONE_LEVEL
        assert np.mean(difference > 0) < 0.01


@pytest.mark.long
@pytest.mark.parametrize("size", [(20_000, 20), (20, 20_000), (50_000_000, 1), (1, 50_000_000)])
def test_a_huge_aspect_ratio_works(size: tuple[int, int]) -> None:
    """A picture whose whole resize would need gigabytes still gives the input of its middle."""
    picture = Image.new("RGB", size, (255, 0, 0))
    expected = preprocess(Image.new("RGB", (224, 224), (255, 0, 0)), IMAGENET)
    np.testing.assert_array_equal(preprocess(picture, IMAGENET), expected)


def test_the_result_is_what_backends_expect() -> None:
    """The result is a contiguous float32 array of shape (3, 224, 224)."""
    pixels = preprocess(noise(300, 200), IMAGENET)
    assert pixels.shape == (3, 224, 224)
    assert pixels.dtype == np.float32
    assert pixels.flags.c_contiguous


def test_the_picture_is_left_as_it_was() -> None:
    """Preprocessing doesn't change the picture it is given."""
    picture = noise(256, 256)
    before = picture.tobytes()
    preprocess(picture, IMAGENET)
    assert picture.tobytes() == before


@pytest.mark.parametrize(("picture", "found"), [(Image.new("L", (9, 9)), "mode L"), (Image.new("RGB", (0, 9)), "0×9")])
def test_other_than_rgb_pixels_is_a_named_error(picture: Image.Image, found: str) -> None:
    """A grey picture or one without pixels is refused, saying what was found."""
    with pytest.raises(ImagesUnusable, match=found):
        preprocess(picture, IMAGENET)
