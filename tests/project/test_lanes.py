"""In what order the tests run where two run at once."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.lanes import in_order, keep_bytecode


@dataclass(frozen=True)
class Item:
    """A test of a file, with its markers."""

    path: Path
    markers: tuple[str, ...] = ()

    def get_closest_marker(self, name: str) -> str | None:
        """Return the marker, if the test has it."""
        return name if name in self.markers else None


def test_a_file_with_a_longer_test_comes_first_and_keeps_its_order():
    """Files are sorted by their longest kind, what runs alone comes last, and no test passes another of its file."""
    short, suite, mixed = (Path(f"test_{name}.py") for name in ("short", "suite", "mixed"))
    items = [
        Item(short),
        Item(short, ("long",)),
        Item(suite, ("suite",)),
        Item(suite, ("suite", "alone")),
        Item(mixed, ("suite",)),
        Item(mixed, ("suite", "full")),
    ]
    assert in_order(items) == [*items[4:], items[2], *items[:2], items[3]]


def test_compiled_code_is_kept_whatever_the_shell_says(monkeypatch):
    """A shell that wants none written has no say in it: here and in the processes that tests start it is written."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    keep_bytecode()
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
    assert sys.dont_write_bytecode is False
