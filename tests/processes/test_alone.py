"""One run at a time: a lock that goes with its owner, for all users, and words for who has it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from runoff.errors import AnotherRun
from runoff.processes.alone import NAME, alone, holder_words, machine_lock
from tests.children import PATIENCE, child
from tests.conftest import ROOT

HOLD = "import sys; from pathlib import Path; from runoff.processes.alone import alone\n"
HOLD += "with alone(Path(sys.argv[1]), 1, print): print('held', flush=True); input()"


@contextmanager
def holder(path, *prefix):
    """Let another process hold a lock."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with child([*prefix, sys.executable, "-c", HOLD, str(path)], cwd=ROOT, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        yield process


def test_the_second_is_refused_by_the_firsts_name(tmp_path):
    """Where the first does not end in time, the second says who it is and where it runs."""
    path, said = tmp_path / NAME, []
    with (
        holder(path) as process,
        pytest.raises(AnotherRun, match="did not end within 0 s") as refused,
        alone(path, 0.01, said.append),
    ):
        pass
    assert f"another run of Runoff (process {process.pid} in {ROOT})" in str(refused.value)
    assert len(said) == 1
    assert said[0].startswith("waiting up to 0 s for another run of Runoff")


@pytest.mark.parametrize("end", ["left", "killed"])
def test_a_lock_goes_with_its_owner(tmp_path, end):
    """The second gets it when the first has let go, also where that was killed; its file stays."""
    path, waiting = tmp_path / NAME, []
    with holder(path) as process:

        def let_go(text):
            waiting.append(text)
            process.send_signal(signal.SIGKILL) if end == "killed" else process.communicate("\n", timeout=PATIENCE)

        with alone(path, PATIENCE, let_go):
            assert len(waiting) == 1
            assert path.exists()
    with alone(path, 0, waiting.append):
        assert len(waiting) == 1


def test_a_file_that_was_put_in_its_place_is_locked_anew(tmp_path):
    """Where /tmp is cleared while a run waits, it holds the lock that others will ask for."""
    path = tmp_path / NAME

    def clear(text):
        path.unlink()

    with holder(path), alone(path, PATIENCE, clear), pytest.raises(AnotherRun), alone(path, 0, print):
        pass


def test_nobodys_link_is_followed(tmp_path):
    """A link in the lock's place is an error that names the reason, and its target is let be."""
    (tmp_path / NAME).symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"), alone(tmp_path / NAME, 0, print):
        pass
    assert not (tmp_path / "target").exists()


def test_a_fifo_in_its_place_does_not_hang(tmp_path):
    """Anything that can be opened can be locked."""
    os.mkfifo(tmp_path / NAME)
    with alone(tmp_path / NAME, 0, print):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_sees_the_lock():
    """A file of root's in a place like /tmp is locked by a user who may only read it, and the other way round."""
    other = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
    # Not in pytest's own folder: a second pytest that starts meanwhile closes that to other users again.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder) / NAME
        path.parent.chmod(0o1777)
        with alone(path, 0, print):
            pass
        with (
            holder(path, *other) as process,
            pytest.raises(AnotherRun, match=f"process {process.pid}"),
            alone(path, 0, print),
        ):
            pass


def test_the_machines_lock_is_where_all_users_find_it():
    """It is in /tmp whatever TMPDIR is, or where RUNOFF_LOCKS says."""
    assert machine_lock({"TMPDIR": "/elsewhere"}) == Path("/tmp") / NAME
    assert machine_lock({"RUNOFF_LOCKS": "/shared"}) == Path("/shared") / NAME


def test_without_the_systems_list_another_run_has_no_number(tmp_path):
    """Where /proc/locks is not there, or lists it without a process as in a container, it is just another run."""
    path = tmp_path / NAME
    path.touch()
    hidden = tmp_path / "locks"
    hidden.write_text(f"1: FLOCK ADVISORY WRITE 0 00:01:{path.stat().st_ino} 0 EOF\n")
    assert holder_words(path, hidden) == holder_words(path, tmp_path / "none") == "another run of Runoff"
