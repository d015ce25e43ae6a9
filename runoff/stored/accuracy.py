"""What a run stores of its accuracy on labelled pictures: the set, golden's answers, and each contender's."""

from __future__ import annotations

import base64

import numpy as np
from msgspec import Struct

from runoff.judge.accuracy import ClassLoss, Drop, Rights, Share


class StoredPictureSet(Struct, frozen=True):
    """The labelled pictures of a run: two runs with one hash have the same pictures in the same places."""

    count: int
    """The pictures that were answered (pictures)."""
    sha256: str
    """The hash of their contents."""
    labels_sha256: str
    """The hash of their contents and labels."""
    classes: int
    """The classes that the model has (classes)."""
    shown: int
    """Those that are on a picture (classes)."""
    unreadable: int = 0
    """The files that could not be read (pictures)."""
    unknown: int = 0
    """Those with a label that the model does not have (pictures)."""
    repeated: int = 0
    """Those left out because another has the same content (pictures)."""
    calibrated: int = 0
    """The pictures that calibrated contenders looked at (pictures)."""
    calibration: str = ""
    """Whose these are."""


class StoredAccuracy(Struct, frozen=True):
    """A run's labelled pictures, the rule that was fixed beforehand, and golden's accuracy."""

    pictures: StoredPictureSet
    """The labelled pictures."""
    rule: str
    """How much accuracy may be lost, as `--max-drop` has it."""
    top1: Share
    """How often golden's first answer is right."""
    top5: Share
    """How often one of golden's first five answers is right."""
    outcomes: str
    """A bit for each picture, 1 where golden is right, in base64."""
    failures: dict[str, str] = {}
    """Why a contender gave no answers, by its name."""


class NamedLoss(Struct, frozen=True):
    """A class and what a contender lost on its pictures."""

    name: str
    """The class."""
    loss: ClassLoss
    """What was lost on its pictures."""


class Discordant(Struct, frozen=True):
    """A picture that either golden or a contender names right, and not both."""

    picture: str
    """The file's name."""
    label: str
    """The right class."""
    golden: str
    """The class that golden names."""
    answer: str
    """The class that the contender names."""
    confidence: float
    """How sure the one that is wrong is of its answer (share)."""
    lost: bool
    """Whether golden is the one that is right."""
    thumbnail: str = ""
    """A small JPEG in base64; empty where there is none."""


class Accuracy(Struct, frozen=True):
    """A contender's accuracy on labelled pictures, and its drop against golden on the same ones."""

    contender: str
    """The contender's name."""
    top1: Share
    """How often its first answer is right."""
    top5: Share
    """How often one of its first five answers is right."""
    drop: Drop
    """What it loses against golden on the same pictures."""
    outcomes: str
    """A bit for each picture, 1 where it is right, in base64."""
    losses: tuple[NamedLoss, ...] = ()
    """The classes that lost most."""
    discordant: tuple[Discordant, ...] = ()
    """Pictures that only one of both names right."""


def pack(rights: Rights) -> str:
    """Write a bit for each picture as base64."""
    return base64.b64encode(np.packbits(rights).tobytes()).decode()


def unpack(outcomes: str, count: int) -> Rights:
    """Read the bits of so many pictures; raises ValueError where there are not so many."""
    read = np.frombuffer(base64.b64decode(outcomes, validate=True), dtype=np.uint8)
    if len(read) != -(-count // 8):
        raise ValueError(f"{len(read)} bytes hold no {count} pictures")
    return np.unpackbits(read, count=count).astype(np.bool_)
