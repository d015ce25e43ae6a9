"""Preprocessing as users write it: the fields of a file, each checked, laid over what is known already."""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runoff.contract import Preprocessing
from runoff.errors import UsageError
from runoff.model.inputs.preprocessing import INTEGERS, REACH, RESIZES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LONGEST_SIDE = 2048
CHANNELS = ("RGB", "BGR", "L")
LAYOUTS = ("NCHW", "NHWC")
DTYPES = ("float32", "float16", INTEGERS)
NEUTRAL: Mapping[str, Any] = {"scale": 1.0, "mean": (0.0,), "deviation": (1.0,)}
"""What leaves levels as they are."""
NEEDED = ("crop", "mean", "deviation")
"""What can't be left out where nothing is known."""


def sides(value: Any) -> tuple[int, ...] | None:
    """Read a height and a width, or one number for both."""
    both = (value, value) if is_whole(value) else tuple(value) if isinstance(value, Sequence) else ()
    right = len(both) == 2 and all(is_whole(side) and 1 <= side <= LONGEST_SIDE for side in both)
    return both if right else None


def numbers(value: Any) -> tuple[float, ...] | None:
    """Read finite numbers: one, or one for each channel."""
    found = (value,) if is_number(value) else tuple(value) if isinstance(value, (list, tuple)) else ()
    return tuple(float(each) for each in found) if found and all(is_number(each) for each in found) else None


def deviations(value: Any) -> tuple[float, ...] | None:
    """Read numbers above zero."""
    found = numbers(value)
    return found if found and min(found) > 0 else None


def levels(value: Any) -> tuple[int, ...] | None:
    """Read levels from 0 to 255: one, or one for each channel."""
    found = (value,) if is_whole(value) else tuple(value) if isinstance(value, (list, tuple)) else ()
    return found if found and all(is_whole(level) and 0 <= level <= 255 for level in found) else None


def positive(value: Any) -> float | None:
    """Read one number above zero."""
    return float(value) if is_number(value) and value > 0 else None


def one_of(*names: str) -> Callable[[Any], str | None]:
    """Return what reads one of these names."""
    return lambda value: value if value in names else None


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, which True is not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number."""
    return (is_whole(value) and abs(value) < 2**63) or (isinstance(value, float) and math.isfinite(value))


SIDES = f"[HEIGHT, WIDTH] or one number, from 1 to {LONGEST_SIDE}"
READERS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "size": (sides, SIDES),
    "crop": (sides, SIDES),
    "mean": (numbers, "a number, or one for each channel"),
    "deviation": (deviations, "a number above zero, or one for each channel"),
    "resize": (one_of(*RESIZES), ", ".join(RESIZES)),
    "interpolation": (one_of(*REACH), ", ".join(REACH)),
    "fill": (levels, "a level from 0 to 255, or one for each channel"),
    "scale": (positive, "a number above zero, which levels are divided by"),
    "channels": (one_of(*CHANNELS), ", ".join(CHANNELS)),
    "layout": (one_of(*LAYOUTS), ", ".join(LAYOUTS)),
    "dtype": (one_of(*DTYPES), ", ".join(DTYPES)),
}
"""How each field of a Preprocessing is read, and what to expect there; None is no such value."""


def read_field_file(path: Path) -> dict[str, Any]:
    """Read the fields of a preprocessing from a JSON or TOML file.

    Raises UsageError.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except OSError as error:
        raise UsageError(f"{path} can't be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not readable ({error}); expected JSON, or TOML where it ends in .toml") from error
    if not isinstance(values, dict) or not values:
        raise UsageError(f"{path} holds no fields; the valid ones are {', '.join(READERS)}")
    try:
        return read_fields(values)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def read_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Read fields of a preprocessing from JSON values.

    Raises UsageError for a name that is unknown or a value that can't be.
    """
    fields = {}
    for name, value in values.items():
        if name not in READERS:
            near = difflib.get_close_matches(name, READERS, n=1)
            meant = f", perhaps {near[0]}" if near else ""
            raise UsageError(f"unknown field {name!r}{meant}; the valid ones are {', '.join(READERS)}")
        read, expected = READERS[name]
        fields[name] = read(value)
        if fields[name] is None:
            raise UsageError(f"{name}: expected {expected}; found {value!r}")
    return fields


def changed(known: Preprocessing | None, changes: Sequence[Mapping[str, Any]]) -> Preprocessing | None:
    """Lay fields over a preprocessing, or over nothing, in order.

    Another crop without a size keeps the ratio of both; other channels without a mean take it in their order; integers
    take the levels as they are. Raises UsageError for fields that contradict each other, or that are missing.
    """
    for values in changes:
        known = with_fields(known, read_fields(values))
    return known


def with_fields(known: Preprocessing | None, fields: Mapping[str, Any]) -> Preprocessing:
    """Lay fields over a preprocessing, None where nothing is known.

    Raises UsageError as `changed` does.
    """
    implied: dict[str, Any] = dict(NEUTRAL) if fields.get("dtype") == INTEGERS else {}
    given = implied | dict(fields)
    if known is None:
        if missing := [name for name in NEEDED if name not in given]:
            raise UsageError(f"how pictures become the input is unknown; say {', '.join(missing)} too")
        made = Preprocessing(**{"size": given["crop"], **given})
    else:
        if "crop" in given and "size" not in given:
            ratios = zip(given["crop"], known.size, known.crop, strict=True)
            given["size"] = tuple(max(1, new * size // old) for new, size, old in ratios)
        if given.get("channels", known.channels) == known.channels[::-1]:
            given = {"mean": known.mean[::-1], "deviation": known.deviation[::-1]} | given
        made = dataclasses.replace(known, **given)
    require_consistent(made)
    return made


def require_consistent(made: Preprocessing) -> None:
    """Refuse fields that contradict each other.

    Raises UsageError.
    """
    for name in ("mean", "deviation", "fill"):
        count, channels = len(getattr(made, name)), len(made.channels)
        if count not in (1, channels):
            each = f" or {channels}" if channels > 1 else ""
            raise UsageError(f"{name} has {count} numbers, and channels {made.channels} take 1{each}; give {name} too")
    largest = 255 / made.scale
    if not all(0 <= mean <= largest for mean in made.mean):
        raise UsageError(
            f"mean {', '.join(f'{mean:g}' for mean in made.mean)} is not of levels divided by scale {made.scale:g}, "
            f"which are from 0 to {largest:g}; where it is of levels from 0 to 255, say scale 1 in a FILE"
        )
    if made.dtype == INTEGERS and any(
        set(numbers(getattr(made, name)) or ()) != set(numbers(value) or ()) for name, value in NEUTRAL.items()
    ):
        raise UsageError(f"dtype {INTEGERS} takes levels as they are: leave out scale, mean and deviation")
