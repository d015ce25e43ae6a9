"""What there is to know about labelled pictures, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from runoff.model.inputs.labelled import PictureSet
from runoff.model.pictures.label_table import listed
from runoff.model.pictures.labelling import count_text


def picture_notes(pictures: PictureSet) -> Iterator[str]:
    """Yield what was left out of the labelled pictures, what is missing among them, and what was set apart."""
    left = pictures.left_out
    if left.unreadable:
        reasons = " ".join(each.reason for each in left.unreadable[:5])
        more = f" And {len(left.unreadable) - 5:,} more." if len(left.unreadable) > 5 else ""
        words = several(
            len(left.unreadable), "labelled picture can't be read and is", "labelled pictures can't be read and are"
        )
        yield f"{words} left out: {reasons}{more}"
    if left.unknown:
        counts = [f"{name} ({count:,})" for name, count in left.unknown.items()]
        total = sum(left.unknown.values())
        words = several(
            total, "picture of a class that the model has not is", "pictures of classes that the model has not are"
        )
        yield f"{words} left out: {listed(counts)}"
    if left.repeated:
        words = several(len(left.repeated), "picture has", "pictures have")
        names = listed(left.repeated)
        yield f"{words} exactly the pixels of another one of the same class, and these count once: {names}"
    if left.unlisted:
        words = several(left.unlisted, "picture of the folder is", "pictures of the folder are")
        yield f"{words} in no row of the label file, and left out"
    if left.empty:
        words = several(len(left.empty), "folder of a class holds", "folders of classes hold")
        yield f"{words} no picture: {listed(left.empty)}"
    shown = len(pictures.classes) - len(left.absent)
    if shown == 1:
        name = pictures.classes[int(pictures.labels[0])]
        yield f"all labelled pictures are of one class ({name}): whoever always answers it is always right"
    elif left.absent:
        yield (
            f"{len(left.absent):,} of the model's {len(pictures.classes):,} classes "
            f"{'is' if len(left.absent) == 1 else 'are'} on no labelled picture: "
            f"{listed(left.absent)}"
        )
    if len(pictures) == 1:
        yield "there is one labelled picture, which decides nothing"
    if apart := pictures.calibrated:
        words = several(
            apart.overlapping,
            "picture of it judges too, by its pixels, and was",
            "pictures of it judge too, by their pixels, and were",
        )
        beside = f"; {words} not used" if apart.overlapping else ""
        yield f"INT8 is calibrated on {count_text(apart.count, 'picture')} of {apart.source}{beside}"


def several(count: int, one: str, more: str) -> str:
    """Say something of one thing, or of more of them."""
    return f"{count:,} {one if count == 1 else more}"
