"""What users write on a command line: quantities such as ``5%``, ``100ms`` and ``90s``, and commands."""

from __future__ import annotations

import argparse
import math
import re
from argparse import ArgumentTypeError
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
STANDARD_OUTPUT = Path("-")
"""The path that stands for printing."""
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""The commands of ``python -m runoff``, to which each part adds its own."""


def share(text: str) -> float:
    """Read a percentage of zero or more as a share: ``5%`` is 0.05.

    Raises ArgumentTypeError, which argparse and pytest show as the user's mistake.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text)
    if found is None or math.isinf(float(found[1])):
        raise ArgumentTypeError(f"expected a percentage such as 5%, found {text!r}")
    return float(found[1]) / 100


def positive_share(text: str) -> float:
    """Read a percentage above zero as a share.

    Raises ArgumentTypeError.
    """
    value = share(text)
    if value == 0:
        raise ArgumentTypeError(f"expected a percentage above zero, found {text!r}")
    return value


def duration(text: str) -> float:
    """Read a duration above zero in seconds: ``100ms``, ``90s``, ``10m``, ``1.5h``; a bare number is seconds.

    Raises ArgumentTypeError.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|[smh]?)\s*", text)
    seconds = float(found[1]) * SECONDS[found[2] or "s"] if found else math.nan
    if not 0 < seconds < math.inf:
        raise ArgumentTypeError(f"expected a duration above zero such as 90s or 10m, found {text!r}")
    return seconds


def size(text: str) -> int:
    """Read a size of zero or more in bytes: ``5GB``, ``300MB``, ``1.5kB``; a bare number is bytes.

    Raises ArgumentTypeError.
    """
    found = re.fullmatch(r"\s*(\d{1,15}(?:\.\d+)?)\s*([kMGT]?B|)\s*", text)
    if found is None:
        raise ArgumentTypeError(f"expected a size such as 300MB or 5GB, found {text!r}")
    return round(float(found[1]) * BYTES[found[2] or "B"])


def whole_number(text: str, least: int = 0, most: float = math.inf) -> int:
    """Read a whole number within bounds.

    Raises ArgumentTypeError.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        bounds = f"of at least {least}" if most == math.inf else f"from {least} to {most}"
        raise ArgumentTypeError(f"expected a whole number {bounds}, found {text!r}")
    return int(text)


def positive(text: str) -> int:
    """Read a whole number above zero; raises ArgumentTypeError."""
    return whole_number(text, 1)


def share_text(value: float) -> str:
    """Write a share as ``share`` reads it."""
    return f"{plain_text(value * 100)}%"


def duration_text(seconds: float) -> str:
    """Write a duration as ``duration`` reads it."""
    return f"{plain_text(seconds)}s"


def plain_text(number: float) -> str:
    """Write a number with ten digits at most and without an exponent."""
    return f"{Decimal(f'{number:.10g}'):f}"
