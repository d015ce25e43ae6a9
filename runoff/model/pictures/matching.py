"""From what pictures are labelled with to a model's classes: by name, by synset, or by a class map; never by guess."""

from __future__ import annotations

import difflib
import importlib.util
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runoff.errors import LabelsUnusable
from runoff.model.pictures.label_table import DELIMITERS, LABEL_NAMES, listed, read_text, split

INDICES = "indices"
"""What ``--class-map`` is given where pictures are labelled by the places of the model's classes, 0 for the first."""
SYNSET = re.compile(r"n\d{8}")
"""A synset of WordNet's, as ImageNet's folders are named."""
NEAREST = 3
SYNSET_FILE, LEMMA_FILE = "imagenet_synsets.txt", "imagenet_synset_to_lemma.txt"
"""What timm's wheels have held since version 0.9: ImageNet's 1,000 synsets in the order of its classes, and names."""
SAME_NAMES = 0.99
"""The share of a model's classes that must be named as ImageNet's are for its classes to be ImageNet's.

TorchVision names two of 1,000 in its own way; timm none.
"""
Classes = Mapping[str, int | None]
"""A class index by the name that pictures are labelled with; None where the model has no such class."""


@dataclass(frozen=True)
class ClassMap:
    """What ``--class-map`` says: for a name on pictures a label of the model's, its index, or None for no class of it.

    With ``indices`` every name is an index. ``text`` is what the option was.
    """

    text: str
    entries: Mapping[str, str | int | None] = field(default_factory=dict)
    indices: bool = False


def read_class_map(text: str) -> ClassMap:
    """Read ``--class-map``: ``indices``, or a file with a name and a class a row, or a JSON object.

    Raises LabelsUnusable.
    """
    if text == INDICES:
        return ClassMap(text, indices=True)
    try:
        content = read_text(Path(text).read_bytes(), text)
    except OSError as error:
        raise LabelsUnusable(f"the class map {text} can't be read ({error.strerror or error})") from error
    pairs = json_pairs(content, text) if content.lstrip().startswith("{") else table_pairs(content, text)
    entries: dict[str, str | int | None] = {}
    for name, value in pairs:
        if name in entries:
            raise LabelsUnusable(f"{text} has two rows for {name!r}; leave one")
        entries[name] = value
    if not entries:
        raise LabelsUnusable(f"{text} is empty; expected a name on pictures and the model's label for it, a pair a row")
    return ClassMap(text, entries)


def json_pairs(content: str, called: str) -> list[tuple[str, str | int | None]]:
    """Read the pairs of a JSON object, where a number is an index and null no class; raises LabelsUnusable."""
    try:
        pairs: list[tuple[str, str | int | None]] = json.loads(content, object_pairs_hook=list)
    except (ValueError, RecursionError) as error:
        raise LabelsUnusable(f"{called} begins as a JSON object and is none ({error})") from error
    for name, value in pairs:
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            raise LabelsUnusable(f"{called}: expected a label, an index or null for {name!r}, found {value!r}")
    return pairs


def table_pairs(content: str, called: str) -> list[tuple[str, str | int | None]]:
    """Read the pairs of a table of two columns; an empty second one is no class; raises LabelsUnusable."""
    delimiter = "\t" if "\t" in content else ","
    rows = list(split(content, delimiter))
    for line, fields in rows:
        if len(fields) != 2:
            raise LabelsUnusable(
                f"{called}, line {line}: expected two columns with {DELIMITERS[delimiter]} between, a name on pictures "
                f"and the model's label for it, found {len(fields)}"
            )
    has_header = bool(rows) and rows[0][1][1].strip().lower() in (*LABEL_NAMES, "index")
    return [(name.strip(), value.strip() or None) for _, (name, value) in rows[has_header:]]


def folded(name: str) -> str:
    """Return a name's letters and digits alone, without case: what two ways to write it have in common."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())


@dataclass(frozen=True)
class Labels:
    """A model's labels, to find a class by its name; ``synsets`` are those of ImageNet where its classes are these."""

    names: Sequence[str]
    exact: Mapping[str, Sequence[int]]
    alike: Mapping[str, Sequence[int]]
    synsets: Mapping[str, int]

    def find(self, name: str) -> int:
        """Return the index of the class of this name: exactly, then without case and punctuation, then by synset.

        Raises LabelsUnusable, with the nearest names, for none and for several.
        """
        for found in (self.exact.get(name, ()), self.alike.get(folded(name), ()) if folded(name) else ()):
            if len(found) > 1:
                several = " and ".join(f"{self.names[index]!r} (index {index})" for index in found)
                raise LabelsUnusable(f"{name!r} could be {several}")
            if found:
                return found[0]
        if name in self.synsets:
            return self.synsets[name]
        raise LabelsUnusable(f"{name!r} is no label of the model{self.hint(name)}")

    def index(self, text: str) -> int:
        """Return a class index that is written as a text; raises LabelsUnusable."""
        if not text.isdecimal() or int(text) >= len(self.names):
            raise LabelsUnusable(f"{text!r} is no index from 0 to {len(self.names) - 1}")
        return int(text)

    def hint(self, name: str) -> str:
        """Say what is near to a name, or how a name of its kind is used."""
        if SYNSET.fullmatch(name) and not self.synsets:
            return (
                " (a synset of ImageNet: which class it is, timm's package knows, for a model with ImageNet's 1,000 "
                "labels; install timm)"
            )
        if name.isdecimal():
            return f" (if it is the place of a class, counted from 0: --class-map {INDICES})"
        near = difflib.get_close_matches(folded(name), [each for each in self.alike if each], NEAREST, 0.5)
        found = [self.names[self.alike[each][0]] for each in near]
        return f" (near: {', '.join(map(repr, found))})" if found else ""


def labels_of(names: Sequence[str]) -> Labels:
    """Return a model's labels by all that they can be found by."""
    return Labels(names, by(names, str), by(names, folded), synsets_of(names))


def by(names: Iterable[str], key: Callable[[str], str]) -> dict[str, list[int]]:
    """Return the places of names by a key of each."""
    places: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        places.setdefault(key(name), []).append(index)
    return places


def synsets_of(names: Sequence[str]) -> Mapping[str, int]:
    """Return the class of each synset where a model's classes are ImageNet's 1,000 in their order, else nothing.

    The list comes with timm, which is not imported: its data files are read. TorchVision's wheels have none.
    """
    package = importlib.util.find_spec("timm")
    if package is None or not package.submodule_search_locations:
        return {}
    folder = Path(package.submodule_search_locations[0]) / "data" / "_info"
    try:
        synsets = (folder / SYNSET_FILE).read_text(encoding="utf-8").split()
        lines = (folder / LEMMA_FILE).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    lemmas = dict(line.partition("\t")[::2] for line in lines)
    if len(names) != len(synsets):
        return {}
    known = [{folded(part) for part in (*lemmas[each].split(","), lemmas[each])} for each in synsets]
    same = sum(folded(name) in these for name, these in zip(names, known, strict=True))
    return {each: index for index, each in enumerate(synsets)} if same >= SAME_NAMES * len(names) else {}


def match_classes(used: Iterable[str], names: Sequence[str], class_map: ClassMap | None, what: str) -> Classes:
    """Return the model's class of every name that pictures are labelled with, by its labels ``names``.

    ``what`` says what carries the names, as ``the folder`` does. Raises LabelsUnusable, with all that is wrong.
    """
    labels, given = labels_of(names), class_map or ClassMap("")
    problems = []
    mapped: dict[str, int | None] = {}
    for name, value in given.entries.items():
        try:
            mapped[name] = None if value is None else mapped_class(value, labels)
        except LabelsUnusable as error:
            problems.append(f"{given.text} maps {name!r} to {value!r}: {error}")
    found: dict[str, int | None] = {}
    for name in () if problems else sorted(used):
        try:
            unmapped = labels.index if given.indices else labels.find
            found[name] = mapped[name] if name in mapped else unmapped(name)
        except LabelsUnusable as error:
            problems.append(str(error))
    problems = problems or twice(found, mapped, names)
    if problems:
        remedy = f"rename it, or say which class it is by --class-map FILE, with lines such as {what} name,label"
        raise LabelsUnusable(f"{what} names don't fit the model's labels: {listed(problems)}; {remedy}")
    return found


def mapped_class(value: str | int, labels: Labels) -> int:
    """Return the class that a class map's label or index stands for; a text of digits may be either, but not both.

    Raises LabelsUnusable.
    """
    if isinstance(value, int):
        return labels.index(str(value))
    if not value.isdecimal() or int(value) >= len(labels.names):
        return labels.find(value)
    if value in labels.exact and labels.find(value) != int(value):
        raise LabelsUnusable(
            f"it is the label of class {labels.find(value)} and the index of another; write the map as JSON, where "
            'a label is "3" and an index 3'
        )
    return labels.index(value)


def twice(found: Classes, mapped: Classes, names: Sequence[str]) -> list[str]:
    """Say which names would be one class without a class map that says so."""
    first: dict[int, str] = {}
    problems = []
    for name, index in found.items():
        if index is None or name in mapped:
            continue
        if (before := first.setdefault(index, name)) != name:
            problems.append(f"{before!r} and {name!r} would both be {names[index]!r}")
    return problems
