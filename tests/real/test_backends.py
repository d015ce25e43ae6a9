"""The mission's three backends for real: from empty caches to a stored run, each with its own framework alone."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.suite_runs import RACE, ROOT

pytestmark = pytest.mark.framework

MISSION = {"pytorch", "onnxruntime", "tensorflow"}
ASKED = (
    *(*RACE, "--model", "factories:seeded_classifier", "--input", "pixels=5x16x12:NCHW"),
    *("--reference", "onnxruntime", "--seed", "1", "-m", "not service and not conversion"),
)
"""The race of a classifier of four layers; test_field.py races the default model. The reference is started most."""


@pytest.fixture(scope="module")
def first(real_suite):
    """Run the suite once with nothing in its caches."""
    shutil.copy(ROOT / "tests" / "stand_ins" / "factories.py", real_suite.root)
    done = real_suite.perform(real_suite.bare_command(*ASKED, "--launches", "1", "--rounds", "2"))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((real_suite.root / "results" / "runoff.json").read_text())


def contenders(stored):
    """Give what came of each contender."""
    return stored["machine_info"]["runoff"]["contenders"]


def test_all_three_convert_and_agree_with_golden(first):
    """Each backend's artifact is made and gives golden's Top-1 on every picture, within float32's own noise."""
    assert set(contenders(first)) >= MISSION
    for name in MISSION:
        came_of = contenders(first)[name]
        assert came_of["status"] == "raced"
        assert came_of["agreement"]["share"] == 1.0
        assert came_of["agreement"]["largest_difference"] <= came_of["agreement"]["noise"]


@pytest.mark.full
def test_the_artifacts_come_from_the_cache_the_second_time(first, real_suite):
    """A second run converts nothing and loads the same artifacts, which are right again."""
    before = made_artifacts(real_suite)
    assert {name.partition("-")[0] for name, _ in before} == MISSION
    done = real_suite.perform(real_suite.bare_command(*ASKED, "-k", "agrees_with_golden"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert made_artifacts(real_suite) == before


def made_artifacts(suite) -> set[tuple[str, int]]:
    """Return the artifacts that are cached, and when each was made."""
    folders = (suite.root / ".runoff" / "artifacts").iterdir()
    return {(folder.name, folder.stat().st_mtime_ns) for folder in folders}


def test_onnxruntime_pays_for_no_torch(first):
    """ONNX Runtime's peak is well below that of a process with torch in it, and so is its import stage's."""
    stages = {
        benchmark["extra_info"]["contender"]: benchmark["extra_info"]["stages"]
        for benchmark in first["benchmarks"]
        if benchmark["group"] == "peak-memory"
    }
    assert stages["onnxruntime"]["steady inference"] < 300e6
    assert stages["onnxruntime"]["import"] < 0.5 * stages["pytorch"]["import"]


def test_threads_are_read_back_equal(first):
    """Every framework reports the thread count that was asked for, and none keeps more threads busy."""
    inference = [benchmark["extra_info"] for benchmark in first["benchmarks"] if benchmark["group"] == "inference"]
    asked = first["machine_info"]["runoff"]["stratum"]["threads"]
    assert {info["threads"] for info in inference} == {asked}
    assert all(info["busy_threads"] < asked + 0.5 for info in inference)
