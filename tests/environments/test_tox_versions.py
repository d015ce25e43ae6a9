"""Versions against each other: which environments there are, what pytest is given, and what each step is said to be."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.environments.tox_versions import choose, race_arguments, read_environments
from runoff.errors import UsageError
from runoff.judge.standings import Rules
from runoff.measure.launches import CONTROL, Measured
from runoff.measure.preparation import READY, Outcome
from runoff.record.race import Judged
from runoff.record.version_steps import neighbours, version_steps
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


def outcome(identifier: str, version: str | None, variant: str = "") -> Outcome:
    """Make a contender's outcome with a version of its framework."""
    backend, _, environment = identifier.partition("@")
    versions = {"frame": version} if version else {}
    return Outcome(Contender(backend, Variant(variant), environment), READY, versions)


def test_neighbours_are_versions_of_one_variant_in_order():
    """1.9 comes before 1.18; another variant, an equal or an unknown version has no neighbour."""
    outcomes = {
        "a@new": outcome("a@new", "1.18.1"),
        "a@old": outcome("a@old", "1.9"),
        "a@twin": outcome("a@twin", "1.9"),
        "a@unknown": outcome("a@unknown", None),
        "a@odd": outcome("a@odd", "not a version"),
        "a-x@old": outcome("a@old", "1.7", "x"),
        "b@new": outcome("b@new", "9"),
    }
    assert neighbours(outcomes, {"a": ("absent", "frame"), "b": ("frame",)}) == [("a@old", "a@new")]


def race_of(seconds: dict[str, float], launches: int = 8) -> Measured:
    """Simulate launches of 20 rounds with a noise of 1 %, each contender's time as given."""
    random = np.random.RandomState(11)

    def launch(time: float) -> SimpleNamespace:
        return SimpleNamespace(rounds=list(time * np.exp(random.normal(0, 0.01, 20))))

    records = {key: tuple(launch(time) for _ in range(launches)) for key, time in seconds.items()}
    return Measured(records, {}, None)


def test_a_step_is_the_ratio_to_the_version_before():
    """A version 10 % faster than the one before is faster; one alike shows no difference, whatever the reference is."""
    race = race_of({"a@1": 1.0, "a@2": 1.0, "a@3": 0.9, CONTROL: 1.0, "a@broken": 1.0}, launches=8)
    race.records["a@broken"] = ()  # type: ignore[index]  # a plain dictionary here
    outcomes = {f"a@{name}": outcome(f"a@{name}", name) for name in ("3", "1", "2")}
    outcomes["a@broken"] = outcome("a@broken", "2.5")
    steps = version_steps(Judged(race, "a@1", Rules()), outcomes, {"a": ("frame",)})
    assert [(step.ratio.reference, step.contender) for step in steps] == [("a@1", "a@2"), ("a@2", "a@3")]
    same, faster = (step.ratio for step in steps)
    assert same.verdict == "no difference shown"
    assert faster.verdict == "faster"
    assert math.isclose(faster.value, 0.9, rel_tol=0.01)
    assert (steps[1].version_before, steps[1].version, steps[1].distribution) == ("2", "3", "frame")


def test_every_version_environment_names_the_version_it_installs():
    """What tox.ini installs is of the version that the environment's name promises."""
    text = (ROOT / "tox.ini").read_text()
    pins = re.findall(r"^ +([a-z]+)([\d.]+): (?:onnxruntime|tensorflow-cpu|torch)==([\d.]+)$", text, re.MULTILINE)
    assert len(pins) >= 15
    for _, named, pinned in pins:
        assert pinned.startswith(f"{named}.")
