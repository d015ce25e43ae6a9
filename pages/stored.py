"""The Reference page of stored fields: name, type, unit and meaning of each, from the records and their docstrings."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
import types
import typing
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, get_args, get_origin

import msgspec

from pages.errors import plain
from pages.reference import filled_table
from runoff.stored.benchmarks import CONVERSION, AnyBenchmark, Benchmark
from runoff.stored.details import Conversions
from runoff.stored.info import RunFile
from runoff.stored.run import DETAILS

UNIT = re.compile(r" \(([A-Za-z][A-Za-z` ]*)\)(?=[.;])")
"""A field's unit as its docstring has it: the words in brackets that end its first sentence."""
TYPES: Mapping[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    datetime: "date and time",
    Any: "anything",
    type(None): "none",
}
SHOWN: Mapping[type[Any], type[Any]] = {AnyBenchmark: Benchmark}
"""Records that are read before it is known whose they are, and those that say what is in them."""
PARTS: Mapping[str, tuple[str, Mapping[str, type[Any]]]] = {
    "The file": ("Benchmarks that are not Runoff's have other fields in `extra_info`.", {"": RunFile}),
    "What a metric or question adds": (
        "The benchmarks of these groups have more fields in `extra_info`.",
        {**{f"{group}: extra_info": kind for group, kind in DETAILS.items()}, f"{CONVERSION}: extra_info": Conversions},
    ),
}
"""By the heading of a part: what it is about, and the records that it begins with, by where they are."""


@dataclasses.dataclass(frozen=True)
class StoredField:
    """A field of a record as the file has it: its type in words, its unit (empty where it has none) and its meaning."""

    name: str
    type: Any
    unit: str
    meaning: str


def is_record(kind: object) -> bool:
    """Whether a type is a record with fields of its own."""
    return isinstance(kind, type) and (issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind))


def fields_of(kind: type[Any]) -> list[StoredField]:
    """Return a record's fields in their order; the meaning is empty where a field has no docstring."""
    names = {each.name: each.encode_name for each in stored_names(kind)}
    meant = docstrings_of(kind)
    found = []
    for name, annotation in typing.get_type_hints(kind).items():
        text = meant.get(name, "")
        unit = UNIT.search(text)
        meaning = UNIT.sub("", text, count=1) if unit else text
        found.append(StoredField(names.get(name, name), annotation, unit[1] if unit else "", meaning.rstrip(".")))
    return found


def stored_names(kind: type[Any]) -> tuple[Any, ...]:
    """Return what msgspec knows of a record's fields; nothing for a dataclass, whose names are stored as they are."""
    return msgspec.structs.fields(kind) if issubclass(kind, msgspec.Struct) else ()


def docstrings_of(kind: type[Any]) -> dict[str, str]:
    """Return the string after each field of a class, by the field's name; Python itself does not keep it."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(after.value.value)
        for field, after in zip(definition.body, definition.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }


def records_under(beginnings: Mapping[str, type[Any]], known: Collection[type[Any]]) -> dict[type[Any], str]:
    """Return records and all that their fields hold but for those that are known, by the least deep place of each."""
    found: dict[type[Any], str] = {}
    left = deque(beginnings.items())
    while left:
        place, kind = left.popleft()
        if kind in known or kind in found:
            continue
        found[kind] = place
        for field in fields_of(kind):
            left.extend(records_in(field.type, f"{place}.{field.name}".lstrip(".")))
    return found


def records_in(annotation: Any, place: str) -> Iterator[tuple[str, type[Any]]]:
    """Yield the records in a type, with where they are: lists and names have an ellipsis."""
    if is_record(annotation):
        yield place, SHOWN.get(annotation, annotation)
        return
    several = get_origin(annotation) in (tuple, dict)
    for inside in get_args(annotation):
        yield from records_in(inside, f"{place}[…]" if several else place)


def type_words(annotation: Any, *, several: bool = False) -> str:
    """Write a type as people read JSON, or that of several such values; a record is a link to its table."""
    if is_record(annotation):
        name = SHOWN.get(annotation, annotation).__name__
        return f"[{name}](#{name.lower()})"
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return f"{type_words(arguments[1])}, by {'number' if arguments[0] is int else 'name'}"
    if get_origin(annotation) is tuple:
        fixed = "" if arguments[-1] is Ellipsis else f"{len(arguments)} "
        return f"{'lists' if several else 'list'} of {fixed}{type_words(arguments[0], several=True)}"
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return " or ".join(map(type_words, arguments))
    return TYPES[annotation] + ("s" if several and annotation in (int, float) else "")


def stored_text() -> str:
    """Write a table for every record of a stored run, under the place where it is first."""
    lines: list[str] = []
    known: set[type[Any]] = set()
    for heading, (about, beginnings) in PARTS.items():
        found = records_under(beginnings, known)
        lines += ["", f"## {heading}", "", about]
        lines += [line for kind, place in found.items() for line in record_lines(kind, place)]
        known |= set(found)
    return "\n".join(lines).strip()


def record_lines(kind: type[Any], place: str) -> Iterator[str]:
    """Yield a record's heading, where it is, what it is, and a row for each field."""
    about = plain((inspect.getdoc(kind) or "").partition("\n")[0])
    yield from ("", f"### {kind.__name__}", "", f"`{place}`: {about}" if place else about, "")
    yield from filled_table(
        ["field", "type", "unit", "meaning"],
        [
            [f"`{field.name}`", type_words(field.type), plain(field.unit), plain(field.meaning)]
            for field in fields_of(kind)
        ],
    )
