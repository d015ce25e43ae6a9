"""What is asked of labelled pictures on a command line."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.errors import LabelsUnusable, UsageError
from runoff.model.pictures.choosing import NONE_ALLOWED, Allowed, read_allowed
from runoff.model.pictures.folders import has_class_folders
from runoff.model.pictures.label_table import LabelTable
from runoff.model.pictures.matching import INDICES, ClassMap, read_class_map


@dataclass(frozen=True)
class PictureOptions:
    """The pictures of the user's own: their folder, what says their labels, and what is done with them."""

    directory: Path | None = None
    table: LabelTable | None = None
    class_map: ClassMap | None = None
    allowed: Allowed = NONE_ALLOWED
    calibration: Path | None = None

    @property
    def labelled(self) -> bool:
        """Whether pictures are labelled: by a label file, or by the folders that they lie in."""
        return self.directory is not None and (self.table is not None or has_class_folders(self.directory))

    def words(self, path: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
        """Yield the options with their values as words; the label file is the model's options' own."""
        if self.class_map is not None:
            yield "--class-map", INDICES if self.class_map.indices else path(self.class_map.text)
        if self.allowed != NONE_ALLOWED:
            yield "--max-unreadable", self.allowed.text
        if self.calibration is not None:
            yield "--calibration", path(str(self.calibration))


def add_picture_options(add: Callable[..., object]) -> None:
    """Declare the options by a parser's ``add_argument``, or a group's ``addoption``."""
    add(
        "--images",
        type=Path,
        metavar="DIR",
        help="your own pictures instead of the fixtures; if they are in a folder for each class, or --labels names "
        "them, accuracy is measured too",
    )
    add(
        "--class-map",
        type=class_map,
        metavar="FILE",
        help="which of the model's labels (or indices) a folder's name or a picture's label stands for: two columns or "
        "a JSON object; or the word indices, if they are indices",
    )
    add(
        "--max-unreadable",
        type=read_allowed,
        default=NONE_ALLOWED,
        metavar="N|N%",
        help="how many labelled pictures may be unreadable; they are named and left out (0)",
    )
    add(
        "--calibration",
        type=Path,
        metavar="DIR",
        help="pictures that INT8 variants are calibrated on (default: a share of the others that judges no contender)",
    )


def class_map(text: str) -> ClassMap:
    """Read ``--class-map``; raises ArgumentTypeError, which argparse and pytest show as the user's mistake."""
    try:
        return read_class_map(text)
    except LabelsUnusable as error:
        raise ArgumentTypeError(str(error)) from error


def picture_options(given: Any, table: LabelTable | None) -> PictureOptions:
    """Read the options from what a parser returned, with the label file.

    Raises UsageError for what is of no use without labelled pictures.
    """
    options = PictureOptions(given.images, table, given.class_map, given.max_unreadable, given.calibration)
    if table is not None and options.directory is None:
        raise UsageError("--labels names pictures, and no folder of pictures is given; give --images DIR")
    used = [name for name, value in (("--class-map", options.class_map),) if value is not None]
    used += ["--max-unreadable"] if options.allowed != NONE_ALLOWED and options.calibration is None else []
    if used and not options.labelled:
        where = f"{options.directory} holds" if options.directory else "there are"
        raise UsageError(
            f"{' and '.join(used)} is for labelled pictures, and {where} none; give --images a folder with a folder "
            "for each class, or --labels a file that names each picture and its label"
        )
    return options
