"""How the values of parametrised tests are named, where pytest by itself would number them: ``change0``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

LONGEST = 60


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a value by what is in it, or by its argument; None where pytest has a name for it."""
    argument = argname.rstrip("_")
    if val is None or val in ([], (), {}):
        return f"no {argument}"
    if isinstance(val, str):
        return val[:LONGEST] if len(val) > LONGEST else None
    if isinstance(val, (bytes, int, float)) or getattr(val, "__name__", "<lambda>") != "<lambda>":
        return None
    return (words_of(val) or argument)[:LONGEST]


def words_of(value: object) -> str:
    """Write a value whose text is the same in every process, which objects and sets have not; empty for others."""
    if value is None or isinstance(value, (str, int, float, PurePath)):
        return str(value)
    if isinstance(value, Mapping):
        parts = [f"{key}={words_of(entry)}" if words_of(entry) else str(key) for key, entry in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [words_of(entry) for entry in value]
    else:
        return f"{type(value).__name__}: {value}" if isinstance(value, BaseException) else ""
    return ", ".join(filter(None, parts))
