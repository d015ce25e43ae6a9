"""The one way in which stored files are read: from a disk, a pipe or ``/dev/fd``, in any encoding of Unicode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runoff.stored.schema import TOO_DEEP, StoredRunBroken

LARGEST_FILE = 100 * 10**6
"""Bytes. A run of twenty contenders has one; as Python's values a file takes up to twenty times its size in memory."""
MOST_DIGITS = 30
"""A whole number with more is beyond whatever was counted, and becomes a float, infinity at last."""
CHUNK = 1 << 20


def read_json(path: Path) -> Any:
    """Read a file's JSON values: in UTF-8, with a byte order mark or without, UTF-16 (as PowerShell has it) or UTF-32.

    Raises StoredRunBroken with what is wrong, but not with the path, which the caller knows.
    """
    return parse_json(read_content(path))


def parse_json(content: bytes) -> Any:
    """Read a file's bytes as ``read_json`` does; raises StoredRunBroken."""
    encoding = json.detect_encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise StoredRunBroken(f"it is not JSON (no text in {encoding.upper()} at byte {error.start})") from error
    try:
        return json.loads(text, parse_int=whole_number)
    except json.JSONDecodeError as error:
        raise StoredRunBroken(f"it is not JSON ({what_is_wrong(text, error)})") from error
    except RecursionError as error:
        raise StoredRunBroken(TOO_DEEP) from error
    except MemoryError as error:
        raise StoredRunBroken("it takes more memory than there is") from error


def read_content(path: Path) -> bytes:
    """Read a file's bytes, of a pipe all that is written into it; raises StoredRunBroken where they are too many."""
    content = bytearray()
    try:
        with path.open("rb") as file:
            while len(content) <= LARGEST_FILE and (more := file.read(CHUNK)):
                content += more
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or "there is not enough memory"
        raise StoredRunBroken(f"it can't be read ({reason})") from error
    if len(content) > LARGEST_FILE:
        raise StoredRunBroken(f"it is larger than {LARGEST_FILE // 10**6} MB, the most that is read")
    return bytes(content)


def whole_number(digits: str) -> int | float:
    """Read a whole number; one that nothing can have counted becomes a float, which no field takes for one."""
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def what_is_wrong(text: str, error: json.JSONDecodeError) -> str:
    """Say what is no JSON, and where; that a file was cut off is the usual cause."""
    if not text.strip():
        return "it is empty"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
        return f"it ends in the middle, in line {text.count(chr(10)) + 1}, as one that was cut off"
    return f"{error.msg}: line {error.lineno}, column {error.colno}"
