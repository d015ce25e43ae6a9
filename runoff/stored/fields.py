"""Reading JSON values whose shape is not known to be right, so that an error can name the field."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from runoff.errors import RunoffError

Value = TypeVar("Value")


def one_line(text: str) -> str:
    """Give text in one line without control characters: terminals obey them and vl-convert dies of them."""
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(character for character in line if character.isprintable())


class StoredRunBroken(RunoffError):
    """A file is not a run that Runoff stored, or one of another schema."""


@dataclass(frozen=True)
class Field:
    """A JSON value and where it stands: ``benchmarks[3].stats.median``."""

    path: str
    value: Any

    def __getitem__(self, name: str) -> Field:
        """Give a field of an object; raises StoredRunBroken where it is missing."""
        values = self._checked(dict, "an object")
        below = f"{self.path}.{name}" if self.path else name
        if name not in values:
            raise StoredRunBroken(f"the field {below} is missing")
        return Field(below, values[name])

    def get(self, name: str) -> Field | None:
        """Give a field of an object, None where it is missing or null."""
        values = self._checked(dict, "an object")
        return None if values.get(name) is None else self[name]

    def optional(self, name: str, read: Callable[[Field], Value]) -> Value | None:
        """Read a field of an object, None where it is missing or null."""
        found = self.get(name)
        return None if found is None else read(found)

    def parts(self) -> dict[str, Field]:
        """Give all fields of an object."""
        values = self._checked(dict, "an object")
        return {(clean := one_line(name)): Field(f"{self.path}.{clean}", value) for name, value in values.items()}

    def numbered(self) -> dict[int, Field]:
        """Give all fields of an object whose names are whole numbers."""
        parts = self.parts()
        for name in parts:
            if not name.isdecimal():
                raise StoredRunBroken(f"the field {self.path}.{name} has a name that is no whole number")
        return {int(name): part for name, part in parts.items()}

    def items(self) -> list[Field]:
        """Give all values of a list."""
        return [Field(f"{self.path}[{place}]", value) for place, value in enumerate(self._checked(list, "a list"))]

    def text(self) -> str:
        """Read text, as one line."""
        return one_line(self._checked(str, "text"))

    def whole(self) -> int:
        """Read a whole number."""
        return int(self._checked(int, "a whole number"))

    def number(self) -> float:
        """Read a finite number."""
        value = float(self._checked((int, float), "a number"))
        if not math.isfinite(value):
            raise StoredRunBroken(f"the field {self.path} is {value}, expected a finite number")
        return value

    def amount(self) -> float:
        """Read a finite number above zero."""
        value = self.number()
        if value <= 0:
            raise StoredRunBroken(f"the field {self.path} is {value}, expected a number above zero")
        return value

    def proportion(self) -> float:
        """Read a number above zero and below one."""
        value = self.number()
        if not 0 < value < 1:
            raise StoredRunBroken(f"the field {self.path} is {value}, expected a number above zero and below one")
        return value

    def texts(self) -> dict[str, str]:
        """Read an object of texts."""
        return {name: part.text() for name, part in self.parts().items()}

    def numbers(self) -> dict[str, float]:
        """Read an object of finite numbers."""
        return {name: part.number() for name, part in self.parts().items()}

    def _checked(self, kind: type | tuple[type, ...], expected: str) -> Any:
        """Give the value; raises StoredRunBroken where it is of another kind (true is no number)."""
        if not isinstance(self.value, kind) or isinstance(self.value, bool):
            where = f"the field {self.path}" if self.path else "the file"
            raise StoredRunBroken(f"{where} is {self._excerpt()}, expected {expected}")
        return self.value

    def _excerpt(self) -> str:
        """Write the value as JSON would, shortly."""
        if isinstance(self.value, (dict, list)):
            return "an object" if isinstance(self.value, dict) else "a list"
        written = json.dumps(self.value)
        return written if len(written) <= 40 else f"{written[:40]}…"
