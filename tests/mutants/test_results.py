"""Is what came of mutants read, counted and held against what the documentation explains?"""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants import __main__ as command
from tests.mutants.results import (
    Change,
    Outcome,
    function_of,
    read_change,
    read_explained,
    read_statuses,
    table,
)
from tests.suite_runs import ROOT

RESULTS = """    runoff.judge.ratios.x_holm__mutmut_1: killed
    runoff.judge.ratios.x_holm__mutmut_2: survived
    runoff.judge.ratios.x_holm__mutmut_3: timeout
    runoff.judge.ratios.x_holm__mutmut_4: no tests
    runoff.judge.ratios.x_holm__mutmut_5: not checked
"""
SHOWN = """# runoff.judge.ratios.x_holm__mutmut_2: survived
--- runoff/judge/ratios.py
+++ runoff/judge/ratios.py
@@ -6,3 +6,3 @@
     adjusted: dict[Name, float] = {}
-    largest = 0.0
+    largest = 1.0
     for rank, name in enumerate(names):
"""
LARGEST = Change("judge.ratios.holm", "largest = 0.0", "largest = 1.0")
PAGE = r"""
| function | what is there | what becomes of it | why it lives |
| :--- | :--- | :--- | :--- |
| `judge.ratios.holm` | `largest = 0.0` | `largest = 1.0` | equivalent: for the test's sake |
| `*` | `, strict=True` | – | equivalent: the lengths are equal by construction |
| `compare.*` | `a \| b` | `a & b` | not worth a test: a text |
"""


def test_results_are_read_by_mutant() -> None:
    """Each mutant that was run has its status; one that was not run is left out."""
    assert Counter(read_statuses(RESULTS).values()) == {"killed": 1, "survived": 1, "timeout": 1, "no tests": 1}


@pytest.mark.parametrize(
    ("mutant", "function"),
    [
        ("runoff.judge.ratios.x_holm__mutmut_12", "judge.ratios.holm"),
        ("runoff.record.race.xǁJudgedǁcontrol__mutmut_1", "record.race.Judged.control"),
        ("runoff.judge.ratios.xǁRatioǁ__post_init____mutmut_3", "judge.ratios.Ratio.__post_init__"),
    ],
)
def test_a_mutant_belongs_to_a_function(mutant: str, function: str) -> None:
    """Functions and methods are named as in the code."""
    assert function_of(mutant) == function


def test_a_change_is_what_differs() -> None:
    """The line that was and the one that is in its place are read; context and file names are not."""
    assert read_change("runoff.judge.ratios.x_holm__mutmut_2", SHOWN) == LARGEST


def test_rows_of_the_page_explain_survivors() -> None:
    """A row names a whole line or a part of one, in one function or in all that a pattern names."""
    exact, part, other = read_explained(PAGE)
    assert exact.explains(LARGEST)
    assert not part.explains(LARGEST)
    assert part.explains(Change("record.race.f", "zip(a, b, strict=True)", "zip(a, b)"))
    assert not part.explains(Change("record.race.f", "zip(a, b, strict=True)", "zip(a, strict=True)"))
    assert other.explains(Change("compare.changes.f", "x = a | b", "x = a & b"))
    assert not other.explains(Change("judge.ratios.f", "x = a | b", "x = a & b"))
    assert [row.is_equivalent for row in (exact, part, other)] == [True, True, False]


def test_the_share_is_of_what_is_not_equivalent() -> None:
    """Of ten mutants, one equivalent, two others alive: seven of nine are dead, by failing or by taking too long."""
    found = Outcome("judge", Counter(killed=6, timeout=1, survived=2, **{"no tests": 1}), equivalent=1)
    assert found.dead_share == pytest.approx(7 / 9)
    assert found.cells == ("judge", "10", "6", "2", "1", "1", "1", "77.8%")
    assert Outcome("judge", Counter(), 0).dead_share == 1.0


def test_the_table_has_a_row_for_each_folder() -> None:
    """The headings stand over what was counted."""
    drawn = table([Outcome("judge", Counter(killed=9), 0), Outcome("record", Counter(survived=2), 0)]).splitlines()
    assert [line.split()[0] for line in drawn] == ["folder", "judge", "record"]
    assert len({len(line) for line in drawn}) == 1


@pytest.mark.parametrize(("killed", "code"), [(9, 0), (8, 1)])
def test_the_command_fails_where_too_many_live(monkeypatch, capsys, killed: int, code: int) -> None:
    """Nine of ten dead is enough and eight is not; what lives without an explanation is shown."""
    listed = "".join(f"    runoff.judge.ratios.x_mean__mutmut_{number}: killed\n" for number in range(killed))
    listed += "".join(f"    runoff.judge.ratios.x_holm__mutmut_{number}: survived\n" for number in range(10 - killed))
    printed = {"results": listed, "show": SHOWN}

    def mutmut(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(arguments, 0, printed.get(arguments[0], ""), "")

    monkeypatch.setattr(command, "mutmut", mutmut)
    monkeypatch.setattr(command, "make_tree", lambda folder, tree: None)
    assert command.main(["judge"]) == code
    said = capsys.readouterr().out
    assert said.count("  - largest = 0.0\n  + largest = 1.0") == 10 - killed
    assert f"{killed * 10}.0%" in said


def test_every_row_of_the_documentation_says_why() -> None:
    """A survivor is either equivalent or not worth a test, with the reason."""
    rows = read_explained((ROOT / "docs" / "mutants.md").read_text(encoding="utf-8"))
    assert [row for row in rows if not row.why.startswith(("equivalent: ", "not worth a test: "))] == []
