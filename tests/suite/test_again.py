"""A run again: what is made anew, and what is taken from the caches of the run before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Suite

TRUSTING = """
from fixtures import preparation

def pytest_configure(config):
    call = preparation.call
    def trusting(function, arguments, **named):
        return None if function.endswith(":require_input") else call(function, arguments, **named)
    preparation.call = trusting
"""
"""A plugin that believes that the model takes its input, which torch would be asked."""


@pytest.fixture(scope="module")
def trusting(suite: Suite) -> Iterator[None]:
    """Put the plugin into the suite."""
    plugin = suite.root / "trusting.py"
    plugin.write_text(TRUSTING)
    yield
    plugin.unlink()


def kept(suite: Suite) -> dict[str, dict[str, int]]:
    """Return what the caches hold, with the moment that each was made."""
    home = suite.root / ".runoff"
    folders = {name: list((home / name).glob("*")) for name in ("artifacts", "golden")}
    return {name: {path.name: path.stat().st_mtime_ns for path in paths} for name, paths in folders.items()}


def made_by(suite: Suite, *arguments: str) -> dict[str, int]:
    """Check a contender, hold what was cached before to what it was, and count what was made."""
    before = kept(suite)
    done = suite.race("-k", "correctness", "--contenders", "fake", "-p", "trusting", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    after = kept(suite)
    assert all(before[name].items() <= after[name].items() for name in before)
    return {name: len(after[name]) - len(before[name]) for name in before}


@pytest.mark.full
@pytest.mark.usefixtures("trusting")
def test_what_does_not_depend_on_a_change_is_not_made_again(suite: Suite) -> None:
    """Unchanged, all is cached; other numbers in the pictures make golden anew, and another size the artifact too."""
    made_by(suite)
    assert made_by(suite) == {"artifacts": 0, "golden": 0}
    assert made_by(suite, "--mean", "0.4") == {"artifacts": 0, "golden": 1}
    assert made_by(suite, "--input-size", "3", "64", "64") == {"artifacts": 1, "golden": 1}
