"""Workers have a high priority where the system permits it, which is known, and the CPUs that they are given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runoff.processes.process import HIGHEST_PRIORITY, raise_priority, started
from runoff.processes.surroundings import Surroundings


@pytest.fixture
def sleeper():
    """Start a process in a separate session that waits for its end."""
    process = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    yield process
    process.kill()
    process.wait()
    process.stdin.close()


def may_raise() -> bool:
    """Whether this user may lower a niceness at all, by trying it on a process that ends at once."""
    code = "import os\ntry:\n    os.nice(-1)\nexcept PermissionError:\n    raise SystemExit(1)"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_said_is_what_was_done(sleeper):
    """Where the system permits it the process and its session's group are at -20, and elsewhere it says so."""
    raised = raise_priority(sleeper.pid)
    assert raised == may_raise()
    assert (os.getpriority(os.PRIO_PROCESS, sleeper.pid) == HIGHEST_PRIORITY) == raised
    group = Path(f"/proc/{sleeper.pid}/autogroup")
    if group.exists():
        assert group.read_text().strip().endswith(f"nice {HIGHEST_PRIORITY}") == raised


def test_no_permission_is_no_error(sleeper, monkeypatch):
    """A system that refuses costs nothing but the priority."""

    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setpriority", refused)
    assert raise_priority(sleeper.pid) is False


def test_only_what_is_timed_is_high_priority(tmp_path):
    """A process has a high priority where that is asked for, and says whether it has; the others stay as they are."""
    for asked in (True, False):
        with started(
            "runoff.measure.worker", label="x", log=tmp_path / "log", surroundings=Surroundings(high_priority=asked)
        ) as process:
            found = os.getpriority(os.PRIO_PROCESS, process.popen.pid)
            assert process.high_priority == (asked and may_raise())
            assert (found == HIGHEST_PRIORITY) == process.high_priority


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system keeps no process on separate CPUs")
def test_a_process_is_kept_on_the_cpus_that_it_is_given(tmp_path):
    """One that is given CPUs may run on no other, and one that is given none on all of its parent's."""
    own = os.sched_getaffinity(0)
    for given, expected in (((max(own),), {max(own)}), ((), own)):
        surroundings = Surroundings(cpus=given)
        with started("runoff.measure.worker", label="x", log=tmp_path / "log", surroundings=surroundings) as process:
            assert os.sched_getaffinity(process.popen.pid) == expected
