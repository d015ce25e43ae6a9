"""How records are stored: one ``msgspec.Struct`` both writes a record and reads it, and an error has the field's path.

Nothing that runs in a worker imports this folder: msgspec is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from runoff.errors import Exit, RunoffError
from runoff.judge.ratio_bounds import LARGEST_RATIO

SCHEMA = 3
"""The number of the form in which runs are stored; it changes whenever a reader would misread the other form.

``upgrade.py`` has the way from older ones.
"""

LARGEST = 1e39
"""More than any machine measures, and than any float32 is; a product of a few such is a number still."""
UTMOST = LARGEST_RATIO
"""The bound of fields that declare none; an interval of two launches may well end beyond what is measured."""
SMALLEST = 1e-18
Number = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
"""A number that can have been measured."""
Amount = Annotated[float, Meta(ge=SMALLEST, le=LARGEST)]
"""One above zero."""
Size = Annotated[float, Meta(ge=0, le=LARGEST)]
"""One of zero or more."""
Count = Annotated[int, Meta(ge=1, le=10**9)]
"""How often something was done that was done at all."""
Proportion = Annotated[float, Meta(gt=0, lt=1)]
"""A number above zero and below one."""

Record = TypeVar("Record")

PLAIN_WORDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}
"""What msgspec's names of types are called in an error."""
STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
MOST_NESTED = 64
"""A run has a dozen lists and objects in each other."""
TOO_DEEP = "lists and objects are nested too deeply"
REMEDY = "give a file that Runoff stored, such as results/runoff.json"
FREE = "dict[str, Any]"
"""The annotation of fields that may hold anything, as it is written in their modules."""
ANY_ENTRY = "[...]"
"""How msgspec writes the key of an object whose keys are free."""


class StoredRunBroken(RunoffError):
    """A file is not a run that Runoff stored, or one of another schema: ``what`` is wrong, and the remedy.

    Remedy: give a file that Runoff stored, such as ``results/runoff.json``.
    """

    exit_code = Exit.NOT_A_RUN

    def __init__(self, what: str, remedy: str = REMEDY) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


def one_line(text: str) -> str:
    """Return text in one line without control characters: terminals obey them and vl-convert dies of them."""
    line = " ".join(text.split())
    return line if line.isprintable() else " ".join("".join(filter(str.isprintable, line)).split())


def write_record(record: Any) -> Any:
    """Return a record as JSON values."""
    return msgspec.to_builtins(record, str_keys=True)


def read_record(value: Any, kind: type[Record], path: str = "") -> Record:
    """Read a record that stands at a path of a file from its JSON values; all texts become one line each.

    Raises StoredRunBroken with the path of the first field that is missing or not as declared, or whose number no
    machine measures: NaN and infinity are such, in every field, whatever bounds it declares.
    """
    try:
        cleaned = clean(value)
        record = msgspec.convert(cleaned, kind, str_keys=True)
    except msgspec.ValidationError as error:
        raise StoredRunBroken(explain(str(error), cleaned, kind, path)) from error
    for place, number in numbers_beyond(record):
        where = (path + place).lstrip(".")
        raise StoredRunBroken(f"{where}: is {number}, expected a number from {-UTMOST:g} to {UTMOST:g}")
    return record


def numbers_beyond(value: Any, place: str = "") -> Iterator[tuple[str, float]]:
    """Yield each number of a record that is beyond what is measured, with its place; free fields may hold any."""
    if isinstance(value, float):
        if not -UTMOST <= value <= UTMOST:
            yield place, value
    elif isinstance(value, (list, tuple)):
        for index, entry in enumerate(value):  # most of a run are numbers, and a call for each takes long
            if not (isinstance(entry, float) and -UTMOST <= entry <= UTMOST):
                yield from numbers_beyond(entry, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from numbers_beyond(entry, f"{place}.{key}")
    else:
        for attribute, name in declared_fields(value.__class__):
            yield from numbers_beyond(getattr(value, attribute), f"{place}.{name}")


@cache
def declared_fields(kind: Any) -> tuple[tuple[str, str], ...]:
    """Return the fields of a record's kind, each as its attribute and its name in the file, without the free ones.

    Those hold what other plugins of pytest-benchmark store, or what is read by a kind of its own.
    """
    names = getattr(kind, "__struct_fields__", None) or tuple(getattr(kind, "__dataclass_fields__", ()))
    stored = getattr(kind, "__struct_encode_fields__", names)
    pairs = zip(names, stored, strict=True)
    return tuple((name, as_stored) for name, as_stored in pairs if kind.__annotations__.get(name) != FREE)


def clean(value: Any, depth: int = 0) -> Any:
    """Return JSON values with every text in one line.

    Raises StoredRunBroken where they are nested more deeply than any run: what recurses over them later must not fail.
    """
    if isinstance(value, str):
        return one_line(value)
    if depth > MOST_NESTED and isinstance(value, (dict, list, tuple)):
        raise StoredRunBroken(TOO_DEEP)
    if isinstance(value, dict):
        return {one_line(name): clean(entry, depth + 1) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):  # most of a run are numbers, and a call for each takes long
        return [entry if isinstance(entry, float) else clean(entry, depth + 1) for entry in value]
    return value


def explain(message: str, value: Any, kind: type[Any], path: str) -> str:
    """Say in plain words what msgspec found wrong, after the field's path: ``benchmarks[3].stats.median: expected …``.

    It takes entries out of ``value`` to find the one that is wrong.
    """
    what, _, place = message.partition(" - at `")
    below = name_keys(place.rpartition("$")[2].rstrip("`"), value, kind)
    if missing := re.fullmatch(r"Object missing required field `(.+)`", what):
        below, what = f"{below}.{missing[1]}", "it is missing"
    what = what.replace("Invalid RFC3339 encoded datetime", "Expected a date and time").replace(" | null", "")
    said = re.sub(r"`([^`]*)`", lambda kinds: " or ".join(PLAIN_WORDS.get(k, k) for k in kinds[1].split(" | ")), what)
    return f"{(path + below).lstrip('.') or 'the file'}: {said[0].lower()}{said[1:]}"


def name_keys(place: str, whole: Any, kind: type[Any]) -> str:
    """Put into a place each key that msgspec left out: that of the first entry which is refused alone."""
    named, node, (*parts, last) = "", whole, place.split(ANY_ENTRY)
    for part in parts:
        for name, number in STEP.findall(part):
            node = node[name] if name else node[int(number)]
        entries = dict(node)
        for key, entry in entries.items():
            node.clear()
            node[key] = entry
            if not is_readable(whole, kind):
                named, node = f"{named}{part}.{key}", entry
                break
    return named + last


def is_readable(value: Any, kind: type[Any]) -> bool:
    """Whether values are a record of this kind."""
    try:
        msgspec.convert(value, kind, str_keys=True)
    except msgspec.ValidationError:
        return False
    return True
