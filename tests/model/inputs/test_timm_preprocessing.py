"""Is our preprocessing timm's own, bit by bit, for every configuration that its weights have?"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runoff.model.inputs.preprocessing import RESIZES, preprocess
from runoff.model.module.timm_import import import_timm
from runoff.model.sources.timm_weights import preprocessing_of
from tests.model.importing import NEEDS_TIMM

pytestmark = NEEDS_TIMM
LARGEST = 512
FEWEST = 100


@cache
def configurations() -> tuple[dict[str, Any], ...]:
    """Return the distinct data configurations of timm's weights, at the sizes of training and of testing."""
    timm = import_timm()
    found = {}
    for name in timm.list_pretrained():
        config = timm.models.get_pretrained_cfg(name).to_dict()
        for larger in (False, True):
            data = timm.data.resolve_data_config(pretrained_cfg=config, use_test_size=larger)
            found[json.dumps(data, sort_keys=True)] = data
    return tuple(data for _, data in sorted(found.items()) if max(data["input_size"][1:]) <= LARGEST)


def assert_same(data: dict[str, Any], picture: Image.Image) -> None:
    """Assert that a picture becomes the very bits that timm gives."""
    transform = import_timm().data.create_transform(**data, is_training=False)
    np.testing.assert_array_equal(preprocess(picture, preprocessing_of(data)), transform(picture).numpy(), str(data))


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """Make a picture of random levels, for which resizing is hardest to get right."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.full
def test_every_configuration_is_equal_bit_by_bit() -> None:
    """All that timm's weights ask for, up to 512 pixels: every rule, size, filter and mean."""
    assert len(configurations()) > FEWEST
    assert {data["crop_mode"] for data in configurations()} == set(RESIZES)
    picture = noise(431, 300)
    for data in configurations():
        assert_same(data, picture)


@settings(max_examples=20, deadline=None)
@given(
    place=st.integers(0, 10_000),
    short=st.integers(1, 500),
    ratio=st.floats(1, 8),
    upright=st.booleans(),
    seed=st.integers(0, 9),
)
def test_any_picture_is_equal_bit_by_bit(place: int, short: int, ratio: float, upright: bool, seed: int) -> None:
    """Sizes nobody thought of give the very bits that timm gives, for any of its configurations."""
    long = int(short * ratio)
    picture = noise(short, long, seed) if upright else noise(long, short, seed)
    assert_same(configurations()[place % len(configurations())], picture)


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    crop_pct=st.floats(0.6, 1.3),
    crop_mode=st.sampled_from(RESIZES),
    interpolation=st.sampled_from(["bicubic", "bilinear", "lanczos", "nearest", "box", "hamming"]),
    picture=st.tuples(st.integers(8, 400), st.integers(8, 400)),
)
def test_any_configuration_is_equal_bit_by_bit(
    size: tuple[int, int], crop_pct: float, crop_mode: str, interpolation: str, picture: tuple[int, int]
) -> None:
    """Sizes that are no squares, and crops larger than what is cut, give the very bits that timm gives too."""
    if min(size) / crop_pct < 1:
        return
    data = {
        "input_size": (3, *size),
        "crop_pct": crop_pct,
        "crop_mode": crop_mode,
        "interpolation": interpolation,
        "mean": (0.48145466, 0.4578275, 0.40821073),
        "std": (0.26862954, 0.26130258, 0.27577711),
    }
    made = preprocessing_of(data)
    if max(picture) / min(picture) * max(made.size) / min(made.size) < 20:
        assert_same(data, noise(*picture))
