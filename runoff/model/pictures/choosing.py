"""From labelled files to the set that every contender is asked, and the pictures that some are calibrated on."""

from __future__ import annotations

import hashlib
import math
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runoff import quantities
from runoff.errors import ImagesUnusable, LabelsUnusable, NoAnswer
from runoff.model.inputs.labelled import Calibrated, LeftOut, PictureSet, Unreadable
from runoff.model.pictures.decoding import Decoders, portions_of
from runoff.model.pictures.folders import list_folder
from runoff.model.pictures.label_table import LabelTable, listed
from runoff.model.pictures.labelling import count_text, label_pictures
from runoff.model.pictures.matching import ClassMap

LEAST_CALIBRATION, MOST_CALIBRATION = 32, 256
"""How many pictures calibrated contenders look at, at least and at most."""
CALIBRATION_SHARE = 0.1
"""The share of labelled pictures that is set apart for them, within these bounds."""
SHARE_SEED = b"calibration"
"""Decides, with what is on a picture, which ones are set apart: the same ones in every run."""
Begin = Callable[[str, int], None]
Step = Callable[[], None]


@dataclass(frozen=True)
class Allowed:
    """How many pictures may be unreadable: a number, or a share of all."""

    count: int = 0
    share: float = 0.0

    def of(self, pictures: int) -> int:
        """Return how many of so many pictures that is."""
        return max(self.count, math.floor(self.share * pictures))

    @property
    def text(self) -> str:
        """Write it as the option has it."""
        return quantities.share_text(self.share) if self.share else str(self.count)


NONE_ALLOWED = Allowed()
"""Every picture has to be readable."""


def read_allowed(text: str) -> Allowed:
    """Read ``--max-unreadable``: a number or a percentage; raises ArgumentTypeError."""
    try:
        return Allowed(share=quantities.share(text)) if "%" in text else Allowed(quantities.whole_number(text))
    except ArgumentTypeError as error:
        raise ArgumentTypeError(f"expected a number of pictures or a share such as 1%, found {text!r}") from error


@dataclass(frozen=True)
class Asked:
    """What is asked of labelled pictures.

    ``calibration`` is a folder of pictures to calibrate on; without it a share is set apart where ``calibrates``, which
    is whether a contender takes part that is calibrated.
    """

    directory: Path
    table: LabelTable | None = None
    class_map: ClassMap | None = None
    allowed: Allowed = NONE_ALLOWED
    calibration: Path | None = None
    calibrates: bool = False


@dataclass(frozen=True)
class Chosen:
    """The pictures that are asked, and those to calibrate on, by folder and names, or why there are none."""

    pictures: PictureSet
    calibration: tuple[Path, tuple[str, ...]] | NoAnswer


@dataclass(frozen=True)
class Looked:
    """The hash of what is on each picture that can be read, by its name, and the pictures that can't be."""

    hashes: dict[str, str]
    unreadable: tuple[Unreadable, ...]


def choose_pictures(asked: Asked, names: Sequence[str], decoders: Decoders, begin: Begin, step: Step) -> Chosen:
    """Look at every labelled picture, and say which are asked, for a model of these class names.

    Raises ImagesUnusable and LabelsUnusable for what can't be used.
    """
    labelled = label_pictures(asked.directory, names, asked.table, asked.class_map)
    looked = look(asked.directory, list(labelled.classes), asked.allowed, decoders, begin, step)
    by_hash: dict[str, list[str]] = {}
    for name, found in looked.hashes.items():
        by_hash.setdefault(found, []).append(name)
    refuse_two_classes(by_hash, labelled.classes, names)
    apart: Calibrated | None = None
    calibration: tuple[Path, tuple[str, ...]] | NoAnswer = why_not_calibrated(len(by_hash))
    if asked.calibration is not None:
        apart, calibration = folder_calibration(asked, set(by_hash), decoders, begin, step)
    elif asked.calibrates and (share := share_size(len(by_hash))):
        taken = sorted(by_hash, key=lambda found: hashlib.sha256(SHARE_SEED + found.encode()).digest())[:share]
        calibration = asked.directory, tuple(by_hash.pop(found)[0] for found in taken)
        apart = Calibrated(share, "a share of --images that judges no contender")
    order = sorted(by_hash)
    kept = tuple(by_hash[found][0] for found in order)
    labels = np.array([labelled.classes[name] for name in kept], np.int32)
    left_out = LeftOut(
        unreadable=looked.unreadable,
        unknown=dict(labelled.unknown),
        repeated=tuple(name for found in order for name in by_hash[found][1:]),
        unlisted=labelled.unlisted,
        absent=tuple(names[index] for index in sorted(set(range(len(names))) - set(labels.tolist()))),
        empty=labelled.empty,
    )
    sha256, labels_sha256 = (
        hashlib.sha256("\n".join(lines).encode()).hexdigest()
        for lines in (order, [f"{found} {names[label]}" for found, label in zip(order, labels, strict=True)])
    )
    return Chosen(
        PictureSet(asked.directory, kept, labels, tuple(names), sha256, labels_sha256, left_out, apart), calibration
    )


def look(
    directory: Path, names: Sequence[str], allowed: Allowed, decoders: Decoders, begin: Begin, step: Step
) -> Looked:
    """Decode every picture once; raise ImagesUnusable where more than are allowed can't be."""
    begin("looking at pictures", portions_of(len(names)))
    found = decoders.look_at(directory, names, step)
    pairs = list(zip(names, found, strict=True))
    hashes = {name: digest for name, (digest, _) in pairs if digest is not None}
    unreadable = tuple(Unreadable(name, reason) for name, (_, reason) in pairs if reason is not None)
    if len(unreadable) > allowed.of(len(names)) or not hashes:
        several = " ".join(each.reason for each in unreadable[:5])
        more = f" And {len(unreadable) - 5:,} more." if len(unreadable) > 5 else ""
        raise ImagesUnusable(
            f"{len(unreadable):,} of {count_text(len(names), 'picture')} in {directory} can't be read, and "
            f"{allowed.text} may be (--max-unreadable N or N%). {several}{more}"
        )
    return Looked(hashes, unreadable)


def refuse_two_classes(by_hash: dict[str, list[str]], classes: Mapping[str, int], names: Sequence[str]) -> None:
    """Refuse pictures that are of two classes; raises LabelsUnusable."""
    several = [same for same in by_hash.values() if len({classes[name] for name in same}) > 1]
    wrong = [" and ".join(f"{name} ({names[classes[name]]})" for name in same) for same in several]
    if wrong:
        raise LabelsUnusable(
            f"{count_text(len(wrong), 'picture')} with exactly the same pixels would be of two classes: "
            f"{listed(wrong)}; leave each in one, or in none"
        )


def share_size(pictures: int) -> int:
    """Return how many of so many pictures are set apart to calibrate on, 0 where that would leave too few to judge."""
    size = min(MOST_CALIBRATION, max(LEAST_CALIBRATION, round(CALIBRATION_SHARE * pictures)))
    return size if pictures >= 2 * LEAST_CALIBRATION else 0


def why_not_calibrated(pictures: int) -> NoAnswer:
    """Return what a calibrated contender comes to without pictures to calibrate on."""
    return NoAnswer(
        f"it is calibrated on pictures that judge no contender: at least {LEAST_CALIBRATION} of "
        f"{2 * LEAST_CALIBRATION} or more, and there are {pictures}; give --calibration DIR"
    )


def folder_calibration(
    asked: Asked, judged: set[str], decoders: Decoders, begin: Begin, step: Step
) -> tuple[Calibrated, tuple[Path, tuple[str, ...]]]:
    """Return the pictures of ``--calibration`` that judge nobody; raise ImagesUnusable for too few."""
    directory = asked.calibration
    assert directory is not None
    names = list_folder(directory).names
    if not names:
        raise ImagesUnusable(f"--calibration {directory} holds no picture; give the folder that holds some")
    hashes = look(directory, names, asked.allowed, decoders, begin, step).hashes
    apart = {found: name for name, found in reversed(hashes.items()) if found not in judged}
    overlapping = sum(found in judged for found in hashes.values())
    if len(apart) < LEAST_CALIBRATION:
        beside = f", since {overlapping} are among those that judge (by their pixels)" if overlapping else ""
        raise ImagesUnusable(
            f"--calibration {directory} has {count_text(len(apart), 'picture')} to calibrate on{beside}; expected at "
            f"least {LEAST_CALIBRATION}"
        )
    taken = sorted(apart)[:MOST_CALIBRATION]
    return Calibrated(len(taken), "--calibration", overlapping), (directory, tuple(apart[found] for found in taken))
