"""Versions against each other: which environments there are, and what pytest is given."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from runoff.__main__ import main
from runoff.environments import tox_versions
from runoff.environments.tox_versions import choose, race_arguments, read_environments
from runoff.errors import Exit, UsageError
from tests.conftest import ROOT

LISTED = """lint
py310-onnxruntime1.18
py311-onnxruntime1.18
py311-onnxruntime1.9
py311-tensorflow2.15
"""


def test_environments_are_read_from_their_names():
    """Those that hold one version of one framework are found, in the order of versions, not of letters."""
    found = choose(read_environments(LISTED), ["onnxruntime", "tensorflow2.15"], "311")
    assert [one.name for one in found] == ["py311-onnxruntime1.9", "py311-onnxruntime1.18", "py311-tensorflow2.15"]


@pytest.mark.parametrize("asked", ["openvino", "onnxruntime1.17", "tensorflow2"])
def test_a_version_that_there_is_not_is_refused_with_those_there_are(asked):
    """The error names what this Python has."""
    with pytest.raises(UsageError, match=r"for Python 311; it has: onnxruntime1.9, onnxruntime1.18, tensorflow2.15"):
        choose(read_environments(LISTED), [asked], "311")


def test_pytest_is_given_a_contender_of_each_version():
    """The oldest is the reference, and each version's interpreter is in its own environment."""
    chosen = choose(read_environments(LISTED), ["onnxruntime"], "311")
    assert race_arguments(chosen, Path("/t")) == [
        "--contenders=onnxruntime@1.9,onnxruntime@1.18",
        "--reference=onnxruntime@1.9",
        "--environment=1.9=/t/py311-onnxruntime1.9/bin/python",
        "--environment=1.18=/t/py311-onnxruntime1.18/bin/python",
    ]


@pytest.fixture
def commands(monkeypatch):
    """Stand in for tox and pytest: note their commands, and answer with the codes that a test gives them."""
    noted, codes = [], {"list": 0, "run": 0, "benchmarks/": 0}

    def answer(command, **_):
        noted.append(command)
        return subprocess.CompletedProcess(command, codes[command[3]], LISTED, "no tox.ini here\n")

    monkeypatch.setattr(tox_versions.subprocess, "run", answer)
    monkeypatch.setattr(tox_versions.platform, "python_version_tuple", lambda: ("3", "11", "7"))
    return noted, codes


def test_versions_are_made_and_then_raced(commands, tmp_path):
    """What is asked for goes to tox, what follows -- to pytest; that it selected nothing is a wrong option."""
    noted, codes = commands
    codes["benchmarks/"] = 5
    given = ["onnxruntime1.18", "tensorflow", "--", "--launches", "3"]
    assert main(["versions", "--environments", str(tmp_path), *given]) == Exit.USAGE
    listed, made, raced = noted
    assert listed[1:4] == ["-m", "tox", "list"]
    assert made[1:] == ["-m", "tox", "run", "--notest", "-e", "py311-onnxruntime1.18,py311-tensorflow2.15"]
    assert raced[1:4] == ["-m", "pytest", "benchmarks/"]
    assert "--contenders=onnxruntime@1.18,tensorflow@2.15" in raced
    assert raced[-2:] == ["--launches", "3"]


def test_what_cannot_be_made_is_not_raced(commands, tmp_path):
    """Where tox can't make an environment, that can't be done here, and nothing is raced."""
    noted, codes = commands
    codes["run"] = 7
    assert main(["versions", "--environments", str(tmp_path), "onnxruntime"]) == Exit.FAILED
    assert len(noted) == 2


def test_a_folder_without_tox_is_refused_with_its_words(commands, tmp_path, capsys):
    """Where tox lists nothing, the error says what tox said."""
    commands[1]["list"] = 1
    assert main(["versions", "--environments", str(tmp_path), "onnxruntime"]) != 0
    assert "tox could not list its environments: no tox.ini here" in capsys.readouterr().err


@pytest.mark.long
def test_tox_lists_what_is_promised():
    """The list has at least five versions of ONNX Runtime and two of TensorFlow for this project's own Python."""
    done = subprocess.run(
        [sys.executable, "-m", "tox", "list", "--no-desc"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = read_environments(done.stdout)
    for framework, least in (("onnxruntime", 5), ("tensorflow", 5), ("pytorch", 4)):
        versions = {one.version for one in found if one.framework == framework and one.python == "311"}
        assert len(versions) >= least, framework
    assert {one.python for one in found} == {"310", "311", "312", "313"}


def test_every_version_environment_names_the_version_it_installs():
    """What tox.ini installs is of the version that the environment's name promises."""
    text = (ROOT / "tox.ini").read_text()
    pins = re.findall(r"^ +([a-z]+)([\d.]+): (?:onnxruntime|tensorflow-cpu|torch)==([\d.]+)$", text, re.MULTILINE)
    assert len(pins) >= 15
    for _, named, pinned in pins:
        assert pinned.startswith(f"{named}.")
