"""The picture files that a service is sent: the user's own, or the fixture photographs as JPEG."""

from __future__ import annotations

from pathlib import Path

from runoff.errors import ResultsUnwritable
from runoff.model.images import picture_files
from runoff.model.photographs import jpeg, photographs

QUALITY = 90
MOST_FILES = 64


def served_files(directory: Path | None, destination: Path) -> list[Path]:
    """Give the files of a folder of pictures as they are, or of the photographs, written to ``destination`` as JPEG.

    Photographs are stored whole, in the sizes that they have; of a folder, the first `MOST_FILES` are taken. Raises
    ImagesUnusable as `picture_files` and `photographs` do, and ResultsUnwritable.
    """
    if directory is not None:
        return picture_files(directory)[:MOST_FILES]
    files = []
    for name, picture in photographs():
        file = destination / f"{name}.jpg"
        try:
            destination.mkdir(parents=True, exist_ok=True)
            file.write_bytes(jpeg(picture, QUALITY))
        except OSError as error:
            raise ResultsUnwritable(
                f"the pictures can't be written to {destination} ({error.strerror}); free space or make it writable"
            ) from error
        files.append(file)
    return files
