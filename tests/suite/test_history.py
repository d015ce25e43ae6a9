"""Does pytest-benchmark's own history work between two runs of the suite, and does Runoff's read what it saved?"""

from __future__ import annotations

import json
import sys

import pytest

from runoff.__main__ import main
from runoff.errors import Exit
from tests.builders.stored_runs import about
from tests.conftest import Suite

pytestmark = pytest.mark.full

CONTENDERS = ("--contenders", "fake,fake-slower")


@pytest.fixture(scope="module")
def storage(suite: Suite, tmp_path_factory: pytest.TempPathFactory):
    """Run the suite twice as tox does, saving each run, the second time compared with the first."""
    folder = tmp_path_factory.mktemp("storage") / "compare"
    place = f"--benchmark-storage=file://{folder}"
    first = suite.race(*CONTENDERS, "--launches", "1", "--rounds", "2", place, "--benchmark-autosave")
    assert first.returncode == 0, first.stdout + first.stderr
    few = ("--launches", "3", "--rounds", "2", "--margin", "900%")
    second = suite.race(*CONTENDERS, *few, place, "--benchmark-save=gate", "--benchmark-compare")
    assert second.returncode == 0, second.stdout + second.stderr
    return folder, second.stdout


def test_the_second_run_is_shown_beside_the_first(storage):
    """--benchmark-compare takes the run that was saved last, for every metric and contender."""
    _, printed = storage
    for metric in ("test_inference", "test_cold_start", "test_peak_memory"):
        for contender in ("fake", "fake-slower"):
            assert f"{metric}[{contender}] (0001" in printed
            assert f"{metric}[{contender}] (NOW)" in printed


def test_both_runs_are_saved_without_raw_data(storage):
    """Two files are in the storage, numbered, small, with what Runoff says of each run."""
    folder, _ = storage
    saved = sorted(folder.rglob("*.json"))
    assert [path.name[:4] for path in saved] == ["0001", "0002"]
    for path in saved:
        stored = json.loads(path.read_text())
        assert stored["machine_info"]["runoff"]["schema"] == 3
        assert all("data" not in one["stats"] for one in stored["benchmarks"])


def test_the_history_reads_the_storage(storage, tmp_path, capsys):
    """``python -m runoff history`` draws what pytest-benchmark saved, and results/runoff.json too, each run once."""
    folder, _ = storage
    assert main(["history", str(folder), "--output", str(tmp_path)]) == 0
    assert "of 2 runs" in capsys.readouterr().out
    written = json.loads((tmp_path / "history.json").read_text())
    lines = {(line["contender"], line["metric"]) for section in written["sections"] for line in section["lines"]}
    assert ("fake-slower", "ratio to reference") in lines
    assert ("fake", "peak memory") in lines


def test_a_saved_run_and_its_results_are_one(storage, suite, tmp_path, capsys):
    """results/runoff.json and the file that --benchmark-save wrote in the same run are recognised as copies."""
    folder, _ = storage
    assert main(["history", str(folder), str(suite.root / "results"), "--output", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "of 2 runs" in printed.out
    assert "is the same run as" in printed.err


def test_files_that_pytest_benchmark_saved_are_compared(storage, suite, capsys):
    """What --benchmark-save leaves, without raw data, is compared with Runoff's own file of the same run."""
    folder, _ = storage
    (saved,) = folder.rglob("*_gate.json")
    assert main(["compare", str(saved), str(suite.root / "results" / "runoff.json"), "--fail-above", "0%"]) == 0
    assert capsys.readouterr().out.count("fake-slower ") >= 3


def test_a_run_of_another_stratum_is_no_baseline(storage, suite, tmp_path):
    """pytest-benchmark itself is told why a run of another stratum can't be compared, in Runoff's words."""
    folder, _ = storage
    (saved,) = folder.rglob("*_gate.json")
    run = json.loads(saved.read_text())
    threads = about(run)["stratum"]["threads"]
    about(run)["stratum"]["threads"] = threads + 1
    other = tmp_path / saved.relative_to(folder)
    other.parent.mkdir()
    other.write_text(json.dumps(run))
    comparing = (f"--benchmark-storage=file://{tmp_path}", "--benchmark-compare")
    done = suite.race("--contenders", "fake", "--launches", "1", "--rounds", "2", "-k", "inference", *comparing)
    printed = " ".join((done.stdout + done.stderr).split())
    assert f"no comparable baseline: threads: {threads + 1} → {threads};" in printed


def test_a_race_of_two_environments_is_judged_by_itself(suite, tmp_path, capsys):
    """What the suite stores of a backend against itself elsewhere is what ``compare`` with one file reads."""
    elsewhere = ("--reference", "fake@elsewhere", "--environment", f"elsewhere={sys.executable}")
    done = suite.race(*elsewhere, "--contenders", "fake", "--launches", "3", "--rounds", "3", "-k", "inference")
    assert done.returncode == 0, done.stdout + done.stderr
    stored = suite.root / "results" / "runoff.json"
    code = main(["compare", str(stored), "--fail-above", "900%", "--markdown", str(tmp_path / "summary.md")])
    assert code in (Exit.DONE, Exit.INVALID_RUN)  # the machine may be too busy for the control, never ten times as slow
    written = (tmp_path / "summary.md").read_text()
    assert ("| inference | fake |" in written) == (code == Exit.DONE)
    assert (code == Exit.INVALID_RUN) == ("invalid" in capsys.readouterr().out.splitlines()[0])
