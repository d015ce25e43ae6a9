"""Real photographs that need no download: those inside the scikit-image wheel, stored anew in many ways."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image, ImageOps
from PIL.ExifTags import Base

from runoff.errors import ImagesUnusable
from runoff.model.decoding import decode

ORIENTATIONS = range(2, 9)
"""The EXIF orientations of a picture that is not upright."""


@dataclass(frozen=True)
class Photograph:
    """A photograph of the wheel and how it is stored.

    ``storage`` is a key of `STORAGES`; ``part`` is left, top, right and bottom in pixels, all of it by default.
    """

    file: str
    storage: str
    part: tuple[int, int, int, int] | None = None


def jpeg(picture: Image.Image, quality: int, *, progressive: bool = False) -> bytes:
    """Store a picture as JPEG, in grey, RGB or CMYK as its mode says."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, progressive=progressive)
    return buffer.getvalue()


def turned_jpeg(picture: Image.Image, orientation: int) -> bytes:
    """Store a picture turned, in a JPEG whose EXIF orientation (2 to 8) says how to turn it back."""
    turned = picture.copy()
    turned.getexif()[Base.Orientation] = {6: 8, 8: 6}.get(orientation, orientation)  # the turn that undoes it
    ImageOps.exif_transpose(turned, in_place=True)
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    buffer = io.BytesIO()
    turned.save(buffer, "JPEG", quality=90, exif=exif)
    return buffer.getvalue()


def png(picture: Image.Image, transparent: int | None = None) -> bytes:
    """Store a picture as PNG in its own mode; ``transparent`` names a palette entry or grey level."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=transparent)
    return buffer.getvalue()


def see_through(picture: Image.Image, mode: str) -> Image.Image:
    """Give a picture an alpha channel (mode LA or RGBA) that fades from the left to the right."""
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
    "jpeg-progressive": partial(jpeg, quality=85, progressive=True),
    "jpeg-grey": lambda picture: jpeg(picture.convert("L"), 90),
    "jpeg-cmyk": lambda picture: jpeg(picture.convert("CMYK"), 90),
    **{f"jpeg-turned-{orientation}": partial(turned_jpeg, orientation=orientation) for orientation in ORIENTATIONS},
    "png": png,
    "png-grey": lambda picture: png(picture.convert("L")),
    "png-grey-16": lambda picture: png(sixteen_bit(picture)),
    "png-grey-alpha": lambda picture: png(see_through(picture, "LA")),
    "png-alpha": lambda picture: png(see_through(picture, "RGBA")),
    "png-palette": lambda picture: png(picture.quantize(64)),
    "png-palette-transparent": lambda picture: png(picture.quantize(64), transparent=5),
    "png-black-white": lambda picture: png(picture.convert("1")),
}

PHOTOGRAPHS: tuple[Photograph, ...] = (
    Photograph("astronaut.png", "png"),
    Photograph("astronaut.png", "jpeg-75", (130, 0, 330, 230)),
    Photograph("astronaut.png", "jpeg-turned-6", (200, 0, 512, 512)),
    Photograph("astronaut.png", "png-alpha", (0, 200, 512, 512)),
    Photograph("brick.png", "jpeg-grey"),
    Photograph("camera.png", "png-grey"),
    Photograph("camera.png", "png-grey-16", (100, 40, 400, 260)),
    Photograph("cell.png", "png-grey-alpha"),
    Photograph("chelsea.png", "jpeg-95"),
    Photograph("chelsea.png", "jpeg-30"),
    Photograph("chelsea.png", "png-palette", (100, 20, 340, 260)),
    Photograph("chelsea.png", "jpeg-cmyk"),
    Photograph("coffee.png", "jpeg-progressive"),
    Photograph("coffee.png", "png-palette-transparent", (130, 30, 480, 380)),
    Photograph("coffee.png", "jpeg-turned-3"),
    Photograph("coins.png", "png-black-white"),
    Photograph("coins.png", "jpeg-grey", (0, 0, 384, 100)),
    Photograph("grass.png", "png-grey"),
    Photograph("gravel.png", "jpeg-30"),
    Photograph("hubble_deep_field.jpg", "jpeg-75"),
    Photograph("hubble_deep_field.jpg", "png", (600, 100, 830, 800)),
    Photograph("ihc.png", "jpeg-turned-2"),
    Photograph("ihc.png", "png-palette", (250, 200, 512, 512)),
    Photograph("moon.png", "jpeg-grey"),
    Photograph("motorcycle_left.png", "jpeg-75"),
    Photograph("motorcycle_left.png", "jpeg-turned-8", (60, 130, 400, 470)),
    Photograph("motorcycle_right.png", "jpeg-turned-5"),
    Photograph("motorcycle_right.png", "png-alpha", (330, 100, 741, 500)),
    Photograph("page.png", "png-grey"),
    Photograph("retina.jpg", "jpeg-95"),
    Photograph("retina.jpg", "jpeg-turned-7", (100, 400, 800, 900)),
    Photograph("rocket.jpg", "jpeg-75"),
    Photograph("rocket.jpg", "jpeg-turned-4", (230, 0, 430, 427)),
    Photograph("rocket.jpg", "jpeg-cmyk", (0, 300, 640, 427)),
    Photograph("text.png", "png-grey-16"),
)
"""What the fixture images are made of: 35 pictures of 18 photographs, from 200 to 1411 pixels wide."""


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
    pictures = []
    for index, photograph in enumerate(PHOTOGRAPHS):
        name = f"photo-{index:02d}-{Path(photograph.file).stem}-{photograph.storage}"
        whole = decode(folder / photograph.file)
        stored = STORAGES[photograph.storage](whole.crop(photograph.part) if photograph.part else whole)
        pictures.append((name, decode(stored, name=name)))
    return pictures


def data_folder() -> Path | None:
    """Find scikit-image's data folder without importing scikit-image, which would take a second."""
    found = importlib.util.find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "data"
