"""What a run stores of its accuracy on labelled pictures: the set, golden's answers, and each contender's."""

from __future__ import annotations

import base64

import numpy as np
from msgspec import Struct

from runoff.judge.accuracy import ClassLoss, Drop, Rights, Share


class StoredPictureSet(Struct, frozen=True):
    """The labelled pictures: how many, hashes of their contents and of these with their labels, and what was left out.

    Runs of one ``sha256`` have the same pictures in the same places. ``shown`` of the model's ``classes`` are on a
    picture; ``calibrated`` is how many pictures calibrated contenders looked at, and whose they are in ``calibration``.
    """

    count: int
    sha256: str
    labels_sha256: str
    classes: int
    shown: int
    unreadable: int = 0
    unknown: int = 0
    repeated: int = 0
    calibrated: int = 0
    calibration: str = ""


class StoredAccuracy(Struct, frozen=True):
    """A run's labelled pictures, the rule that was fixed beforehand, as ``--max-drop`` has it, and golden's answers.

    ``outcomes`` is a bit for each picture that golden named right, as ``pack`` writes them.
    """

    pictures: StoredPictureSet
    rule: str
    top1: Share
    top5: Share
    outcomes: str
    failures: dict[str, str] = {}


class NamedLoss(Struct, frozen=True):
    """A class and what a contender lost on its pictures."""

    name: str
    loss: ClassLoss


class Discordant(Struct, frozen=True):
    """A picture that only one of golden and a contender names right, with what both named and how sure that one was.

    ``thumbnail`` is a small JPEG as base64, empty where there is none.
    """

    picture: str
    label: str
    golden: str
    answer: str
    confidence: float
    lost: bool
    thumbnail: str = ""


class Accuracy(Struct, frozen=True):
    """A contender's accuracy on labelled pictures, and its drop against golden on the same ones."""

    contender: str
    top1: Share
    top5: Share
    drop: Drop
    outcomes: str
    losses: tuple[NamedLoss, ...] = ()
    discordant: tuple[Discordant, ...] = ()


def pack(rights: Rights) -> str:
    """Write a bit for each picture as base64."""
    return base64.b64encode(np.packbits(rights).tobytes()).decode()


def unpack(outcomes: str, count: int) -> Rights:
    """Read the bits of so many pictures; raises ValueError where there are not so many."""
    read = np.frombuffer(base64.b64decode(outcomes, validate=True), dtype=np.uint8)
    if len(read) != -(-count // 8):
        raise ValueError(f"{len(read)} bytes hold no {count} pictures")
    return np.unpackbits(read, count=count).astype(np.bool_)
