"""Processes: errors by name, and none that outlives its controller."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runoff.errors import CheckpointBroken, ConversionFailed, ProtocolMismatch, WorkerCrashed, WorkerGarbage
from runoff.processes.process import call, started
from runoff.processes.surroundings import Surroundings, process_variables
from tests.children import child
from tests.conftest import ROOT
from tests.waiting import all_end

PATIENCE = 30.0


def refuse() -> None:
    """Raise a named error."""
    raise CheckpointBroken("this is not a checkpoint")


def fail_to_convert() -> None:
    """Raise a conversion's error."""
    raise ConversionFailed("imagined stage", "KeyError: Resize")


def echo(words: list[str]) -> list[str]:
    """Return what was given, after printing to stdout."""
    print("noise")
    return words


def test_call_gives_the_functions_result(tmp_path):
    """A function called in a separate process gives its JSON result, whatever it prints."""
    given = ["a", "ü", "\n"]
    log = tmp_path / "log"
    assert call("tests.processes.test_process:echo", {"words": given}, label="echo", log=log, timeout=PATIENCE) == given
    assert "noise" in log.read_text()


@pytest.mark.long
def test_named_errors_keep_their_name_across_processes(tmp_path):
    """An error of the contract raised in a process arrives as the same class with its message."""
    with pytest.raises(CheckpointBroken, match="not a checkpoint"):
        call("tests.processes.test_process:refuse", {}, label="refuse", log=tmp_path / "log", timeout=PATIENCE)


@pytest.mark.long
def test_a_failed_conversion_keeps_stage_and_reason(tmp_path):
    """A conversion's stage and reason survive the way between processes."""
    with pytest.raises(ConversionFailed) as caught:
        call(
            "tests.processes.test_process:fail_to_convert", {}, label="convert", log=tmp_path / "log", timeout=PATIENCE
        )
    assert (caught.value.stage, caught.value.reason) == ("imagined stage", "KeyError: Resize")


@pytest.mark.long
def test_an_interpreter_that_greets_is_as_good_as_any(tmp_path):
    """What a wrapper around an interpreter prints before that starts goes to the log."""
    interpreter, log = tmp_path / "python", tmp_path / "log"
    interpreter.write_text(f'#!/bin/sh\necho welcome to this machine\nexec {sys.executable} "$@"\n')
    interpreter.chmod(0o755)
    given = {"label": "x", "log": log, "timeout": PATIENCE, "surroundings": Surroundings(interpreter)}
    assert call("tests.processes.test_process:echo", {"words": ["a"]}, **given) == ["a"]
    assert log.read_text().startswith("welcome to this machine")


def test_garbage_among_its_answers_is_named(tmp_path):
    """A module that writes something else in the place of an answer gives WorkerGarbage with what was found."""
    with started("tests.stand_ins.greets", label="x", log=tmp_path / "log") as process:
        process.send_first({})
        with pytest.raises(WorkerGarbage, match="welcome to this machine"):
            process.receive(PATIENCE)


def test_a_missing_interpreter_is_named(tmp_path):
    """An interpreter that is not there gives a clear error."""
    with pytest.raises(WorkerCrashed, match="can't start the interpreter"):
        call(
            "tests.processes.test_process:echo",
            {"words": []},
            label="x",
            log=tmp_path / "log",
            timeout=PATIENCE,
            surroundings=Surroundings(tmp_path / "none"),
        )


def test_leaving_the_block_ends_the_process_and_what_it_started(tmp_path):
    """A worker that is suspended, and one that has children, are gone when the block is left."""
    with all_end() as watch, started("tests.stand_ins.spawns", label="x", log=tmp_path / "log") as process:
        watch(process.receive(PATIENCE)["child"])
        process.suspend()
        watch(process.popen.pid)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_workers_never_outlive_their_controller(number):
    """A suspended and a running worker are gone after their controller is interrupted, terminated or killed."""
    controller = child(
        [sys.executable, "-m", "tests.stand_ins.controller"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=process_variables(),
    )
    with all_end() as watch, controller as process:
        running, suspended = process.stdout.readline().split()
        watch(int(running))
        watch(int(suspended))
        process.send_signal(number)
        process.wait(PATIENCE)


def test_the_workers_environment_is_a_users_own():
    """Bytecode is written as usual, no GPU is seen, and programs beside the interpreter are found before others."""
    variables = process_variables(Surroundings(Path("/somewhere/bin/python"), variables={"A": "b"}))
    assert variables["PATH"].split(os.pathsep)[0] == "/somewhere/bin"
    assert variables["PATH"].endswith(os.environ["PATH"])
    assert "PYTHONDONTWRITEBYTECODE" not in variables
    assert variables["CUDA_VISIBLE_DEVICES"] == ""
    assert variables["A"] == "b"
    assert variables["HOME"] == os.environ["HOME"]


def test_the_users_own_modules_are_found_after_the_trees(monkeypatch):
    """The user's folder and what PYTHONPATH names come behind the tree, so that a model's factory is found."""
    monkeypatch.setenv("PYTHONPATH", "/mine/models")
    assert process_variables()["PYTHONPATH"].split(os.pathsep) == [str(ROOT), "/mine/models"]
    own = process_variables(Surroundings(home=Path("/mine")))
    assert own["PYTHONPATH"].split(os.pathsep) == [str(ROOT), "/mine", "/mine/models"]
    monkeypatch.delenv("PYTHONPATH")
    assert process_variables()["PYTHONPATH"] == str(ROOT)


def test_a_tree_that_lacks_what_workers_are_started_by_is_of_another_protocol(tmp_path):
    """A checkout from before the program's module had its name is refused with what to do, not by how it crashes."""
    old = Surroundings(tree=tmp_path)
    with pytest.raises(ProtocolMismatch, match=r"has no module runoff\.processes\.step.*; rebase the older one"):
        call("runoff.backends:declare", {}, label="x", log=tmp_path / "log", timeout=PATIENCE, surroundings=old)
