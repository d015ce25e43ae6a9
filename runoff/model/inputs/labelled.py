"""Labelled pictures as a value: which pictures are asked, what is on each, and what was left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int32]
"""Class indices."""


@dataclass(frozen=True)
class Unreadable:
    """A picture that can't be read: its name, which is its path inside the folder, and the reason as a sentence."""

    name: str
    reason: str


@dataclass(frozen=True)
class Calibrated:
    """What calibrated contenders look at: so many pictures, whose they are, and what was left out of them.

    ``source`` is words such as ``a share of --images``. ``overlapping`` is how many pictures of a folder for
    calibration are among those that judge, by exact decoded pixels, so that they were not used.
    """

    count: int
    source: str
    overlapping: int = 0


@dataclass(frozen=True)
class LeftOut:
    """Pictures of the folder that nobody is asked, and classes that nothing is known of.

    ``unknown`` are numbers of pictures by the name of a class that the model has not, as a class map says. ``repeated``
    are names of pictures with exactly the pixels of another one of the same class. ``unlisted`` is how many pictures
    the label file does not name. ``absent`` are the model's classes that no picture shows, ``empty`` the folders of a
    class that hold no picture.
    """

    unreadable: tuple[Unreadable, ...] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    unlisted: int = 0
    absent: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class PictureSet:
    """The N pictures that every contender is asked, in an order that follows from what is in them.

    ``names`` are paths inside the ``folder``, with ``/`` between their parts. ``labels`` are N indices into the model's
    ``classes``. ``sha256`` is the hash of the pictures' decoded pixels, whatever their files are called;
    ``labels_sha256`` is that of these with the name of the class of each. Two sets with the same ``sha256`` have the
    same pictures in the same places, so that answers can be compared place by place.
    """

    folder: Path
    names: tuple[str, ...]
    labels: Indices
    classes: tuple[str, ...]
    sha256: str
    labels_sha256: str
    left_out: LeftOut = LeftOut()
    calibrated: Calibrated | None = None

    def file(self, place: int) -> Path:
        """Return the file of the picture at a place."""
        return self.folder / self.names[place]

    def __len__(self) -> int:
        """Return how many pictures there are."""
        return len(self.names)
