"""Are many stored runs read in order, each once, and what can't be read left out in words?"""

from __future__ import annotations

import copy
import json

import pytest

from runoff.history.past import Value, circumstances, past_run
from runoff.history.reading import read_runs
from runoff.stored.finding import NothingToRead
from runoff.stored.run import parse_run
from tests.builders.histories import make_past_run, store_runs, with_step
from tests.builders.stored_runs import about, came_of


def test_runs_come_in_the_order_of_their_commits(tmp_path):
    """An old commit measured today comes before a newer one measured yesterday; runs of one commit by their time."""
    runs = [make_past_run(number) for number in range(4)]
    runs[0]["datetime"] = "2027-01-01T00:00:00+00:00"
    runs[3]["commit_info"] = runs[2]["commit_info"]
    runs[3]["datetime"] = "2025-01-01T00:00:00"
    runs[1]["commit_info"]["time"] = "2026-01-01T01:00:00Z"
    folder = store_runs(tmp_path, [runs[3], runs[2], runs[1], runs[0]])
    reading = read_runs([folder])
    assert [run.commit.identifier[:4] for run in reading.runs] == ["0000", "0001", "0002", "0002"]
    assert reading.runs[2].moment < reading.runs[3].moment


def test_runs_without_a_commit_come_by_their_time(tmp_path):
    """A run made outside a repository has no commit, and is ordered among the others by when it was made."""
    runs = [make_past_run(number) for number in range(3)]
    runs[1]["commit_info"] = {"id": "unknown", "time": None}
    reading = read_runs([store_runs(tmp_path, runs)])
    assert [run.commit is None for run in reading.runs] == [False, True, False]


def test_a_copy_counts_once_and_a_likeness_twice(tmp_path):
    """The same run saved twice, with and without raw data, counts once; another of the same moment is another."""
    run = make_past_run(0)
    saved = copy.deepcopy(run)
    saved["datetime"] = "2026-01-01T00:00:09+00:00"
    for one in saved["benchmarks"]:
        one["stats"]["data"] = [1.0, 2.0]
    other = make_past_run(0, seed=2)
    one, two = store_runs(tmp_path / "a", [run]), store_runs(tmp_path / "b", [saved, other])
    reading = read_runs([one, two, one])
    assert len(reading.runs) == 2
    assert reading.copies == {str(two / "0000.json"): str(one / "0000.json")}


def test_what_is_no_run_is_named_and_skipped(tmp_path):
    """Broken JSON, another program's JSON, a missing field and a newer schema are named with file and reason."""
    newer, broken, other = make_past_run(1), make_past_run(2), make_past_run(3)
    about(newer)["schema"] = 99
    del broken["benchmarks"][0]["stats"]["median"]
    folder = store_runs(tmp_path, [make_past_run(0), newer, broken, other])
    (folder / "half.json").write_text('{"machine_info": ')
    (folder / "other.json").write_text('{"name": "package"}')
    (folder / "list.json").write_text("[1, 2]")
    (folder / "bytes.json").write_bytes(b"\xff\xfe\x00")
    (folder / "0-ours.json").write_text('{"runoff_history": 1}')
    (folder / "notes.txt").write_text("no JSON at all")
    reading = read_runs([folder])
    assert len(reading.runs) == 2
    reasons = {file.rpartition("/")[2]: reason for file, reason in reading.skipped.items()}
    assert set(reasons) == {"0001.json", "0002.json", "half.json", "other.json", "list.json", "bytes.json"}
    assert "schema is 99" in reasons["0001.json"]
    assert "benchmarks[0].stats.median: it is missing" in reasons["0002.json"]
    assert "not JSON" in reasons["half.json"]
    assert "machine_info.runoff" in reasons["other.json"]


@pytest.mark.parametrize("text", [None, "{}"])
def test_nothing_usable_is_an_error(tmp_path, text):
    """A folder without a run says so, with why each file was no use."""
    if text is not None:
        (tmp_path / "one.json").write_text(text)
    with pytest.raises(NothingToRead, match="no run that Runoff stored") as caught:
        read_runs([tmp_path])
    assert ("one.json is skipped" in str(caught.value)) == (text is not None)


def test_nothing_usable_in_several_folders_names_them_all(tmp_path):
    """The folders, and each file with its reason in a separate line."""
    one, two = store_runs(tmp_path / "a", [{}]), store_runs(tmp_path / "b", [{}])
    with pytest.raises(NothingToRead) as caught:
        read_runs([one, two])
    first, *skipped = str(caught.value).splitlines()
    assert f" is in {one}, {two}; give a folder" in first
    assert [line.partition(" is skipped: ")[0] for line in skipped] == [str(one / "0000.json"), str(two / "0000.json")]


@pytest.mark.parametrize(("first", "told"), [(True, {"workers go first": "yes"}), (False, {"workers go first": "no"})])
def test_what_a_run_ran_in_is_kept_by_name(first, told):
    """Machine, system, Python, pictures, how much was measured and priority; what is not known is left out."""
    stored = make_past_run(0)
    about(stored)["workers_go_first"] = first
    known = {
        "machine": "one",
        "system": "Linux 6.1",
        "Python of the suite": "3.11.7",
        "pictures": about(stored)["images"]["sha256"][:12],
        "launches": "8",
        "rounds": "20",
    }
    assert circumstances(parse_run(stored)) == known | told
    about(stored).update(workers_go_first=None, images=None)
    del known["pictures"]
    assert circumstances(parse_run(stored)) == known


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    """A mistyped folder is said, not taken for an empty one."""
    with pytest.raises(NothingToRead, match="there is no file or folder"):
        read_runs([tmp_path / "nowhere"])


def test_figures_of_a_wrong_contender_are_not_read():
    """What turned out wrong has no speed, in a history as in a report."""
    stored = make_past_run(0)
    about(stored)["contenders"]["onnxruntime"] = came_of("wrong", "check", "Top-1 differs")
    run = past_run("run.json", parse_run(stored))
    assert {contender for _, contender in run.values} == {"pytorch", "tensorflow", "pytorch-channels-last"}


def test_a_run_that_its_control_disowns_is_not_valid():
    """Where the control is off by more than the margin, or a verdict says so, the run is not valid."""
    assert past_run("run.json", parse_run(make_past_run(0))).valid
    stored = make_past_run(0)
    about(stored)["control"] |= {"value": 1.2, "low": 1.18, "high": 1.22}
    assert not past_run("run.json", parse_run(stored)).valid
    stored = make_past_run(0)
    stored["benchmarks"][3]["extra_info"]["ratio"]["verdict"] = "invalid run"
    assert not past_run("run.json", parse_run(stored)).valid


def test_a_stored_run_of_a_step_can_be_read_back(tmp_path):
    """What the tests' own histories store is read as it is: JSON in, the same figures out."""
    (run,) = read_runs([store_runs(tmp_path, with_step(1, 0, 1.5))]).runs
    stored = json.loads((tmp_path / "0000.json").read_text())
    found = {one["group"]: one for one in stored["benchmarks"] if one["extra_info"]["contender"] == "onnxruntime"}
    ratio = found["inference"]["extra_info"]["ratio"]
    assert run.values["inference", "onnxruntime"] == Value(ratio["value"], ratio["low"], ratio["high"])
    assert run.values["cold-start", "onnxruntime"] == Value(found["cold-start"]["stats"]["median"])
    assert run.commit.name == "000000000000"
