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
        several = " ".join(each.reason for each in left.unreadable[:5])
        more = f" And {len(left.unreadable) - 5:,} more." if len(left.unreadable) > 5 else ""
        yield f"{count_text(len(left.unreadable), 'labelled picture')} can't be read and is left out: {several}{more}"
    if left.unknown:
        counts = [f"{name} ({count:,})" for name, count in left.unknown.items()]
        total = sum(left.unknown.values())
        yield f"{count_text(total, 'picture')} of classes that the model has not are left out: {listed(counts)}"
    if left.repeated:
        yield (
            f"{count_text(len(left.repeated), 'picture')} with exactly the pixels of another one of the same class "
            f"counts once: {listed(left.repeated)}"
        )
    if left.unlisted:
        yield f"{count_text(left.unlisted, 'picture')} of the folder is in no row of the label file, and left out"
    if left.empty:
        yield f"{count_text(len(left.empty), 'folder')} of a class holds no picture: {listed(left.empty)}"
    shown = len(pictures.classes) - len(left.absent)
    if shown == 1:
        name = pictures.classes[int(pictures.labels[0])]
        yield f"all labelled pictures are of one class ({name}): whoever always answers it is always right"
    elif left.absent:
        yield (
            f"{len(left.absent):,} of the model's {len(pictures.classes):,} classes are on no labelled picture: "
            f"{listed(left.absent)}"
        )
    if len(pictures) == 1:
        yield "there is one labelled picture, which decides nothing"
    if apart := pictures.calibrated:
        beside = (
            f"; {count_text(apart.overlapping, 'picture')} of it judge too, by their pixels, and was not used"
            if apart.overlapping
            else ""
        )
        yield f"INT8 is calibrated on {count_text(apart.count, 'picture')} of {apart.source}{beside}"
