"""The chaos runs' own parts: what they damage, and what they say about it."""

from __future__ import annotations

import random

from tests.chaos.__main__ import Seen, changed, follow_advice, table
from tests.chaos.faults import cut, flipped


def test_what_is_damaged_differs():
    """A cut leaves a shorter beginning; a flip changes one bit and no length."""
    content, chance = bytes(range(200)), random.Random(0)
    for _ in range(50):
        short, other = cut(content, chance), flipped(content, chance)
        assert len(short) < len(content)
        assert content.startswith(short)
        assert sum((one ^ two).bit_count() for one, two in zip(content, other, strict=True)) == 1


def test_what_was_lost_is_said(tmp_path):
    """A stored file that is gone or changed is named; a new one is no loss."""
    one, two, new = (tmp_path / name for name in ("one", "two", "new"))
    assert changed({one: "a", two: "b"}, {one: "a", two: "c", new: "d"}) == ["two is not what it was"]
    assert changed({one: "a"}, {}) == ["one is gone"]


def test_advice_is_followed_within_the_caches_alone(tmp_path):
    """A folder that a message says to delete is deleted where it is one of the caches, and nothing else is."""
    artifact, other = tmp_path / ".runoff" / "artifacts" / "a", tmp_path / "results"
    artifact.mkdir(parents=True)
    other.mkdir()
    printed = "; ".join(f"delete the folder {folder} and\nrun again" for folder in (artifact, other))
    assert follow_advice(tmp_path, printed)
    assert (artifact.exists(), other.exists()) == (False, True)
    assert not follow_advice(tmp_path, printed)


def test_the_table_has_a_row_for_each_fault():
    """Exit codes and results are counted where they differ, and whatever was wrong is named."""
    seen = [Seen("a", 0, "a run", ()), Seen("b", 1, "a run", ()), Seen("a", -9, "a run", ("one is gone",))]
    assert table(seen).splitlines()[2:] == [
        "| a | 2 | 0 (1×), -9 (1×) | a run | one is gone |",
        "| b | 1 | 1 | a run | nothing |",
    ]
