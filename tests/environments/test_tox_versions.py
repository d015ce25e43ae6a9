"""Versions against each other: which environments there are, and what pytest is given."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from runoff.environments.tox_versions import choose, race_arguments, read_environments
from runoff.errors import UsageError
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
