"""From a picture to the model's input, without torch: what TorchVision's own transforms do, in Pillow and numpy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runoff.contract import Preprocessing
from runoff.errors import ImagesUnusable

LONGEST_WHOLE_RESIZE = 64
"""How many times as long as wide a picture may be to be resized whole: 16384 × 256 pixels of 4 bytes are 17 MB."""
REACH = {"bilinear": 1, "bicubic": 2}
"""How many resized pixels each filter reaches to each side."""


def preprocess(image: Image.Image, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Turn an RGB picture of any size into a model's input.

    The short side is resized (antialiased), the middle is cut out, and the levels are divided by 255 and normalised in
    float32. Takes a Pillow image of mode ``RGB``, returns a contiguous float32 array, without a unit, channels first or
    last as the layout says. Raises ImagesUnusable for another mode or a picture without pixels.

    Source: TorchVision's ``ImageClassification`` transforms (``transforms/_presets.py``), applied to a Pillow image.
    The result is equal to theirs bit by bit: the same Pillow resize with the same rounded sizes, then the same three
    float32 operations in the same order, each of which IEEE 754 rounds in one way only. Only pictures more than 64
    times as long as wide differ, by at most one of 255 levels: see `resized_crop`.
    """
    if image.mode != "RGB":
        raise ImagesUnusable(
            f"Preprocessing expects an RGB picture and found mode {image.mode}. "
            "Open it with runoff.model.decoding.decode."
        )
    if 0 in image.size:
        raise ImagesUnusable(
            f"Preprocessing found a picture without pixels, {image.width}×{image.height}. Use another."
        )
    levels = np.asarray(resized_crop(image, preprocessing), dtype=np.float32)
    if preprocessing.channels == "BGR":
        levels = levels[..., ::-1]
    mean, deviation = (np.array(numbers, np.float32) for numbers in (preprocessing.mean, preprocessing.deviation))
    pixels = (levels / np.float32(255) - mean) / deviation
    return np.ascontiguousarray(pixels.transpose(2, 0, 1) if preprocessing.layout == "NCHW" else pixels)


def resized_size(width: int, height: int, short_side: int) -> tuple[int, int]:
    """Return the width and height, in pixels, that resizing the short side gives.

    The long side is cut off to an integer, as TorchVision does.
    """
    long_side = int(short_side * max(width, height) / min(width, height))
    return (short_side, long_side) if width <= height else (long_side, short_side)


def resized_crop(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    """Resize and cut out the middle of an RGB picture.

    TorchVision resizes the whole picture first, which for 20000×20 pixels makes 256000×256 of which 0.1 % is used,
    and for 50 million × 1 fails. Beyond `LONGEST_WHOLE_RESIZE` only the middle is computed, with the same filter at
    the same places; Pillow holds these places in float32, so that a level may be rounded to its neighbour.
    """
    crop, short_side = preprocessing.crop, preprocessing.short_side
    interpolation = Image.Resampling[preprocessing.interpolation.upper()]
    width, height = resized_size(image.width, image.height, short_side)
    # Python's round takes halves to the even neighbour, and so does TorchVision's center_crop.
    left = round((width - crop) / 2.0)
    top = round((height - crop) / 2.0)
    if max(width, height) <= LONGEST_WHOLE_RESIZE * short_side:
        return image.resize((width, height), interpolation).crop((left, top, left + crop, top + crop))
    reach = REACH[preprocessing.interpolation]
    first_column, last_column, box_left, box_right = _source_span(image.width, width, left, crop, reach)
    first_row, last_row, box_top, box_bottom = _source_span(image.height, height, top, crop, reach)
    middle = image.crop((first_column, first_row, last_column, last_row))
    box = (box_left, box_top, box_right, box_bottom)
    return middle.resize((crop, crop), interpolation, box=box)


def _source_span(source: int, resized: int, start: int, count: int, reach: int) -> tuple[int, int, float, float]:
    """Return which source pixels ``count`` resized pixels from ``start`` on are made of, by a filter of this reach.

    These are the first, the one after the last, and the exact start and end counted from the first.
    """
    scale = source / resized
    # The filter reaches at least as many source pixels as it does resized ones; one more for rounding.
    margin = math.ceil(reach * max(scale, 1.0)) + 1
    exact_start, exact_end = start * scale, (start + count) * scale
    first = max(0, math.floor(exact_start) - margin)
    last = min(source, math.ceil(exact_end) + margin)
    return first, last, exact_start - first, exact_end - first
