"""Signals in the middle of a run: what was measured is stored and shown as broken off, and nothing is left behind."""

from __future__ import annotations

import json
import signal
import subprocess

import psutil
import pytest

from tests.children import PATIENCE, child
from tests.lanes import in_full
from tests.suite.test_suite import ALL_RIGHT
from tests.suite_runs import RACE
from tests.waiting import told_through, until


@pytest.mark.parametrize("names", ["INT", *in_full("TERM", "HUP", "TERM TERM TERM", "INT INT TERM")])
def test_what_was_measured_is_stored_as_broken_off(suite, names, tmp_path):
    """After signals in a race its launches are in the table and the JSON with a mark; no process or folder is left."""
    numbers = [signal.Signals[f"SIG{name}"] for name in names.split()]
    journals, temporary = suite.root / ".runoff" / "runs", tmp_path / "temporary"
    temporary.mkdir()
    before = set(journals.glob("*.jsonl"))
    command = suite.command(*RACE[:-2], "--contenders", ALL_RIGHT, "--launches", "500", "--rounds", "2")
    variables = suite.variables(TMPDIR=str(temporary))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with child(command, patience=180, cwd=suite.root, env=variables, **pipes) as running:
        new = until(lambda: set(journals.glob("*.jsonl")) - before, "the first launch is in a journal")
        workers = psutil.Process(running.pid).children(recursive=True)
        for number in numbers:
            running.send_signal(number)
        printed, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 2, printed
    assert "Traceback" not in printed
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    assert not alive
    assert not list(temporary.iterdir())
    assert not list((suite.root / ".runoff").glob("run-*"))
    (journal,) = new
    launches = len(journal.read_text().splitlines())
    stored = json.loads((suite.root / "results" / "runoff.json").read_text())
    about = stored["machine_info"]["runoff"]
    name = f".runoff/runs/{journal.name}"
    assert about["broken_off"] == {"signal": numbers[0].name, "journals": [name], "missing": []}
    assert about["launches"] == launches
    said = f"broken off by {numbers[0].name} after {launches} of 500 launches"
    assert said in about["warnings"][0]
    assert name in about["warnings"][0]
    assert said in " ".join(printed.split())
    assert {each["group"] for each in stored["benchmarks"]} >= {"inference", "cold-start", "peak-memory"}
    assert len(stored["benchmarks"][0]["stats"]["data"]) in (launches, 2 * launches)


def test_a_signal_before_anything_was_measured_stores_nothing(suite, tmp_path):
    """While contenders are checked there is nothing to store; no worker is left, and no folder."""
    results, temporary = tmp_path / "results", tmp_path / "temporary"
    temporary.mkdir()
    command = suite.command(*RACE, "--contenders", "fake-tells", "--results", str(results))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with told_through(tmp_path / "word") as word:
        variables = suite.variables(TMPDIR=str(temporary), FAKE_WORD=str(tmp_path / "word"))
        with child(command, patience=180, cwd=suite.root, env=variables, **pipes) as running:
            assert word() == "loading"
            workers = psutil.Process(running.pid).children()
            running.send_signal(signal.SIGTERM)
            printed, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 2, printed
    assert not (results / "runoff.json").exists()
    assert workers
    assert not psutil.wait_procs(workers, timeout=PATIENCE)[1]
    assert not list(temporary.iterdir())


@pytest.mark.full  # tests/processes/test_alone.py sees the waiting sooner
def test_a_later_run_waits_for_the_first(suite, tmp_path):
    """Two at once in one checkout: the second says whom it waits for, and both results are whole."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with told_through(tmp_path / "word") as word:
        variables = suite.variables(FAKE_WORD=str(tmp_path / "word"))
        command = suite.command(*RACE, "--contenders", "fake-tells")
        with child(command, patience=180, cwd=suite.root, env=variables, **pipes) as first:
            assert word() == "loading"
            command = suite.command(*RACE, "--contenders", "fake", "--launches", "1", "--rounds", "2")
            with child(command, patience=180, cwd=suite.root, env=suite.variables(), **pipes) as second:
                line = next(line for line in second.stdout if line.startswith("waiting"))
                assert f"another run of Runoff (process {first.pid} in {suite.root})" in line
                first.send_signal(signal.SIGTERM)
                first.communicate(timeout=PATIENCE)
                printed, _ = second.communicate(timeout=PATIENCE)
                assert second.returncode == 0, printed


SUSPENDED = """
import time
from runoff.measure import launches

def pytest_configure(config):
    seconds = iter([0, 0, 0, 3600, *[3600] * 20])
    init = launches.Setup.__init__
    def with_sleep(self, *given, **named):
        init(self, *given, **{**named, "asleep": lambda: next(seconds)})
    launches.Setup.__init__ = with_sleep
    now, calls = time.time(), iter(range(10**9))
    time.time = lambda: now - 3600 * next(calls)
"""
"""A plugin by which the machine sleeps for an hour in the second launch, and whose wall clock goes back all along."""


def test_a_sleep_in_the_middle_makes_its_launch_void(suite):
    """The launch is performed again and said; a wall clock that goes back does no harm."""
    plugin = suite.root / "suspended.py"
    plugin.write_text(SUSPENDED)
    try:
        done = suite.race("--contenders", "fake", "--launches", "2", "--rounds", "2", "-p", "suspended")
    finally:
        plugin.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the machine was suspended in 1 launch (3600 s): void, and performed again" in " ".join(done.stdout.split())
    about = json.loads((suite.root / "results" / "runoff.json").read_text())["machine_info"]["runoff"]
    assert about["launches"] == 2
    assert len(about["probe"]["launches"]) == 2
