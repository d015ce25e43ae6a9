"""Real photographs that need no download: those inside the scikit-image wheel, stored anew in many ways."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps
from PIL.ExifTags import Base

from runoff.errors import ImagesUnusable
from runoff.model.inputs.decoding import decode

ORIENTATIONS = range(2, 9)
"""The EXIF orientations of a picture that is not upright."""


def stored(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Store a picture in a format in memory, in its own mode, with Pillow's options for that format."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """Store a picture as JPEG, in grey, RGB or CMYK as its mode says."""
    return stored(picture, "JPEG", quality=quality)


def turned_jpeg(picture: Image.Image, orientation: int) -> bytes:
    """Store a picture turned, in a JPEG whose EXIF orientation (2 to 8) says how to turn it back."""
    turned = picture.copy()
    turned.getexif()[Base.Orientation] = {6: 8, 8: 6}.get(orientation, orientation)  # the turn that undoes it
    ImageOps.exif_transpose(turned, in_place=True)
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    return stored(turned, "JPEG", quality=90, exif=exif)


def see_through(picture: Image.Image, mode: str) -> Image.Image:
    """Return a picture with an alpha channel (mode LA or RGBA) that fades from the left to the right."""
    faded = picture.convert(mode)
    faded.putalpha(Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90).resize(picture.size))
    return faded


def sixteen_bit(picture: Image.Image) -> Image.Image:
    """Turn a picture into grey of 16 bits, of which 257 levels are one of 8 bits."""
    return picture.convert("I").point(lambda level: level * 257).convert("I;16")


STORAGES: Mapping[str, Callable[[Image.Image], bytes]] = {
    "jpeg-30": partial(jpeg, quality=30),
    "jpeg-75": partial(jpeg, quality=75),
    "jpeg-95": partial(jpeg, quality=95),
    "jpeg-progressive": partial(stored, kind="JPEG", quality=85, progressive=True),
    "jpeg-grey": lambda picture: jpeg(picture.convert("L"), 90),
    "jpeg-cmyk": lambda picture: jpeg(picture.convert("CMYK"), 90),
    **{f"jpeg-turned-{orientation}": partial(turned_jpeg, orientation=orientation) for orientation in ORIENTATIONS},
    "png": partial(stored, kind="PNG"),
    "png-grey": lambda picture: stored(picture.convert("L"), "PNG"),
    "png-grey-16": lambda picture: stored(sixteen_bit(picture), "PNG"),
    "png-grey-alpha": lambda picture: stored(see_through(picture, "LA"), "PNG"),
    "png-alpha": lambda picture: stored(see_through(picture, "RGBA"), "PNG"),
    "png-palette": lambda picture: stored(picture.quantize(64), "PNG"),
    "png-palette-transparent": lambda picture: stored(picture.quantize(64), "PNG", transparency=5),
    "png-black-white": lambda picture: stored(picture.convert("1"), "PNG"),
}

Part = tuple[int, int, int, int] | None
"""Left, top, right and bottom in pixels; None is all of a photograph."""
WHOLE: Part = None
PHOTOGRAPHS: Mapping[str, Mapping[str, Part]] = {
    "astronaut.png": {
        "png": WHOLE,
        "jpeg-75": (130, 0, 330, 230),
        "jpeg-turned-6": (200, 0, 512, 512),
        "png-alpha": (0, 200, 512, 512),
    },
    "brick.png": {"jpeg-grey": WHOLE},
    "camera.png": {"png-grey": WHOLE, "png-grey-16": (100, 40, 400, 260)},
    "cell.png": {"png-grey-alpha": WHOLE},
    "chelsea.png": {"jpeg-95": WHOLE, "jpeg-30": WHOLE, "png-palette": (100, 20, 340, 260), "jpeg-cmyk": WHOLE},
    "coffee.png": {"jpeg-progressive": WHOLE, "png-palette-transparent": (130, 30, 480, 380), "jpeg-turned-3": WHOLE},
    "coins.png": {"png-black-white": WHOLE, "jpeg-grey": (0, 0, 384, 100)},
    "grass.png": {"png-grey": WHOLE},
    "gravel.png": {"jpeg-30": WHOLE},
    "hubble_deep_field.jpg": {"jpeg-75": WHOLE, "png": (600, 100, 830, 800)},
    "ihc.png": {"jpeg-turned-2": WHOLE, "png-palette": (250, 200, 512, 512)},
    "moon.png": {"jpeg-grey": WHOLE},
    "motorcycle_left.png": {"jpeg-75": WHOLE, "jpeg-turned-8": (60, 130, 400, 470)},
    "motorcycle_right.png": {"jpeg-turned-5": WHOLE, "png-alpha": (330, 100, 741, 500)},
    "page.png": {"png-grey": WHOLE},
    "retina.jpg": {"jpeg-95": WHOLE, "jpeg-turned-7": (100, 400, 800, 900)},
    "rocket.jpg": {"jpeg-75": WHOLE, "jpeg-turned-4": (230, 0, 430, 427), "jpeg-cmyk": (0, 300, 640, 427)},
    "text.png": {"png-grey-16": WHOLE},
}
"""What the fixture images are made of, by the wheel's file, storage and part.

They are 35 pictures of 18 photographs, from 200 to 1411 pixels wide.
"""


def photographs() -> list[tuple[str, Image.Image]]:
    """Return the photographs of `PHOTOGRAPHS`, each stored in memory as it says and decoded again.

    Returns (name such as ``photo-04-brick-jpeg-grey``, RGB picture) in a fixed order. Raises ImagesUnusable where
    scikit-image is not installed or its wheel lacks a photograph. Source: the data folder of scikit-image, whose
    wheels have held these files since version 0.22 at the latest; nothing is downloaded and it is not imported.
    """
    folder = data_folder()
    if folder is None:
        raise ImagesUnusable(
            "The fixture photographs come with scikit-image, which is not installed here. "
            "Install scikit-image, or name a folder of your own with --images DIR."
        )
    pictures: list[tuple[str, Image.Image]] = []
    for file, parts in PHOTOGRAPHS.items():
        whole = decode(folder / file)
        for storage, part in parts.items():
            name = f"photo-{len(pictures):02d}-{Path(file).stem}-{storage}"
            content = STORAGES[storage](whole.crop(part) if part else whole)
            pictures.append((name, decode(content, name=name)))
    return pictures


def data_folder() -> Path | None:
    """Find scikit-image's data folder without importing scikit-image, which would take a second."""
    package = importlib.util.find_spec("skimage")
    if package is None or not package.submodule_search_locations:
        return None
    return Path(package.submodule_search_locations[0]) / "data"
