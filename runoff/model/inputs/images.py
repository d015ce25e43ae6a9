"""The pictures that contenders are shown: the fixture images, or a folder of the user's own."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

from runoff.contract import Model, Preprocessing
from runoff.errors import ImagesUnusable, ResultsUnwritable
from runoff.files.whole import write_whole
from runoff.model.inputs.decoding import SUFFIXES, decode
from runoff.model.inputs.drawings import drawing_names, drawn_pictures
from runoff.model.inputs.photographs import jpeg, photographs
from runoff.model.inputs.preprocessing import preprocess

DRAWN_COUNT = 48
DRAWN_SEED = 2240018
"""The seed of the drawn fixture images; training must use another."""

FURTHER_COUNT = 512
FURTHER_SEED = 2240019
"""The seed of the further drawn pictures; training and the fixture images use others."""

DRAWING_VERSION = 1
"""Goes up with every change of the code that decides a drawn pixel, so that cached ones are drawn anew; a test asks."""

FOLDER_LIMIT = 1_250_000_000
"""The most bytes that a folder's pictures may hold as pixels: 2076 of float32 and 3×224×224."""

SERVED_LIMIT = 64
"""The most files of a folder that a service is sent."""
SERVED_QUALITY = 90


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Preprocessed pictures with their names, in a fixed order.

    ``pixels`` is contiguous, N times the shape of the model's input; ``sha256`` is the hash of names and pixels.
    ``doubts`` say what was odd about some of the files, though all could be read.
    """

    names: tuple[str, ...]
    pixels: NDArray[Any]
    sha256: str
    doubts: tuple[str, ...] = ()


def why_no_pictures(model: Model) -> str | None:
    """Say why a model is run on no pictures, None where it is."""
    name = model.source.title
    if len(model.inputs) != 1:
        return f"{name} takes {len(model.inputs)} inputs, and pictures are one"
    if model.preprocessing is None:
        return f"how pictures become the input of {name} is unknown (--preprocessing imagenet or FILE says it)"
    return None


def fixture_images(preprocessing: Preprocessing, *, drawn: bool) -> ImageSet:
    """Return the pictures that come with the suite, always the same: photographs, and after them drawn ones if asked.

    The drawn ones are of the kinds that the built-in checkpoint knows, and no pictures for any other. The hash can
    differ between versions of Pillow, whose JPEG decoders round differently. Raises ImagesUnusable where scikit-image,
    which brings the photographs, is not installed.
    """
    drawings = drawn_pictures(DRAWN_COUNT, DRAWN_SEED) if drawn else []
    return _preprocessed([*photographs(), *((name, picture) for name, _, picture in drawings)], preprocessing)


def folder_images(directory: Path, preprocessing: Preprocessing) -> ImageSet:
    """Return the pictures directly inside a folder, sorted by name.

    Raises ImagesUnusable as `picture_files` does, for more than `FOLDER_LIMIT`, and for a picture that can't be
    decoded.
    """
    files = picture_files(directory)
    each = math.prod(preprocessing.shape) * np.dtype(preprocessing.dtype).itemsize
    if len(files) * each > FOLDER_LIMIT:
        sides = "×".join(map(str, preprocessing.shape))
        raise ImagesUnusable(
            f"The images folder {directory} holds {len(files):,} pictures, which take {len(files) * each / 1e9:.1f} GB "
            f"as pixels of {sides}, and at most {FOLDER_LIMIT // each:,} of them fit. "
            "Copy a sample of them into a separate folder."
        )
    doubts: list[str] = []
    pictures = ((path.name, decode(path, doubts=doubts)) for path in files)
    return dataclasses.replace(_preprocessed(pictures, preprocessing), doubts=tuple(doubts))


def chosen_images(files: Mapping[str, Path], preprocessing: Preprocessing) -> ImageSet:
    """Return pictures of files by their names, in that order; raises ImagesUnusable as `decode` does."""
    return _preprocessed(((name, decode(file)) for name, file in files.items()), preprocessing)


def picture_files(directory: Path) -> list[Path]:
    """Return the picture files directly inside a folder by name; hidden files and other suffixes are passed over.

    Raises ImagesUnusable, with the path in its message, for a folder that is missing, is none, can't be read or holds
    no picture.
    """
    if not directory.exists():
        raise ImagesUnusable(f"The images folder {directory} does not exist. Check --images.")
    if not directory.is_dir():
        raise ImagesUnusable(f"{directory} is not a folder. Give --images the folder that holds the pictures.")
    try:
        entries = sorted(directory.iterdir(), key=lambda path: path.name)
    except OSError as error:
        raise ImagesUnusable(f"The images folder {directory} can't be read: {error.strerror or error}.") from error
    files = [
        path for path in entries if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    if not files:
        raise ImagesUnusable(
            f"The images folder {directory} holds no picture among its {len(entries)} entries. "
            f"Put files in it whose names end in {', '.join(SUFFIXES)}; folders inside it are not searched."
        )
    return files


def split_for_calibration(images: ImageSet) -> tuple[ImageSet, tuple[int, ...]]:
    """Return every second picture, to calibrate reduced precisions on, and the places of those to judge them by.

    No picture that a calibrated contender is judged by was used. One picture alone is judged by, and calibrated on as
    in a mirror.
    """
    if len(images.names) == 1:
        return _image_set(images.names, images.pixels[..., ::-1]), (0,)
    places = range(len(images.names))
    return _image_set(images.names[::2], images.pixels[::2]), tuple(places[1::2])


def further_drawings(path: Path, preprocessing: Preprocessing) -> ImageSet:
    """Return many more drawn pictures than the fixture images have, drawn into an ``.npy`` file the first time.

    They take a minute to draw, and 308 MB at 224 pixels; the pixels are mapped from the file. Raises ResultsUnwritable
    where it can't be written, and ImagesUnusable where it is not what was written.
    """
    names = tuple(name for name, _ in drawing_names(FURTHER_COUNT))
    if not path.exists():
        pictures = ((name, picture) for name, _, picture in drawn_pictures(FURTHER_COUNT, FURTHER_SEED))
        save_images(_preprocessed(pictures, preprocessing), path)
    try:
        pixels: NDArray[Any] = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise ImagesUnusable(f"The drawn pictures in {path} can't be read: {error}. Delete the file.") from error
    if (pixels.shape, pixels.dtype) != ((FURTHER_COUNT, *preprocessing.shape), np.dtype(preprocessing.dtype)):
        raise ImagesUnusable(f"{path} holds {pixels.dtype} {pixels.shape}, not the pictures drawn. Delete the file.")
    return _image_set(names, pixels)


def further_drawings_name(preprocessing: Preprocessing) -> str:
    """Return the name of the file for further drawings, which follows from all that decides their pixels."""
    inputs = (DRAWING_VERSION, FURTHER_COUNT, FURTHER_SEED, PIL.__version__, json.dumps(asdict(preprocessing)))
    return f"further-{hashlib.sha256(repr(inputs).encode()).hexdigest()[:16]}.npy"


def save_images(images: ImageSet, path: Path) -> None:
    """Write the pixels as a plain ``.npy`` file, whole, which workers read with numpy alone.

    Raises ResultsUnwritable where that can't be done.
    """

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.save(file, images.pixels, allow_pickle=False)

    _write_whole(path, write)


def served_files(directory: Path | None, destination: Path) -> list[Path]:
    """Return the files that a service is sent: a folder's as they are, or the photographs, stored whole as JPEG.

    Of a folder the first `SERVED_LIMIT` are taken; photographs are written to ``destination`` in the sizes that they
    have. Raises ImagesUnusable as `picture_files` and `photographs` do, and ResultsUnwritable.
    """
    if directory is not None:
        return picture_files(directory)[:SERVED_LIMIT]
    stored = {destination / f"{name}.jpg": jpeg(picture, SERVED_QUALITY) for name, picture in photographs()}
    for path, content in stored.items():
        _write_whole(path, partial(Path.write_bytes, data=content))
    return list(stored)


def _write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file of pictures whole.

    Raises ResultsUnwritable where that can't be done.
    """
    try:
        write_whole(path, write)
    except OSError as error:
        raise ResultsUnwritable(
            f"the images can't be written to {path} ({error.strerror or error}); free space or make it writable"
        ) from error


def _preprocessed(pictures: Iterable[tuple[str, Image.Image]], preprocessing: Preprocessing) -> ImageSet:
    """Preprocess named pictures one at a time, so that only one of them is held whole."""
    names, pixels = [], []
    for name, picture in pictures:
        names.append(name)
        pixels.append(preprocess(picture, preprocessing))
    return _image_set(tuple(names), np.stack(pixels))


def _image_set(names: tuple[str, ...], pixels: NDArray[Any]) -> ImageSet:
    """Return a set of these names and pixels, which are copied where they are not contiguous."""
    return ImageSet(names, np.ascontiguousarray(pixels), hash_pixels(pixels, names))


def hash_pixels(pixels: NDArray[Any], names: tuple[str, ...] = ()) -> str:
    """Hash pixels, and names where something depends on them, the same on every machine.

    No two different sets share the encoding: the type of numbers other than float32 is part of it.
    """
    little_endian = pixels.dtype.newbyteorder("<")
    kind = [] if little_endian.str == "<f4" else [little_endian.str]
    digest = hashlib.sha256(json.dumps([names, pixels.shape, *kind]).encode("ascii"))
    digest.update(np.ascontiguousarray(pixels, dtype=little_endian).data)
    return digest.hexdigest()
