"""What changed in the undisturbed ratio stands beside what changed in the typical one, which alone decides."""

from __future__ import annotations

import math

import pytest

from runoff.compare.changes import Comparison, compare_runs
from runoff.compare.comparison import (
    UNDISTURBED,
    UNDISTURBED_CHANGE,
    changes_table,
    render_comparison,
    render_markdown_comparison,
)
from runoff.compare.within import compare_within
from runoff.errors import Exit
from runoff.stored.run import StoredRun, parse_run
from tests.builders.stored_runs import make_comparable_run, set_undisturbed, spread
from tests.compare.test_within import race

FILES = ("a.json", "b.json")
LAUNCHES = {("inference", "onnxruntime"): spread(-0.58), ("inference", "tensorflow"): spread(0.1)}


def run_of(undisturbed: float | None, typical: float = 1.0) -> StoredRun:
    """Return a run whose first contender has an undisturbed ratio, and a typical one that changed by a factor."""
    changed = {("inference", "onnxruntime"): spread(-0.58 + math.log(typical))}
    stored = make_comparable_run(LAUNCHES | changed)
    if undisturbed is not None:
        set_undisturbed(stored, "onnxruntime", undisturbed)
    return parse_run(stored)


def said(found: Comparison) -> str:
    """Return what a comparison says on a terminal of a hundred columns, in one line."""
    text = render_comparison(found, FILES)
    assert max(map(len, text.splitlines())) <= 100
    return " ".join(text.split())


def test_both_changes_stand_side_by_side() -> None:
    """Where both runs have the undisturbed ratio its change has a column and a note; another contender has a dash."""
    found = compare_runs(run_of(0.6), run_of(0.66))
    assert [change.undisturbed is None for change in found.changes] == [False, True]
    assert found.changes[0].undisturbed.value == pytest.approx(1.1)
    assert found.changes[0].undisturbed.low < 1.1 < found.changes[0].undisturbed.high
    assert "+10.0 % ±1.3 %" in said(found)
    assert f"undisturbed: {UNDISTURBED}" in said(found)
    assert "| undisturbed change |" in render_markdown_comparison(found, FILES)
    assert changes_table(found).droppable == (UNDISTURBED_CHANGE,)


@pytest.mark.parametrize(("before", "after"), [(0.6, None), (None, 0.6), (None, None)])
def test_a_run_without_it_is_compared_as_before(before: float | None, after: float | None) -> None:
    """Where one of the two has no undisturbed ratio there is no column, and nothing is missing."""
    found = compare_runs(run_of(before), run_of(after))
    assert found.exit_code == Exit.DONE
    assert "undisturbed" not in said(found)


def test_the_gate_is_by_the_typical_ratio_alone() -> None:
    """An undisturbed ratio that is much worse fails nothing, and one that stayed saves nothing."""
    assert compare_runs(run_of(0.6), run_of(0.9), 0.05).exit_code == Exit.DONE
    assert compare_runs(run_of(0.6), run_of(0.6, typical=1.2), 0.05).exit_code == Exit.WORSE


def test_two_trees_of_one_run_have_both() -> None:
    """Raced in one run, a tree's undisturbed ratio to the other is its change."""
    stored = race(1.03)
    set_undisturbed(stored, "onnxruntime", 1.02)
    found = compare_within(parse_run(stored))
    (change,) = (change for change in found.changes if change.group == "inference")
    assert change.undisturbed.value == pytest.approx(1.02)
