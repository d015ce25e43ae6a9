"""Frozen values as JSON, to pass them to another process.

This module needs the standard library only, so that a worker can import it in any environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


def to_json(value: Any) -> dict[str, Any]:
    """Return a model, a form or a declaration as JSON values, to pass it to another process; a path as its text."""

    def texts(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        return {name: str(each) if isinstance(each, Path) else each for name, each in pairs}

    return asdict(value, dict_factory=texts)


def from_json(kind: type[Value], values: Mapping[str, Any]) -> Value:
    """Read what ``to_json`` returned of a value of this kind."""
    hints = get_type_hints(kind)
    return kind(**{name: read_field(hints[name], value) for name, value in dict(values).items()})


def read_field(hint: Any, value: Any) -> Any:
    """Read one field by its type: a list becomes a tuple, an object its dataclass, a text a path."""
    if get_origin(hint) is UnionType and value is not None:
        return read_field(get_args(hint)[0], value)
    if get_origin(hint) is tuple:
        return tuple(read_field(get_args(hint)[0], each) for each in value)
    if is_dataclass(hint):
        return from_json(cast(type, hint), value)
    return Path(value) if hint is Path else value
