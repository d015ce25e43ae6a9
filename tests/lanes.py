"""How the tests run: each within a bound, and, where pytest-xdist runs two at once, what measures alone.

Tests of one file stay together (``--dist loadfile``), for what they share. Longest first, and what runs alone last.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.children import LONGEST_RUN

LONGEST_TEST = 300.0
"""Seconds after which a test is ended and fails, with the stacks of all threads, unless it has a bound of its own."""
MARKERS = {
    "alone": "it measures, and no other test runs beside it",
    "browser": "it looks at a page in Chromium",
    "draws": "its charts are drawn by Vega-Lite, where others have sketches",
    "elsewhere": "it makes an environment of another Python",
    "framework": "it needs a runtime under test",
    "full": "tests-full alone runs it: it takes long, and another test sees a part of it sooner",
    "long": "it draws the pictures, or takes more of a processor than a save is worth",
    "suite": "it runs pytest in a copy of the suite",
}
LONGEST_FIRST = ("full", "framework", "suite", "browser", "long")
"""The markers of what takes longest, which begins first, so that two workers end at about the same time."""
SUITES = {"suite", "real_suite", "imagining"}
"""The fixtures that copy the suite, for tests that run pytest in pytest."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers of the tests, and bound every test by pytest-timeout."""
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    if not config.pluginmanager.hasplugin("timeout"):
        raise pytest.UsageError("pytest-timeout is not installed: python -m pip install -e '.[tests]'")
    if config.option.timeout is None:
        config.option.timeout = LONGEST_TEST
    keep_bytecode()


def keep_bytecode() -> None:
    """Let this process and those that it starts keep compiled code, whatever the shell says.

    Without, each start compiles anew all that it imports, and pytest writes each assert of the tests anew: ten seconds
    of a processor for each of two workers, before the first test.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark what runs the suite, give what needs it a longer bound, and put in order what is chosen of them."""
    for item in items:
        if SUITES & set(getattr(item, "fixturenames", ())):
            item.add_marker("suite")
        real = item.get_closest_marker("framework") is not None
        if real:
            item.add_marker(pytest.mark.timeout(LONGEST_RUN))
    yield
    if hasattr(config, "workerinput"):
        items[:] = in_order(items)


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Sort files by the longest kind of their tests, which keep their order in it; what runs alone comes last."""
    kinds: dict[Path, int] = {}
    for item in items:
        kinds[item.path] = min(kinds.get(item.path, len(LONGEST_FIRST)), kind_of(item))
    last = len(LONGEST_FIRST) + 1
    return sorted(items, key=lambda item: last if item.get_closest_marker("alone") else kinds[item.path])


def kind_of(item: pytest.Item) -> int:
    """Return which kind a test is: left to tests-full, of real frameworks, a run of the suite, or any other."""
    return [*(item.get_closest_marker(kind) is not None for kind in LONGEST_FIRST), True].index(True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let a test that is marked ``alone`` wait until no other runs, and the others until it is over."""
    if not hasattr(item.config, "workerinput"):
        return (yield)
    shared = Path(item.config.option.basetemp).parent  # every worker has its own in it
    with turn(shared, alone=item.get_closest_marker("alone") is not None):
        return (yield)


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold a room that many share or one has alone; who waits for it holds the door, so that nobody passes by."""
    with (folder / "door").open("w") as door, (folder / "room").open("w") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield


def in_full(*cases: Any) -> list[Any]:
    """Leave cases of a parametrised test to tests-full."""
    return [pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.full) for case in cases]
