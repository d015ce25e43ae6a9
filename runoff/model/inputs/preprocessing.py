"""From a picture to the model's input, without torch: what TorchVision's and timm's own transforms do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runoff.contract import Preprocessing
from runoff.errors import ImagesUnusable

CENTER, SQUASH, BORDER = "center", "squash", "border"
RESIZES = (CENTER, SQUASH, BORDER)
"""The rules for resizing, by timm's names; TorchVision's own is ``center`` with a square size."""
LONGEST_WHOLE_RESIZE = 64
"""How many times as long as wide a picture may be to be resized whole: 16384 × 256 pixels of 4 bytes are 17 MB."""
REACH: Mapping[str, int] = {"nearest": 1, "box": 1, "bilinear": 1, "hamming": 1, "bicubic": 2, "lanczos": 3}
"""How many resized pixels each filter reaches to each side, by Pillow's names."""
INTEGERS = "uint8"
"""The type of inputs that take a picture's levels as they are."""


def preprocess(image: Image.Image, preprocessing: Preprocessing) -> NDArray[Any]:
    """Turn an RGB picture of any size into a model's input.

    Takes a Pillow image of mode ``RGB``, returns a contiguous array of the preprocessing's ``shape`` and ``dtype``.
    Raises ImagesUnusable for another mode or a picture without pixels.

    Sources: TorchVision's ``ImageClassification`` transforms (``transforms/_presets.py``) and timm's
    ``transforms_imagenet_eval`` (``data/transforms_factory.py``), applied to a Pillow image. The result is equal to
    theirs bit by bit: the same Pillow resize with the same rounded sizes, then the same three float32 operations in the
    same order, each of which IEEE 754 rounds in one way only. Only pictures more than 64 times as long as wide differ,
    by at most one of 255 levels: see `resized_crop`.
    """
    if image.mode != "RGB":
        raise ImagesUnusable(
            f"Preprocessing expects an RGB picture and found mode {image.mode}. "
            "Open it with runoff.model.inputs.decoding.decode."
        )
    if 0 in image.size:
        raise ImagesUnusable(
            f"Preprocessing found a picture without pixels, {image.width}×{image.height}. Use another."
        )
    picture = image.convert("L") if preprocessing.channels == "L" else image
    levels = np.atleast_3d(np.asarray(resized_crop(picture, preprocessing)))
    if preprocessing.channels == "BGR":
        levels = levels[..., ::-1]
    pixels = levels if preprocessing.dtype == INTEGERS else normalised(levels, preprocessing)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1) if preprocessing.layout == "NCHW" else pixels)


def normalised(levels: NDArray[np.uint8], preprocessing: Preprocessing) -> NDArray[Any]:
    """Scale levels, height×width×channels, in float32, and round them to the type that is asked for."""
    mean, deviation = (np.array(numbers, np.float32) for numbers in (preprocessing.mean, preprocessing.deviation))
    pixels: NDArray[Any] = (levels.astype(np.float32) / np.float32(preprocessing.scale) - mean) / deviation
    return pixels.astype(preprocessing.dtype, copy=False)


def resized_size(width: int, height: int, preprocessing: Preprocessing) -> tuple[int, int]:
    """Return the width and height, in pixels, that a picture is resized to.

    With a square size the short side becomes its side and the long one is cut off to an integer, as TorchVision does;
    else sides keep their proportion and are rounded, as timm does.
    """
    of_height, of_width = preprocessing.size
    if preprocessing.resize == SQUASH:
        return of_width, of_height
    if preprocessing.resize == CENTER and of_height == of_width:
        long_side = int(of_width * max(width, height) / min(width, height))
        return (of_width, long_side) if width <= height else (long_side, of_width)
    ratios = height / of_height, width / of_width
    ratio = max(ratios) if preprocessing.resize == BORDER else min(ratios)
    return max(1, round(width / ratio)), max(1, round(height / ratio))


def crop_start(side: int, crop: int) -> int:
    """Return where the middle of a side begins, negative where the side is shorter, as TorchVision has it."""
    # Python's round takes halves to the even neighbour, and so does TorchVision's center_crop.
    return round((side - crop) / 2.0) if side >= crop else -((crop - side) // 2)


def resized_crop(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    """Resize a picture and cut out its middle, with the fill around it where it is smaller."""
    height, width = preprocessing.crop
    resized = resized_size(image.width, image.height, preprocessing)
    left, top = crop_start(resized[0], width), crop_start(resized[1], height)
    inside = (max(left, 0), max(top, 0), min(width, resized[0]), min(height, resized[1]))
    part = resized_part(image, resized, inside, preprocessing)
    if part.size == (width, height):
        return part
    fill = preprocessing.fill * len(image.mode) if len(preprocessing.fill) == 1 else preprocessing.fill
    whole = Image.new(image.mode, (width, height), fill)
    whole.paste(part, (max(-left, 0), max(-top, 0)))
    return whole


def resized_part(
    image: Image.Image, size: tuple[int, int], part: tuple[int, int, int, int], preprocessing: Preprocessing
) -> Image.Image:
    """Resize a picture to a width and height, and cut out a part: left, top, width and height.

    TorchVision resizes the whole picture first, which for 20000×20 pixels makes 256000×256 of which 0.1 % is used,
    and for 50 million × 1 fails. Beyond `LONGEST_WHOLE_RESIZE` only the part is computed, with the same filter at
    the same places; Pillow holds these places in float32, so that a level may be rounded to its neighbour.
    """
    interpolation = Image.Resampling[preprocessing.interpolation.upper()]
    left, top, width, height = part
    if max(size) <= LONGEST_WHOLE_RESIZE * max(preprocessing.size):
        return image.resize(size, interpolation).crop((left, top, left + width, top + height))
    reach = REACH[preprocessing.interpolation]
    first_column, last_column, box_left, box_right = _source_span(image.width, size[0], left, width, reach)
    first_row, last_row, box_top, box_bottom = _source_span(image.height, size[1], top, height, reach)
    middle = image.crop((first_column, first_row, last_column, last_row))
    box = (box_left, box_top, box_right, box_bottom)
    return middle.resize((width, height), interpolation, box=box)


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
