"""From a picture to the model's input, without torch: what TorchVision's own transforms do, in Pillow and numpy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runoff.errors import ImagesUnusable

SHORT_SIDE = 256
CROP_SIDE = 224
MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32).reshape(3, 1, 1)
STANDARD_DEVIATION = np.array([0.229, 0.224, 0.225], dtype=np.float32).reshape(3, 1, 1)

LONGEST_WHOLE_RESIZE = 64 * SHORT_SIDE
"""Longest side, in pixels after resizing, that is resized whole: 16384 × 256 pixels of 4 bytes are 17 MB."""


def preprocess(image: Image.Image) -> NDArray[np.float32]:
    """Turn an RGB picture of any size into the model's input.

    The short side is resized to 256 (bilinear, antialiased), the middle 224×224 is cut out, and the levels are
    divided by 255 and normalised in float32. Takes a Pillow image of mode ``RGB``, returns a contiguous float32
    array of shape (3, 224, 224), without a unit. Raises ImagesUnusable for another mode or a picture without pixels.

    Source: ``ResNet18_Weights.IMAGENET1K_V1.transforms()`` of TorchVision (``transforms/_presets.py``), applied to a
    Pillow image. The result is equal to it bit by bit: the same Pillow resize with the same rounded sizes, then the
    same three float32 operations in the same order, each of which IEEE 754 rounds in one way only. Only pictures more
    than 64 times as long as wide differ, by at most one of 255 levels (1 / 255 / 0.224 ≈ 0.0175): see `_resized_crop`.
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
    levels = np.asarray(_resized_crop(image), dtype=np.float32).transpose(2, 0, 1)
    pixels = levels / np.float32(255)
    return np.ascontiguousarray((pixels - MEAN) / STANDARD_DEVIATION)


def resized_size(width: int, height: int) -> tuple[int, int]:
    """Return the width and height, in pixels, that resizing the short side to 256 gives.

    The long side is cut off to an integer, as TorchVision does.
    """
    long_side = int(SHORT_SIDE * max(width, height) / min(width, height))
    return (SHORT_SIDE, long_side) if width <= height else (long_side, SHORT_SIDE)


def _resized_crop(image: Image.Image) -> Image.Image:
    """Resize and cut out the middle 224×224 of an RGB picture.

    TorchVision resizes the whole picture first, which for 20000×20 pixels makes 256000×256 of which 0.1 % is used,
    and for 50 million × 1 fails. Beyond `LONGEST_WHOLE_RESIZE` only the middle is computed, with the same filter at
    the same places; Pillow holds these places in float32, so that a level may be rounded to its neighbour.
    """
    width, height = resized_size(image.width, image.height)
    # Python's round takes halves to the even neighbour, and so does TorchVision's center_crop.
    left = round((width - CROP_SIDE) / 2.0)
    top = round((height - CROP_SIDE) / 2.0)
    if max(width, height) <= LONGEST_WHOLE_RESIZE:
        resized = image.resize((width, height), Image.Resampling.BILINEAR)
        return resized.crop((left, top, left + CROP_SIDE, top + CROP_SIDE))
    first_column, last_column, box_left, box_right = _source_span(image.width, width, left)
    first_row, last_row, box_top, box_bottom = _source_span(image.height, height, top)
    middle = image.crop((first_column, first_row, last_column, last_row))
    box = (box_left, box_top, box_right, box_bottom)
    return middle.resize((CROP_SIDE, CROP_SIDE), Image.Resampling.BILINEAR, box=box)


def _source_span(source: int, resized: int, start: int) -> tuple[int, int, float, float]:
    """Return which source pixels 224 resized pixels from ``start`` on are made of.

    These are the first, the one after the last, and the exact start and end counted from the first.
    """
    scale = source / resized
    # The bilinear filter reaches one resized pixel to each side, and at least one source pixel; one more for rounding.
    reach = math.ceil(max(scale, 1.0)) + 1
    exact_start, exact_end = start * scale, (start + CROP_SIDE) * scale
    first = max(0, math.floor(exact_start) - reach)
    last = min(source, math.ceil(exact_end) + reach)
    return first, last, exact_start - first, exact_end - first
