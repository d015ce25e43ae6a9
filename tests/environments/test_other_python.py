"""Other environments: another Python with another numpy takes part in the same run, and mistakes are told."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runoff.environments.environment import parse_environment
from tests.conftest import Suite
from tests.interpreters import NoOtherPython, install, make_other_python
from tests.suite_runs import copied_suite

FEW = ("--launches", "2", "--rounds", "3")


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of a virtual environment of another Python, with another major release of numpy."""
    try:
        return make_other_python(tmp_path_factory.mktemp("environments") / "other")
    except NoOtherPython as error:
        pytest.skip(str(error))


def run_and_read(suite: Suite, *arguments: str):
    """Run the suite and give what it stored about the run, and its benchmarks' extra_info by group and contender."""
    done = suite.race(*FEW, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    stored = json.loads((suite.root / "results" / "runoff.json").read_text())
    infos = [(benchmark["group"], benchmark["extra_info"]) for benchmark in stored["benchmarks"]]
    return stored["machine_info"]["runoff"], {(group, info["contender"]): info for group, info in infos}


def assert_two_environments_raced(about, infos, here: str, there: str) -> None:
    """Assert that both raced on one artifact, right on every picture, with other versions of Python and numpy."""
    plain, elsewhere = about["contenders"][here], about["contenders"][there]
    assert (plain["status"], elsewhere["status"]) == ("raced", "raced")
    assert plain["agreement"]["share"] == elsewhere["agreement"]["share"] == 1.0
    assert plain["artifact"]["sha256"] == elsewhere["artifact"]["sha256"]
    for versions in ("python", "numpy"):
        release = slice(0, 2 if versions == "python" else 1)
        ours, theirs = (came["versions"][versions].split(".")[release] for came in (plain, elsewhere))
        assert ours != theirs
    for group in ("inference", "cold-start", "peak-memory"):
        info = infos[group, there]
        assert info["environment"] == "other"
        assert info["versions"] == elsewhere["versions"]
        assert info["ratio"]["value"] > 0
    assert set(about["stratum"]["environments"]) == {"here", "other"}


@pytest.mark.elsewhere
def test_another_python_and_numpy_race_in_the_same_run(suite, other):
    """A contender in another environment is raced against the one here, on the same artifact, with its own versions."""
    about, infos = run_and_read(suite, "--contenders", "fake,fake@other", "--environment", f"other={other}")
    assert_two_environments_raced(about, infos, "fake", "fake@other")
    assert about["control"]["reference"] == "fake"


@pytest.mark.elsewhere
def test_the_reference_may_be_in_another_environment_and_tree(suite, other, tmp_path):
    """--environment and --tree of one name give one environment, and ratios can be taken against what runs in it."""
    shutil.copytree(suite.root / "runoff", tmp_path / "runoff")
    about, infos = run_and_read(
        suite,
        *("--contenders", "fake", "--reference", "fake@other"),
        *("--environment", f"other={other}", "--tree", f"other={tmp_path}"),
    )
    assert infos["inference", "fake"]["ratio"]["reference"] == "fake@other"
    assert about["control"]["reference"] == "fake@other"
    ours, theirs = (about["contenders"][name]["versions"] for name in ("fake", "fake@other"))
    assert ours["python"] != theirs["python"]
    assert about["contenders"]["fake"]["artifact"]["sha256"] == about["contenders"]["fake@other"]["artifact"]["sha256"]


@pytest.mark.elsewhere
@pytest.mark.framework
def test_onnxruntime_races_itself_in_another_environment(other, tmp_path):
    """ONNX Runtime for real: one artifact, two Pythons, two numpys, one run."""
    try:
        install(other, "onnxruntime")
    except NoOtherPython as error:
        pytest.skip(str(error))
    two = ("--contenders", "onnxruntime,onnxruntime@other", "--environment", f"other={other}")
    with copied_suite(tmp_path / "suite", reference="onnxruntime") as real:
        about, infos = run_and_read(real, *two)
    assert_two_environments_raced(about, infos, "onnxruntime", "onnxruntime@other")
    assert infos["inference", "onnxruntime@other"]["versions"]["onnxruntime"]


def test_an_environment_without_numpy_is_told_before_anything_is_measured(suite, tmp_path):
    """An interpreter without numpy gives one line that names what to install, and where."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    bare = tmp_path / "bare" / "bin" / "python"
    done = suite.race("--contenders", "fake@bare", "--environment", f"bare={bare}")
    words = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 4
    assert "FrameworkMissing: numpy, which every worker needs, is not installed" in words
    assert f"{bare} -m pip install numpy" in words
    assert "Traceback" not in words


@pytest.mark.parametrize(
    "text", ["", "old", "old=", "=python", "here=python", "a@b=python", "a,b=python", "a/b=python"]
)
def test_a_malformed_environment_is_refused(text):
    """What is not NAME=PYTHON with a usable name is refused with what was found."""
    with pytest.raises(argparse.ArgumentTypeError, match="expected NAME=PYTHON"):
        parse_environment(text)


def test_a_virtual_environments_link_is_kept(tmp_path):
    """The interpreter's path is made absolute but its link is not followed, or it would lose its packages."""
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    assert parse_environment(f"venv={link}").interpreter == link
