"""The suite when something goes wrong: bad options, failing contenders, broken files, full disks and Ctrl-C."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from runoff.errors import Exit
from tests.lanes import in_full


def test_what_goes_wrong_is_a_row_and_the_others_go_on(suite):
    """Failing, wrong and crashing contenders are shown with stage and reason, fail the run, and cost no other."""
    # One that reports other threads than it was given converts and agrees, and of the checks fails that one.
    names = "fake,fake-unconvertible,fake-wrong,fake-inexact,fake-lies,fake-crashes,fake-dies-late"
    without = ("--ignore=benchmarks/test_efficiency.py", "-p", "no_page")
    done = suite.run("--contenders", names, "--launches", "1", "--rounds", "6", "-rA", *without)
    assert done.returncode == 1
    for words in (
        "conversion failed at imagined stage: KeyError: 'operator Resize is not known'",
        "asked for 2 threads, its framework reports 3",
        "exit code 3",
        "Top-1 differs from golden's",
        "float32 arithmetic in any order",
    ):
        assert words in " ".join(done.stdout.split()), done.stdout
    assert "Traceback" not in done.stdout
    stored = json.loads((suite.root / "results" / "runoff.json").read_text())
    checks = [line.split() for line in done.stdout.splitlines() if "/test_correctness.py::" in line and "lies]" in line]
    assert {words[1].partition("::")[2]: words[0] for words in checks if words[0] in ("PASSED", "FAILED")} == {
        "test_converts_and_runs[fake-lies]": "PASSED",
        "test_agrees_with_golden[fake-lies]": "PASSED",
        "test_holds_its_threads[fake-lies]": "FAILED",
    }
    statuses = {name: came["status"] for name, came in stored["machine_info"]["runoff"]["contenders"].items()}
    assert statuses == {
        "fake": "raced",
        "fake-unconvertible": "conversion failed",
        "fake-wrong": "wrong",
        "fake-inexact": "wrong",
        "fake-lies": "failed",
        "fake-crashes": "failed",
        "fake-dies-late": "failed",
    }
    measured = {(candidate["group"], candidate["extra_info"]["contender"]) for candidate in stored["benchmarks"]}
    assert {name for group, name in measured if group != "footprint"} == {"fake"}
    assert {name for group, name in measured if group == "footprint"} == {"fake", "fake-dies-late"}  # needs no race


@pytest.mark.full
def test_what_this_processor_cannot_compute_is_skipped_and_fails_nothing(suite):
    """A contender without an answer on this processor has a row with its reason, and the run ends with 0."""
    names = "fake,fake-slower,fake-elsewhere"
    done = suite.race("--contenders", names, "--launches", "1", "--rounds", "1")
    assert done.returncode == 0, done.stdout
    assert "fake-elsewhere: skipped: this processor has no imagined arithmetic" in " ".join(done.stdout.split())
    assert " at None" not in done.stdout
    stored = json.loads((suite.root / "results" / "runoff.json").read_text())
    statuses = {name: came["status"] for name, came in stored["machine_info"]["runoff"]["contenders"].items()}
    assert statuses == {"fake": "raced", "fake-slower": "raced", "fake-elsewhere": "skipped"}


def test_what_the_environment_changes_is_said_stored_and_fails_whom_it_makes_another(suite):
    """What tells is warned of and stored, what negates a variant fails it, as do idle threads; no more changes."""
    variables = {"OMP_THREAD_LIMIT": "1", "FAKE_DISABLE": "1", "PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1"}
    names = "fake,fake-idle,fake-negatable"
    done = suite.race("--contenders", names, "--launches", "1", "--rounds", "2", "--threads", "2", **variables)
    printed = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stdout
    assert "every worker inherits OMP_THREAD_LIMIT, which can change" in printed, done.stdout
    negated = "fake-negatable would not be what it says, since the environment has FAKE_DISABLE=1; unset FAKE_DISABLE"
    assert f"failed at start: VariantNegated: {negated}" in printed
    about = json.loads((suite.root / "results" / "runoff.json").read_text())["machine_info"]["runoff"]
    assert about["stratum"]["variables"] == {"OMP_THREAD_LIMIT": "1"}
    statuses = {name: came["status"] for name, came in about["contenders"].items()}
    assert statuses == {"fake": "raced", "fake-idle": "raced", "fake-negatable": "failed"}
    if len(os.sched_getaffinity(0)) > 1:
        assert "FAILED benchmarks/test_correctness.py::test_holds_its_threads[fake-idle]" in printed, done.stdout
        assert "fewer threads were busy than the 2 that were given (fake-idle" in printed
    assert "test_holds_its_threads[fake]" not in printed


@pytest.mark.full
def test_python_without_docstrings_costs_nothing(suite):
    """What draws charts needs docstrings, and has them in a separate process; the run and its page are whole."""
    chosen = ("--contenders", "fake,fake-slower", "--launches", "1", "--rounds", "2", "-k", "inference")
    done = subprocess.run(
        suite.command(*chosen),
        env=suite.variables(PYTHONOPTIMIZE="2"),
        cwd=suite.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "<figure>" in (suite.root / "results" / "index.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--contenders", "fake,tensorflw"], "unknown contender 'tensorflw'; the valid ones are: fake, fake-slower"),
        (["--launches", "-1"], "expected a whole number of at least 1, found '-1'"),
        (["--weights", "missing.pth"], "no weights file at missing.pth"),
        (["--images", "nowhere"], "images folder nowhere does not exist"),
        (["--model", "none.onnx"], "it runs a module of torch's, and this model comes only as onnx"),
        *in_full(
            (["--contenders", ","], "no contender is named"),
            (["--contenders", "fake@moon"], "unknown environment 'moon'"),
            (["--reference", "nobody"], "unknown contender 'nobody'"),
            (["--rounds", "many"], "expected a whole number of at least 1, found 'many'"),
            (["--threads", "0"], "expected a whole number of at least 1, found '0'"),
            (
                ["--choose", "latncy<9ms"],
                "unknown metric 'latncy' in 'latncy<9ms'; the valid ones are: latency, peak_memory",
            ),
            (["--choose", ""], "no limit is given; expected conditions such as agreement>=99%"),
            (["--model", "resnet50"], "only resnet18 has built-in weights, not resnet50"),
            (["--environment", "old=nowhere/python"], "no Python interpreter at nowhere/python"),
            (
                ["--preprocessing", "imagnet"],
                "no file imagnet; expected auto, imagenet, or the PATH of a JSON or TOML file",
            ),
            (["--mean", "0.5,x"], "expected numbers such as 0.485,0.456,0.406, found '0.5,x'"),
            (["--mean", "123,116,103"], "mean 123, 116, 103 is not of levels divided by scale 255"),
            (["--std", "0"], "--std: deviation: expected a number above zero, or one for each channel"),
            (
                ["--input-size", "5", "8", "8"],
                "--input-size begins with the channels, 3 or 1 (grey) for pictures; found 5",
            ),
            (["--input-size", "3", "8", "0"], "expected a whole number of at least 1, found '0'"),
            (["--labels", "missing.txt"], "the labels in missing.txt can't be read"),
            (["--labels", "pictures/0.png"], "the labels in pictures/0.png can't be read"),
            (["--model", "timm:resnet18"], "only resnet18 has built-in weights, not timm:resnet18"),
            (["--model", "tim:a", "--weights", "random"], "unknown source 'tim' in 'tim:a'; expected timm:NAME"),
        ),
    ],
)
def test_a_mistake_is_told_in_one_line_before_anything_is_measured(suite, arguments, words):
    """A mistyped option gives a clear error, exit code 4, no traceback, and no folder for results."""
    shutil.rmtree(suite.root / "results", ignore_errors=True)
    done = suite.race(*arguments)
    assert done.returncode == 4
    assert words in done.stdout + done.stderr
    assert not (suite.root / "results").exists()
    assert "Traceback" not in done.stdout + done.stderr


def test_the_environments_are_asked_once_whatever_is_wrong(suite):
    """A mistake that only they can tell does not ask them again for every benchmark."""
    hooks = suite.root / "counts.py"
    hooks.write_text(
        "import fixtures.contenders as contenders\n"
        "def pytest_configure(config):\n"
        "    ask = contenders.ask_environments\n"
        "    def counted(*arguments):\n"
        "        print('asked once')\n"
        "        return ask(*arguments)\n"
        "    contenders.ask_environments = counted\n"
    )
    try:
        done = suite.race("--contenders", "nobody", "-s", "-p", "counts")
    finally:
        hooks.unlink()
    assert done.returncode == 4
    assert done.stdout.count("asked once") == 1


@pytest.mark.full
def test_a_truncated_artifact_fails_its_contender_with_the_remedy(suite):
    """An artifact cut off by hand is refused with the folder to delete; the other contender is measured."""
    arguments = ("--contenders", "fake,fake-companion", "--launches", "1", "--rounds", "1")
    assert suite.race(*arguments, "-k", "correctness").returncode == 0
    (second_file,) = (suite.root / ".runoff" / "artifacts").glob("fake-*/weights.npy")  # the companion's alone
    cut = second_file.with_name("model.npy")
    cut.write_bytes(cut.read_bytes()[:100])
    done = suite.race(*arguments)
    shutil.rmtree(cut.parent)
    assert done.returncode == 1
    assert "is not what was put there" in done.stdout
    assert f"delete the folder {cut.parent}" in " ".join(done.stdout.split())
    contenders = json.loads((suite.root / "results" / "runoff.json").read_text())["machine_info"]["runoff"][
        "contenders"
    ]
    assert {name: found["status"] for name, found in contenders.items()} == {
        "fake": "raced",
        "fake-companion": "failed",
    }


def test_a_results_folder_that_cannot_be_written_stops_the_run_before_it_begins(suite):
    """Where results/ is a file, the run says so at once instead of after the measuring."""
    results = suite.root / "results"
    shutil.rmtree(results, ignore_errors=True)
    results.write_text("in the way")
    try:
        done = suite.race("--contenders", "fake")
    finally:
        results.unlink()
    assert done.returncode == 4
    assert "ResultsUnwritable" in done.stdout + done.stderr


def test_a_disk_that_fills_up_loses_nothing(suite, tmp_path):
    """Where the results no longer fit, the table is printed, the JSON kept elsewhere, and the run fails."""
    hooks = suite.root / "fills_up.py"
    hooks.write_text(
        "import pathlib\n"
        "def pytest_configure(config):\n"
        "    replace = pathlib.Path.replace\n"
        "    def full(path, target):\n"
        "        if target.parent.name == 'results':\n"
        "            raise OSError(28, 'No space left on device', str(path))\n"
        "        return replace(path, target)\n"
        "    pathlib.Path.replace = full\n"
    )
    try:
        done = suite.race("--contenders", "fake", "--launches", "1", "--rounds", "2", "-p", "fills_up")
    finally:
        hooks.unlink()
    words = " ".join(done.stdout.split())
    assert done.returncode == Exit.UNWRITABLE
    assert "results/runoff.json can't be written (No space left on device);" in words
    kept = Path(words.partition("is kept in ")[2].split()[0].rstrip("."))
    assert json.loads(kept.read_text())["benchmarks"]
    assert "Control (a second fake" in done.stdout


@pytest.mark.full
def test_own_json_that_cannot_be_written_is_no_traceback(suite):
    """A --benchmark-json on a full disk ends in one clear line; results/runoff.json is there all the same."""
    done = suite.race("--contenders", "fake", "--launches", "1", "--rounds", "2", "--benchmark-json=/dev/full")
    assert done.returncode == Exit.UNWRITABLE
    assert "could not write its file (No space left on device" in done.stdout
    assert "INTERNALERROR" not in done.stdout + done.stderr
    assert json.loads((suite.root / "results" / "runoff.json").read_text())["benchmarks"]
