"""Temporary folders: every process has its own, and nothing stays behind, however processes and runs end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from runoff.backends.pytorch import INDUCTOR_CACHE, clear_cache
from runoff.errors import Exit, WorkerCrashed, WorkerKilled
from runoff.processes.process import Process, started
from runoff.processes.temporary import DAY, LOCK, owned_folder, remove_abandoned
from tests.children import PATIENCE, child
from tests.conftest import ROOT, started_worker
from tests.suite_runs import RACE
from tests.waiting import told_through

ONCE = ("--launches", "1", "--rounds", "2")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder in the place of the system's temporary one."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def litterer(tmp_path: Path) -> AbstractContextManager[Process]:
    """Start a process that leaves temporary files."""
    return started("tests.stand_ins.litters", label="litters", log=tmp_path / "log")


@pytest.mark.parametrize("end", ["killed", "left", "suspended", "running"])
def test_what_a_process_leaves_is_removed_however_it_ends(place, tmp_path, end):
    """Two files that a process made in its own temporary folder go with it, and that folder too."""
    with litterer(tmp_path) as process:
        folder = Path(process.receive(PATIENCE)["folder"])
        assert folder.parent == place
        assert len([path for path in folder.rglob("*") if path.is_file() and path.name != LOCK]) == 2
        if end == "killed":
            os.kill(process.popen.pid, signal.SIGKILL)
            process.popen.wait(PATIENCE)
        if end == "left":
            process.send({"do": "leave"})
            process.popen.wait(PATIENCE)
        if end == "suspended":
            process.suspend()
    assert not list(place.iterdir())


def test_two_processes_share_no_temporary_folder(place, tmp_path):
    """Two that run at the same time have each its own."""
    with litterer(tmp_path) as one, litterer(tmp_path) as other:
        assert one.receive(PATIENCE)["folder"] != other.receive(PATIENCE)["folder"]
        assert len(list(place.iterdir())) == 2


def test_a_contender_that_is_killed_leaves_nothing(place, make_entrant, picture, tmp_path):
    """A fake that is killed at load, as by the kernel, leaves the temporary folder as it was."""
    with (
        pytest.raises(WorkerKilled),
        started_worker(make_entrant("killed"), picture, tmp_path / "log"),
    ):
        pass
    assert not list(place.iterdir())


def test_where_no_temporary_folder_can_be_made_it_is_said(tmp_path, monkeypatch):
    """A temporary folder that is not there gives a named error with the remedy."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(WorkerCrashed, match=r"temporary files can't be made .*none.*TMPDIR"), litterer(tmp_path):
        pass


@contextmanager
def owner(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Start the owner of a folder; give it with the folder."""
    command = [sys.executable, "-m", "tests.stand_ins.owner", str(place)]
    with child(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process, Path(process.stdout.readline().strip())


def test_the_folder_of_an_owner_that_lives_is_let_be(tmp_path):
    """While its owner runs, and while it is suspended, a folder stays; once it is killed the folder goes."""
    with owner(tmp_path) as (process, folder):
        remove_abandoned(tmp_path, "run-")
        assert (folder / "pixels.npy").exists()
        process.send_signal(signal.SIGSTOP)
        remove_abandoned(tmp_path, "run-")
        assert (folder / "pixels.npy").exists()
        process.kill()
        process.wait(PATIENCE)
        assert (folder / "pixels.npy").exists()
        remove_abandoned(tmp_path, "run-")
        assert not folder.exists()


def test_children_do_not_keep_a_folder(tmp_path):
    """A process that the owner started, and that outlives it, holds no lock of it."""
    with owned_folder(tmp_path, "run-") as folder:
        with child([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
            held = [os.path.realpath(each) for each in Path(f"/proc/{process.pid}/fd").iterdir()]
        assert str(folder / LOCK) not in held
        assert str(folder / LOCK) in [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]
    assert not folder.exists()


@pytest.mark.parametrize(("days", "stays"), [(0, True), (2, False)])
def test_a_folder_without_a_lock_is_let_be_for_a_day(tmp_path, days, stays):
    """One that may just be being made, or is of a Runoff without locks, is removed only when it is old."""
    folder = tmp_path / "run-x"
    folder.mkdir()
    then = time.time() - days * DAY
    os.utime(folder, (then, then))
    remove_abandoned(tmp_path, "run-")
    assert folder.exists() is stays


def test_other_names_are_let_be(tmp_path):
    """Journals in ``runs`` and plain files are none of it, however old."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "run-file").write_text("x")
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    remove_abandoned(tmp_path, "run-")
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "run-file"}


def test_the_compilers_cache_keeps_what_another_launch_can_use(tmp_path):
    """Kernels stay however old; a wrapper that only its own process could use goes once that has had its time."""
    cache = tmp_path / INDUCTOR_CACHE
    kept = [cache / "ab" / "old.so", cache / "ab" / "old.cpp", cache / "ab" / "new.py"]
    gone = cache / "cd" / "old.py"
    for path in (*kept, gone):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        if path.name.startswith("old"):
            os.utime(path, (0, 0))
    clear_cache(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


@pytest.mark.full
def test_a_run_removes_what_a_killed_one_left_and_no_other(suite, tmp_path):
    """The folder of a run that goes on stays while another one is refused; the next after its death removes it."""
    home = suite.root / ".runoff"
    with told_through(tmp_path / "word") as word:
        variables = suite.variables(TMPDIR=str(tmp_path), FAKE_WORD=str(tmp_path / "word"))
        command = suite.command(*RACE, "--contenders", "fake-tells")
        with child(command, patience=300, cwd=suite.root, env=variables, stdout=subprocess.DEVNULL) as running:
            assert word() == "loading"
            (left,) = home.glob("run-*")
            assert list(tmp_path.glob("runoff-process-*"))
            refused = suite.race("--contenders", "fake", *ONCE, "--wait", "1ms", TMPDIR=str(tmp_path))
            assert refused.returncode == Exit.FAILED
            said = f"another run of Runoff (process {running.pid} in {suite.root}) measures on this machine"
            assert said in " ".join(refused.stdout.split())
            assert list(home.glob("run-*")) == [left]
            running.kill()
            running.wait(PATIENCE)
    assert list(home.glob("run-*")) == [left]
    assert suite.race("--contenders", "fake", *ONCE, TMPDIR=str(tmp_path)).returncode == 0
    assert not list(home.glob("run-*"))
    assert not list(tmp_path.glob("runoff-process-*"))
