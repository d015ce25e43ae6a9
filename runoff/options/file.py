"""The file that options are read from: ``runoff.toml``, or the section ``[tool.runoff]`` of ``pyproject.toml``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OWN = "runoff.toml"
PROJECT = "pyproject.toml"
ROOTS = (".git", ".hg")
"""What the root of a repository has."""


@dataclass(frozen=True)
class OptionFile:
    """A file with options: its path, its text and what it gives.

    ``unread`` is a file beside it that gives options too, which this one replaces.
    """

    path: Path
    text: str
    values: Mapping[str, Any]
    unread: Path | None = None

    @property
    def name(self) -> str:
        """The file's path from the current folder."""
        return os.path.relpath(self.path)

    def place(self, key: str) -> str:
        """Say where the file gives an option: its name, and the line where the key begins.

        It begins after the longest beginning of the file that can be read and does not have it.
        """
        return f"{self.name}, line {1 + lines_read(self.text, lambda content: key in section_of(self.path, content))}"


def lines_read(text: str, is_over: Callable[[Mapping[str, Any]], bool]) -> int:
    """Return how many lines TOML's reader, which tells no lines, can read before what it has read is over."""
    lines, last = text.split("\n"), 0
    for count in range(1, len(lines) + 1):
        with suppress(ValueError, RecursionError):
            if is_over(tomllib.loads("\n".join(lines[:count]) + "\n")):
                break
            last = count
    return last


def section_of(path: Path, content: Mapping[str, Any]) -> Any:
    """Return what of a file's content is Runoff's; nothing where it has no section of Runoff's."""
    if path.name == OWN:
        return content
    tool = content.get("tool")
    return tool.get("runoff", {}) if isinstance(tool, dict) else {}


def find_option_file(folder: Path) -> OptionFile | None:
    """Return the file with options that holds in a folder: its own, or the nearest one above it in its repository.

    ``runoff.toml`` goes before ``pyproject.toml`` beside it. Raises UsageError for a file that can't be read.
    """
    for place in searched(folder):
        found = [file for name in (OWN, PROJECT) if (file := read_option_file(place / name)) is not None]
        if found:
            first, *others = found
            return OptionFile(first.path, first.text, first.values, others[0].path if others else None)
    return None


def searched(folder: Path) -> Iterator[Path]:
    """Yield a folder, and those above it up to the root of its repository; outside one, no file above it holds."""
    places = [folder, *folder.parents]
    roots = [place for place in places if any((place / name).exists() for name in ROOTS)]
    yield from places[: places.index(roots[0]) + 1] if roots else [folder]


def read_option_file(path: Path) -> OptionFile | None:
    """Read a file with options; None where there is none, or a project's file has no section for Runoff.

    Raises UsageError.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = section_of(path, tomllib.loads(text))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{os.path.relpath(path)} can't be read ({error.strerror}); make it readable") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{os.path.relpath(path)} is no text in UTF-8 ({error}); write it so") from error
    except (ValueError, RecursionError) as error:
        line = 1 + lines_read(text, lambda _: False)
        reason = re.sub(r" \(at .*\)$", "", str(error))
        raise UsageError(f"{os.path.relpath(path)}, line {line}: this is no TOML: {reason}; correct it") from error
    if not isinstance(values, dict):
        raise UsageError(f"{os.path.relpath(path)}: tool.runoff is {values!r}; expected a section [tool.runoff]")
    return OptionFile(path, text, values) if values or path.name == OWN else None
