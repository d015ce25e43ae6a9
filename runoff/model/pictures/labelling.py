"""Which pictures are labelled with what: by the folders of classes that they lie in, or by a label file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runoff.errors import ImagesUnusable, LabelsUnusable
from runoff.model.pictures.folders import Listing, list_folder
from runoff.model.pictures.label_table import LabelTable, listed
from runoff.model.pictures.matching import ClassMap, labels_of, match_classes


@dataclass(frozen=True)
class Labelling:
    """The class index of each labelled picture by its name, and what there is beside them.

    ``unknown`` are numbers of pictures by a class that the model has not, ``unlisted`` is how many a label file does
    not name, ``empty`` are folders of a class without pictures.
    """

    classes: Mapping[str, int]
    unknown: Mapping[str, int]
    unlisted: int = 0
    empty: tuple[str, ...] = ()


def label_pictures(
    directory: Path, names: Sequence[str], table: LabelTable | None, class_map: ClassMap | None
) -> Labelling:
    """Say which of a model's classes ``names`` each picture of a folder is of.

    Raises ImagesUnusable, and LabelsUnusable for labels that fit no class or fit several.
    """
    listing = list_folder(directory)
    if table is not None:
        return by_table(directory, listing, names, table, class_map)
    filled = {name: pictures for name, pictures in listing.folders.items() if pictures}
    if listing.loose:
        raise ImagesUnusable(
            f"{directory} holds {count_text(len(listing.loose), 'picture')} in no folder of a class "
            f"({listed(listing.loose)}), beside {count_text(len(filled), 'folder')} of classes, so that nothing "
            "says what is on them; move them into the folder of their class, or out of the images folder"
        )
    classes = match_classes(filled, names, class_map, "folder")
    labelled = {picture: classes[folder] for folder, pictures in filled.items() for picture in pictures}
    empty = tuple(name for name, pictures in listing.folders.items() if not pictures)
    return labelling(
        labelled, {folder: len(filled[folder]) for folder, index in classes.items() if index is None}, 0, empty
    )


def labelling(
    labelled: Mapping[str, int | None], unknown: Mapping[str, int], unlisted: int = 0, empty: tuple[str, ...] = ()
) -> Labelling:
    """Return the pictures whose class the model has; raise LabelsUnusable for none."""
    known = {name: index for name, index in labelled.items() if index is not None}
    if not known:
        raise LabelsUnusable("no picture is of a class that the model has; check --class-map")
    return Labelling(known, unknown, unlisted, empty)


def by_table(
    directory: Path, listing: Listing, names: Sequence[str], table: LabelTable, class_map: ClassMap | None
) -> Labelling:
    """Label the pictures that a label file names; raise LabelsUnusable for one that is not there."""
    there = set(listing.names)
    rows = {inside(row.picture, directory): row for row in table.rows}
    if missing := [name for name in rows if name not in there]:
        places = [f"{name} (line {rows[name].line})" for name in missing]
        near = difflib.get_close_matches(missing[0], listing.names, 1)
        hint = f"; near to the first is {near[0]}" if near else ""
        raise LabelsUnusable(
            f"the label file names {count_text(len(missing), 'picture')} that {directory} does not hold: "
            f"{listed(places)}{hint}; names are paths inside --images"
        )
    classes = match_classes({row.label for row in rows.values()}, names, class_map, "label file")
    unknown: dict[str, int] = {}
    for row in rows.values():
        if classes[row.label] is None:
            unknown[row.label] = unknown.get(row.label, 0) + 1
    labelled = {name: classes[row.label] for name, row in rows.items()}
    return labelling(labelled, unknown, len(there) - len(rows))


def inside(name: str, directory: Path) -> str:
    """Return a picture's path inside the folder, of one that may be given with the folder's own path before it."""
    for before in (f"{directory.resolve().as_posix()}/", f"{directory.as_posix().removeprefix('./')}/"):
        if name.startswith(before):
            return name.removeprefix(before)
    return name


def loose_beside_classes(directory: Path, names: Sequence[str]) -> bool:
    """Whether a folder holds pictures itself, and folders of pictures that are named as classes of the model's are."""
    try:
        listing = list_folder(directory)
    except ImagesUnusable:  # whoever reads the pictures says what is wrong
        return False
    labels = labels_of(names)

    def is_class(folder: str) -> bool:
        try:
            labels.find(folder)
        except LabelsUnusable:
            return False
        return True

    return bool(listing.loose) and any(pictures and is_class(name) for name, pictures in listing.folders.items())


def count_text(count: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
