"""The method page on a machine's states: its figures are those of the experiment, its pictures those of its rounds."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from runoff.errors import Exit
from tests.conftest import ROOT
from trust.undisturbed import states
from trust.undisturbed.candidates import PAIRED
from trust.undisturbed.in_a_row import KEPT
from trust.undisturbed.simulated import LANDED

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def rounds():
    """Read the rounds that the pictures show."""
    return json.loads((DOCS / "states.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def figures():
    """Read the figures of the experiment."""
    return json.loads((DOCS / "undisturbed.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def row():
    """Read the runs that were made one after another."""
    return json.loads(KEPT.read_text(encoding="utf-8"))


def test_the_page_is_that_of_the_experiment_and_of_the_rounds(figures, rounds, row) -> None:
    """What is published is what the stored figures are written as, whoever computes them."""
    assert states.write_page(figures, rounds, row) == (DOCS / "states.md").read_text(encoding="utf-8")


def test_other_figures_make_another_page(figures, rounds, row) -> None:
    """No figure of the experiment is typed into the page: one that changes is changed there."""
    changed = json.loads(json.dumps(figures))
    changed["judged"][LANDED]["spreads"]["states"] = 0.0777
    changed["judged"][PAIRED]["holds"] = 0.1234
    changed["made"] = {"date": "2031-02-03", "revision": "abcdef0"}
    page = states.write_page(changed, rounds, row)
    assert "it spreads by 7.77 % between runs" in page
    assert "held the undisturbed ratio in 12.3 %" in page
    assert "(3 February 2031, revision abcdef0)" in page


def test_how_many_estimators_are_as_good_is_counted(figures) -> None:
    """The page says none, because none is; one that would be is counted."""
    assert states.as_good(figures["judged"], "finds") == states.as_good(figures["judged"], "control") == 0
    good = {"finds": {"states-run": False, "zen3-run": True, "zen3-rounds": True}}
    assert states.as_good({PAIRED: good, "another": good}, "finds") == 1


def test_half_of_what_moves_the_probe_is_what_the_levels_say() -> None:
    """The levels that the page names make the share that it names: 0.42."""
    page = (DOCS / "states.md").read_text(encoding="utf-8")
    found = re.search(
        r"took ([\d.]+) or ([\d.]+) ms, PyTorch (\d+) or\s+(\d+) ms and ONNX Runtime ([\d.]+) or ([\d.]+)", page
    )
    assert found is not None
    quiet, slow, torch, torch_slow, onnx, onnx_slow = map(float, found.groups())
    moved = np.log(torch_slow / torch * onnx / onnx_slow) / np.log(slow / quiet)
    assert f"moved by {moved:.2f} and 0.54" in page


@pytest.mark.long
def test_the_pictures_are_drawn_and_kept(rounds, monkeypatch, tmp_path) -> None:
    """The command writes the page and both pictures, whose words are those of the stored ones."""
    monkeypatch.setattr("sys.argv", ["trust.undisturbed.states", "--output", str(tmp_path)])
    assert states.main() == 0
    for name in ("states-run.svg", "states-shift.svg"):
        drawn, stored = ((folder / name).read_text(encoding="utf-8") for folder in (tmp_path, DOCS))
        assert re.findall(r">([^<>]+)</text>", drawn) == re.findall(r">([^<>]+)</text>", stored)
        assert name in (tmp_path / "states.md").read_text(encoding="utf-8")
    assert all(words in (tmp_path / "states-run.svg").read_text(encoding="utf-8") for words in states.SERIES.values())


def test_a_place_that_cannot_be_written_is_named(monkeypatch, tmp_path, capsys) -> None:
    """One line says which file, and the exit code is not zero."""
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("sys.argv", ["trust.undisturbed.states", "--output", str(tmp_path / "file")])
    assert states.main() == Exit.UNWRITABLE
    assert capsys.readouterr().err.startswith("trust.undisturbed.states: ")
