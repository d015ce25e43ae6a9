"""Are the mutants that are meant found by folder, by file, and by what a change touched?"""

from __future__ import annotations

import pytest

from tests.mutants.places import changed_lines, functions_at, pattern_of

DIFF = """diff --git a/runoff/judge/ratios.py b/runoff/judge/ratios.py
--- a/runoff/judge/ratios.py
+++ b/runoff/judge/ratios.py
@@ -10,2 +10,3 @@ def holm
-a
-b
+a
+b
+c
@@ -30,2 +30,0 @@
-x
-y
diff --git a/runoff/history/history.html b/runoff/history/history.html
--- a/runoff/history/history.html
+++ b/runoff/history/history.html
@@ -1 +1 @@
-a
+b
diff --git a/runoff/judge/gone.py b/runoff/judge/gone.py
--- a/runoff/judge/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-a
"""
SOURCE = """MARGIN = 0.05


def first():
    return 1


class Judged:
    reference: str

    def control(self):
        return 2
"""


@pytest.mark.parametrize(
    ("place", "pattern"),
    [
        ("judge", "runoff.judge.*"),
        ("runoff/judge/", "runoff.judge.*"),
        ("judge/ratios.py", "runoff.judge.ratios.*"),
        ("runoff/measure/service/load.py", "runoff.measure.service.load.*"),
    ],
)
def test_a_place_is_a_folder_or_a_file(place: str, pattern: str) -> None:
    """A folder or a file below runoff/ may be named with and without it."""
    assert pattern_of(place) == pattern


def test_a_place_that_is_not_there_is_refused() -> None:
    """A mistyped folder is no empty one."""
    with pytest.raises(SystemExit, match="no folder or file jugde"):
        pattern_of("jugde")


def test_lines_of_a_diff_are_those_that_are_left() -> None:
    """Lines that were changed or added count, and the two around a gap; other files than Python's do not."""
    assert changed_lines(DIFF) == {"runoff/judge/ratios.py": {10, 11, 12, 30, 31}}


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ({1}, []),
        ({5}, ["runoff.a.x_first__mutmut_*"]),
        ({12}, ["runoff.a.xǁJudgedǁcontrol__mutmut_*"]),
        ({1, 4, 11}, ["runoff.a.x_first__mutmut_*", "runoff.a.xǁJudgedǁcontrol__mutmut_*"]),
    ],
)
def test_functions_are_found_by_their_lines(lines: set[int], names: list[str]) -> None:
    """A line within a function or method means its mutants; one outside means none."""
    assert list(functions_at(SOURCE, lines, "runoff/a.py")) == names
