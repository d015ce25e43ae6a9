"""Is what mutmut is given the same program, with nothing in it that mutmut leaves out?"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.tree import apply_decorators_later, make_tree
from tests.suite_runs import ROOT

DECORATED = '''
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, wraps


def twice(times):
    def decorate(function):
        return lambda *values: times * function(*values)
    return decorate


@dataclass(
    frozen=True,
)
class Box:
    """A box."""

    side: int = 2

    @property
    def volume(self) -> int:
        return self.side ** 3


@contextmanager
def opened(value):
    yield value


@twice(2)
@twice(5)
def add(a, b):
    return a + b


@lru_cache(maxsize=4)
def kept(value):
    return value
'''


def run(source: str) -> dict[str, Any]:
    """Run a module's source and return its names."""
    names: dict[str, Any] = {"__name__": "decorated"}
    exec(compile(source, "decorated.py", "exec", dont_inherit=True), names)  # noqa: S102 - the module above
    return names


@pytest.mark.parametrize("rewrite", [str, apply_decorators_later], ids=["as it is", "rewritten"])
def test_decorators_that_are_applied_later_do_the_same(rewrite) -> None:
    """A dataclass, a property, a context manager and decorators with arguments work as they were written."""
    names = run(rewrite(DECORATED))
    assert (names["Box"](3) == names["Box"](3), names["Box"]().volume) == (True, 8)
    with names["opened"](7) as value:
        assert value == 7
    assert names["add"](1, 2) == 30


def test_only_what_is_cached_stays_decorated() -> None:
    """Every decorator is gone but a cache's, whose content the processes that run mutants share."""
    nodes = ast.walk(ast.parse(apply_decorators_later(DECORATED)))
    assert [node.name for node in nodes if getattr(node, "decorator_list", [])] == ["kept"]


@pytest.mark.long
def test_the_tree_has_the_checkouts_files_and_one_folder_to_mutate(tmp_path: Path) -> None:
    """What git has is copied, one folder is rewritten, and mutmut is told which it is and which tests may kill."""
    make_tree("judge", tmp_path / "tree")
    copied = tmp_path / "tree" / "runoff"
    assert "@dataclass" not in (copied / "judge" / "ratios.py").read_text()
    assert (copied / "errors.py").read_text() == (ROOT / "runoff" / "errors.py").read_text()
    settings = (tmp_path / "tree" / "pyproject.toml").read_text()
    assert 'only_mutate = ["runoff/judge/*"]' in settings
    assert '"tests/judge"' in settings
