"""The mission's three backends for real: from empty caches to a stored run, each with its own framework alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.lanes import in_full
from tests.suite_runs import RACE, ROOT

pytestmark = pytest.mark.framework

MISSION = ("pytorch", "onnxruntime", *in_full("tensorflow"))
"""TensorFlow takes as long as all else here, so tests-full alone asks for it."""
ASKED = (
    *(*RACE, "--model", "factories:seeded_classifier", "--input", "pixels=5x16x12:NCHW"),
    *("--reference", "onnxruntime", "--seed", "1", "-m", "not service and not conversion"),
)
"""The race of a classifier of four layers; test_field.py races the default model. The reference is started most."""
ROUNDS = "15"
"""Inferences of 50 µs: of two, one that other programs hold up decides how many threads were busy; of these, none."""


@pytest.fixture(scope="module")
def mission(request):
    """Name the contenders that the chosen tests of this file ask for: one run answers them all."""
    full = any(item.path == request.path and item.get_closest_marker("full") for item in request.session.items)
    return ["pytorch", "onnxruntime", *(["tensorflow"] if full else [])]


@pytest.fixture(scope="module")
def first(real_suite, mission):
    """Run the suite once with nothing in its caches."""
    shutil.copy(ROOT / "tests" / "stand_ins" / "factories.py", real_suite.root)
    chosen = ("--contenders", ",".join(mission), "--launches", "1", "--rounds", ROUNDS)
    done = real_suite.perform(real_suite.bare_command(*ASKED, *chosen))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((real_suite.root / "results" / "runoff.json").read_text())


def contenders(stored):
    """Give what came of each contender."""
    return stored["machine_info"]["runoff"]["contenders"]


@pytest.mark.parametrize("name", MISSION)
def test_each_converts_and_agrees_with_golden(first, name):
    """Each backend's artifact is made and gives golden's Top-1 on every picture, within float32's own noise."""
    came_of = contenders(first)[name]
    assert came_of["status"] == "raced"
    assert came_of["agreement"]["share"] == 1.0
    assert came_of["agreement"]["largest_difference"] <= came_of["agreement"]["noise"]


@pytest.mark.full
def test_the_artifacts_come_from_the_cache_the_second_time(first, real_suite, mission):
    """A second run converts nothing and loads the same artifacts, which are right again."""
    before = made_artifacts(real_suite)
    assert {name.partition("-")[0] for name, _ in before} == set(mission)
    assert "tensorflow" in mission
    done = real_suite.perform(
        real_suite.bare_command(*ASKED, "--contenders", ",".join(mission), "-k", "agrees_with_golden")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert made_artifacts(real_suite) == before


@pytest.mark.full
def test_tensorflows_graph_is_written_in_one_order(first, real_suite):
    """The attributes of its nodes are sorted, so that one model always gives the same bytes."""
    [file] = (real_suite.root / ".runoff" / "artifacts").glob("tensorflow-*/model.pb")
    program = (
        "import sys; from pathlib import Path; from tensorflow.core.framework.graph_pb2 import GraphDef; "
        "written = Path(sys.argv[1]).read_bytes(); "
        "sys.exit(GraphDef.FromString(written).SerializeToString(deterministic=True) != written)"
    )
    done = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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
