"""How the tests themselves run: what was not run is said in the end, what hangs ends, what measures runs alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.suite_runs import ROOT

pytestmark = pytest.mark.long

CONFTEST = "from tests.conftest import pytest_configure\n"
SKIPPED = """
import pytest

@pytest.mark.skip(reason="no browser: install one")
def test_page(): pass

@pytest.mark.skipif(True, reason="this machine allows one thread, so there is nothing to see")
def test_threads(): pass

@pytest.mark.browser
def test_looks(): pass

def test_runs(): pass
"""
WHOLE_FILE = 'import pytest\npytest.importorskip("nobody_has_this", reason="nobody has this")\n'
HANGS = "import time\n\ndef test_hangs():\n    time.sleep(3600)\n"
ALONE = """
import fcntl, pytest
from pathlib import Path

def may_enter(config, kind):
    with (Path(config.option.basetemp).parent / "room").open("w") as room:
        try:
            fcntl.flock(room, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

@pytest.mark.parametrize("number", range(4))
def test_shares(pytestconfig, number):
    assert not may_enter(pytestconfig, fcntl.LOCK_EX)

@pytest.mark.alone
@pytest.mark.parametrize("number", range(4))
def test_measures(pytestconfig, number):
    assert not may_enter(pytestconfig, fcntl.LOCK_SH)
"""
AT_ONCE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
WITHOUT = ("cacheprovider", "benchmark", "anyio", "hypothesispytest")
"""The plugins that have no part in it; Hypothesis's takes a second of every run."""


BOTH_WAYS = pytest.mark.parametrize(
    "at_once", [pytest.param((), id="one by one"), pytest.param(AT_ONCE, id="two at once", marks=pytest.mark.full)]
)


@pytest.fixture
def run(tmp_path):
    """Give what runs tests of these files with what this project's own have."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    def run_files(*arguments: str, ci: str = "", **files: str):
        for name, text in files.items():
            (tmp_path / f"test_{name}.py").write_text(text)
        ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_") and name != "CI"}
        without = [word for plugin in WITHOUT for word in ("-p", f"no:{plugin}")]
        command = [sys.executable, "-m", "pytest", *without, *arguments]
        variables = ours | {"PYTHONPATH": str(ROOT)} | ({"CI": ci} if ci else {})
        return subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)

    return run_files


@BOTH_WAYS
def test_the_last_lines_say_what_was_not_run(run, at_once):
    """Each reason has the number of its tests and the command that runs them, skipped files and kinds included."""
    done = run(*at_once, "-m", "not browser", skipped=SKIPPED, whole=WHOLE_FILE)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.partition(" not run ")[2]
    for reason, command in (
        ("1 skipped: no browser: install one", "python -m pytest test_skipped.py"),
        ("1 skipped: nobody has this", "python -m pytest test_whole.py"),
        ("1 left out by the marker 'browser'", "python -m pytest -m browser test_skipped.py"),
    ):
        assert f"{reason}\n    {command}\n" in told, done.stdout
    assert "1 passed, 3 skipped" in told.splitlines()[-1]


def test_nothing_is_said_where_all_ran_and_every_test_has_a_bound(run):
    """A run that left nothing out has no such lines; without being asked, no test may take longer than five minutes."""
    done = run(one="def test_runs(): pass\n")
    assert done.returncode == 0
    assert "not run" not in done.stdout
    assert "timeout: 300.0s" in done.stdout


@BOTH_WAYS
def test_a_skip_that_is_not_allowed_fails_in_ci(run, at_once):
    """Where CI is set, a missing browser fails the run and is marked, and a machine of one thread does not."""
    done = run(*at_once, ci="true", skipped=SKIPPED)
    assert done.returncode == 1
    assert "1 skipped (not allowed where CI is set): no browser: install one" in done.stdout
    assert "1 skipped: this machine allows one thread" in done.stdout
    allowed = run(*at_once, "--deselect", "test_skipped.py::test_page", ci="true")
    assert allowed.returncode == 0
    assert "1 left out by -m, -k or --deselect" in allowed.stdout


def test_a_test_that_hangs_ends_with_the_stacks(run):
    """After its bound a test fails, and where it waited is printed."""
    done = run("--timeout", "0.2", hangs=HANGS)
    assert done.returncode == 1
    assert "Timeout (>0.2s) from pytest-timeout" in done.stdout
    assert "time.sleep(3600)" in done.stdout


@pytest.mark.full
def test_what_measures_runs_alone(run):
    """While a test that is marked ``alone`` runs, no other may begin; nor may it begin while another runs."""
    done = run(*AT_ONCE, first=ALONE, second=ALONE)
    assert done.returncode == 0, done.stdout
    assert "16 passed" in done.stdout
