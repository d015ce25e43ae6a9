"""What a folder of pictures holds: pictures directly in it, and a folder for each class."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from runoff.errors import ImagesUnusable
from runoff.model.pictures.label_table import PICTURE


@dataclass(frozen=True)
class Listing:
    """The pictures of a folder by their paths inside it: ``loose`` ones, and those below each folder directly in it.

    Hidden files and folders, and files of other suffixes, are passed over; links are followed.
    """

    loose: tuple[str, ...]
    folders: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> list[str]:
        """All pictures, by name."""
        return sorted([*self.loose, *(name for names in self.folders.values() for name in names)])


def has_class_folders(directory: Path) -> bool:
    """Whether a folder holds no picture itself, and folders with pictures: then each folder is a class.

    What can't be read is no such folder; whoever reads it says why.
    """
    try:
        loose, folders = entries_of(directory)
        return not loose and any(any(islice(pictures_below(folder, ()), 1)) for folder in folders)
    except (ImagesUnusable, OSError):
        return False


def list_folder(directory: Path) -> Listing:
    """Find all pictures in a folder, and in those below it.

    Raises ImagesUnusable for a folder that is missing, is none or can't be read, and for links that lead in a circle.
    """
    if not directory.is_dir():
        what = "is not a folder" if directory.exists() else "does not exist"
        raise ImagesUnusable(f"The images folder {directory} {what}. Give the folder that holds the pictures.")
    loose, folders = entries_of(directory)

    def inside(paths: Iterator[Path] | list[Path]) -> tuple[str, ...]:
        return tuple(path.relative_to(directory).as_posix() for path in paths)

    return Listing(inside(loose), {folder.name: inside(pictures_below(folder, ())) for folder in folders})


def entries_of(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the pictures and the folders directly in a folder, by name.

    A link that leads nowhere, or to itself, counts as the picture that its name says it is. Raises ImagesUnusable.
    """
    pictures, folders = [], []
    try:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            if is_folder(entry):
                folders.append(Path(entry.path))
            elif PICTURE.fullmatch(entry.name):
                pictures.append(Path(entry.path))
    except OSError as error:
        raise ImagesUnusable(f"The images folder {folder} can't be read: {error.strerror or error}.") from error
    return pictures, folders


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or a link to one; a link in a circle is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def pictures_below(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the pictures in a folder and those below it; ``above`` are the real folders that it lies in.

    Raises ImagesUnusable for a link to one of these.
    """
    real = folder.resolve()
    if real in above:
        raise ImagesUnusable(
            f"The images folder has links in a circle: {folder} leads back to {real}. Remove that link."
        )
    pictures, folders = entries_of(folder)
    yield from pictures
    for below in folders:
        yield from pictures_below(below, (*above, real))
