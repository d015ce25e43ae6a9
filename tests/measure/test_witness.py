"""The witness beside an unchecked golden: who is asked, once, and what is kept of the answer."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from runoff.contract import ONNX
from runoff.environments.environment import Environment, Installed
from runoff.errors import WorkerCrashed
from runoff.files.arrays import save_arrays
from runoff.files.values import to_json
from runoff.judge.golden_check import Check, Witness
from runoff.measure import reference
from runoff.measure.entrant import texts
from runoff.measure.reference import with_witness
from runoff.model.golden import witness
from runoff.model.golden.golden import Golden
from runoff.processes.workplace import Workplace
from tests.builders.outputs import MODEL

HERE = Environment("here", Path("python"), installed=Installed(frozenset({"onnx"})))
EXAMPLES = {"images": np.arange(6, dtype=np.float32).reshape(2, 3)}
FILES = {"images": Path("images.npy")}
FILE = dataclasses.replace(MODEL, source=dataclasses.replace(MODEL.source, kind=ONNX))
UNCHECKED = Golden({"logits": np.array([[3.0, -4.0]] * 2)}, {"logits": 1e-6}, Check("it", reason="it can't"))
CHECKED = dataclasses.replace(UNCHECKED, check=Check("it", 2, 1e-7))
WITHOUT = Witness(witness.BY, reason="no environment of this run has openvino")
THERE = Environment("there", Path("other"), installed=Installed(frozenset({"openvino"}), {"openvino": "2026"}))


def ask(golden, environments, place):
    """Return golden with its witness."""
    return with_witness(golden, FILE, EXAMPLES, FILES, environments, place)


@pytest.fixture
def place(tmp_path):
    """Name the folders of a run."""
    return Workplace(tmp_path / "home", tmp_path / "working")


def answering(monkeypatch, logits):
    """Let the witness answer with these logits, and return what is called."""
    noted = []

    def call(function, arguments, **named):
        noted.append((function, named["surroundings"].interpreter))
        expected = {"model": to_json(FILE), "inputs": texts(FILES), "destination": arguments["destination"]}
        assert arguments == {**expected, "examples": reference.MOST_EXACT}
        assert (named["label"], named["log"].name) == ("witness", "witness.log")
        assert named["timeout"] == reference.WITNESS_TIMEOUT
        if isinstance(logits, Exception):
            raise logits
        save_arrays(Path(arguments["destination"]), {"logits": logits})

    monkeypatch.setattr(reference, "call", call)
    return noted


@pytest.mark.parametrize("golden", [CHECKED, dataclasses.replace(UNCHECKED, check=None)], ids=["checked", "a module"])
def test_nobody_is_asked_where_golden_is_checked(golden, place, monkeypatch):
    """A witness is for an unchecked golden alone."""
    noted = answering(monkeypatch, AssertionError())
    assert ask(golden, {"there": THERE}, place) is golden
    assert noted == []


def test_a_witness_is_asked_where_it_is_installed(place, monkeypatch):
    """It runs in the first environment that has it, once, and its largest difference is kept as a share."""
    noted = answering(monkeypatch, UNCHECKED.outputs["logits"] + 0.002)
    for _ in range(2):
        asked = ask(UNCHECKED, {"here": HERE, "there": THERE}, place)
        assert asked.check.witness == Witness(witness.BY, pytest.approx(0.0005))
    assert noted == [("runoff.model.golden.witness:answer", THERE.interpreter)]
    assert (asked.outputs, asked.check.reason) == (UNCHECKED.outputs, "it can't")
    other = dataclasses.replace(THERE, installed=Installed(frozenset({"openvino"}), {"openvino": "2027"}))
    ask(UNCHECKED, {"there": other}, place)
    monkeypatch.setattr(witness, "WITNESS_VERSION", witness.WITNESS_VERSION + 1)
    ask(UNCHECKED, {"there": other}, place)
    monkeypatch.setattr(reference, "MOST_EXACT", 1)
    ask(UNCHECKED, {"there": other}, place)
    assert len(noted) == 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (WorkerCrashed("no such operator"), "it can't run it (no such operator)"),
        (np.full((2, 2), np.nan), "it gives other whole numbers, another shape, or numbers that are not finite"),
    ],
    ids=["an error", "not finite"],
)
def test_a_witness_without_an_answer_ends_nothing(place, monkeypatch, answer, reason):
    """What it can't do is said in place of its difference."""
    answering(monkeypatch, answer)
    assert ask(UNCHECKED, {"there": THERE}, place).check.witness == Witness(witness.BY, reason=reason)


def test_where_no_witness_is_installed_that_is_said(place, monkeypatch):
    """A run without OpenVINO has none."""
    noted = answering(monkeypatch, AssertionError())
    assert ask(UNCHECKED, {"here": HERE}, place).check.witness == WITHOUT
    assert noted == []
