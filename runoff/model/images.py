"""The pictures that contenders are shown: the fixture images, or a folder of the user's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

from runoff.errors import ImagesUnusable, ResultsUnwritable
from runoff.model.decoding import SUFFIXES, decode
from runoff.model.drawings import drawing_names, drawn_pictures
from runoff.model.photographs import photographs
from runoff.model.preprocessing import CROP_SIDE, preprocess

DRAWN_COUNT = 48
DRAWN_SEED = 2240018
"""The seed of the drawn fixture images; training must use another."""

FURTHER_COUNT = 512
FURTHER_SEED = 2240019
"""The seed of the further drawn pictures; training and the fixture images use others."""

FOLDER_LIMIT = 2000
"""The most pictures taken from a folder; as pixels they hold 1.2 GB."""


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Preprocessed pictures with their names, in a fixed order.

    ``pixels`` is contiguous float32 of shape (N, 3, 224, 224); ``sha256`` is the hash of names and pixels.
    """

    names: tuple[str, ...]
    pixels: NDArray[np.float32]
    sha256: str


def fixture_images() -> ImageSet:
    """Return the pictures that come with the suite: photographs first, then drawn ones, always the same.

    The hash can differ between versions of Pillow, whose JPEG decoders round differently. Raises ImagesUnusable where
    scikit-image, which brings the photographs, is not installed.
    """
    drawn = [(name, picture) for name, _, picture in drawn_pictures(DRAWN_COUNT, DRAWN_SEED)]
    return _image_set([*photographs(), *drawn])


def folder_images(directory: Path) -> ImageSet:
    """Return the pictures directly inside a folder, sorted by name.

    Raises ImagesUnusable as `picture_files` does, and for a picture that can't be decoded.
    """
    return _image_set((path.name, decode(path)) for path in picture_files(directory))


def picture_files(directory: Path) -> list[Path]:
    """Return the picture files directly inside a folder by name; hidden files and other suffixes are passed over.

    Raises ImagesUnusable, with the path in its message, for a folder that is missing, is none, can't be read, holds no
    picture or more than `FOLDER_LIMIT`.
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
    if len(files) > FOLDER_LIMIT:
        raise ImagesUnusable(
            f"The images folder {directory} holds {len(files):,} pictures, and at most {FOLDER_LIMIT:,} fit. "
            "Copy a sample of them into a folder of its own."
        )
    return files


def mirrored(images: ImageSet) -> ImageSet:
    """Return the same pictures with left and right exchanged: of their kind, but none of them.

    Reduced-precision contenders are calibrated on these, so that no picture that they are judged by was used.
    """
    pixels = np.ascontiguousarray(images.pixels[..., ::-1])
    names = tuple(f"mirrored {name}" for name in images.names)
    return ImageSet(names, pixels, _sha256(names, pixels))


def further_drawings(path: Path) -> ImageSet:
    """Return many more drawn pictures than the fixture images have, drawn into an ``.npy`` file the first time.

    They take a minute to draw and 308 MB; the pixels are mapped from the file. Raises ResultsUnwritable where it can't
    be written, and ImagesUnusable where it is not what was written.
    """
    names = tuple(name for name, _ in drawing_names(FURTHER_COUNT))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        pictures = ((name, picture) for name, _, picture in drawn_pictures(FURTHER_COUNT, FURTHER_SEED))
        partial = path.with_name(f"{path.name}.partial")
        save_images(_image_set(pictures), partial)
        partial.replace(path)
    try:
        pixels: NDArray[np.float32] = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise ImagesUnusable(f"The drawn pictures in {path} can't be read: {error}. Delete the file.") from error
    if pixels.shape != (FURTHER_COUNT, 3, CROP_SIDE, CROP_SIDE) or pixels.dtype != np.float32:
        raise ImagesUnusable(f"{path} holds {pixels.dtype} {pixels.shape}, not the pictures drawn. Delete the file.")
    return ImageSet(names, pixels, _sha256(names, pixels))


def drawing_sources() -> str:
    """Return a hash of all that decides what drawn pixels are: our sources and Pillow's version."""
    folder = Path(__file__).parent
    digest = hashlib.sha256(f"{FURTHER_COUNT} {FURTHER_SEED} {PIL.__version__} {np.__version__}".encode())
    for name in ("drawings.py", "figures.py", "preprocessing.py"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def save_images(images: ImageSet, path: Path) -> None:
    """Write the pixels as a plain ``.npy`` file, which workers read with numpy alone.

    Raises ResultsUnwritable where that can't be done.
    """
    try:
        with path.open("wb") as file:
            np.save(file, images.pixels, allow_pickle=False)
    except OSError as error:
        raise ResultsUnwritable(
            f"the images can't be written to {path} ({error.strerror or error}); free space or make it writable"
        ) from error


def _image_set(pictures: Iterable[tuple[str, Image.Image]]) -> ImageSet:
    """Preprocess named pictures one at a time, so that only one of them is held whole."""
    names, pixels = [], []
    for name, picture in pictures:
        names.append(name)
        pixels.append(preprocess(picture))
    batch = np.stack(pixels)
    return ImageSet(tuple(names), batch, _sha256(tuple(names), batch))


def _sha256(names: tuple[str, ...], pixels: NDArray[np.float32]) -> str:
    """Hash names and pixels, in an encoding that no two different sets share, the same on every machine."""
    digest = hashlib.sha256(json.dumps([names, pixels.shape]).encode("ascii"))
    digest.update(np.ascontiguousarray(pixels, dtype="<f4").data)
    return digest.hexdigest()
