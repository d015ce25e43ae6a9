"""The experiment on undisturbed ratios: that its estimators, machines and readers are what they say."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.builders.stored_runs import add_rounds, make_stored_run
from tests.conftest import ROOT
from trust.undisturbed import __main__ as experiment
from trust.undisturbed.candidates import CANDIDATES, PAIRED, by_bootstrap, by_jackknife, log_ratio, share
from trust.undisturbed.judged import decide, spread_of, steadiness
from trust.undisturbed.machines import APART, BASE, CONTROL, REFERENCE, Machine, machines, simulate
from trust.undisturbed.page import render_page
from trust.undisturbed.simulated import simulate_landed
from trust.undisturbed.stored import NoRuns, examine, read_series

CHOSEN = "mean of the fastest 10 %"


@pytest.fixture(scope="module")
def quiet():
    """Twenty runs of a machine that is always quiet."""
    return simulate(Machine(APART), 20, np.random.default_rng(1))


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_estimator_knows_the_ratio_of_a_quiet_machine(quiet, name: str) -> None:
    """On one level each of them is near the known ratio, and so is its twin's near 1."""
    truth = math.log(BASE["fast"] / BASE[REFERENCE])
    assert log_ratio(name, quiet.times["fast"], quiet.times[REFERENCE]).mean() == pytest.approx(truth, abs=0.01)
    assert log_ratio(name, quiet.times[CONTROL], quiet.times[REFERENCE]).mean() == pytest.approx(0.0, abs=0.01)


def test_the_bootstrap_and_the_jackknife_agree_on_one_level(quiet) -> None:
    """Of the median of paired ratios, a mean over launches, both give Student's interval but for what is drawn."""
    pair = quiet.times["fast"], quiet.times[REFERENCE]
    jackknife, drawn = by_jackknife(PAIRED, *pair), by_bootstrap(PAIRED, *pair, np.random.default_rng(3))
    assert (drawn.value == jackknife.value).all()
    assert np.median(drawn.reach / jackknife.reach) == pytest.approx(1.0, abs=0.1)


def test_a_machine_is_as_quiet_as_it_says() -> None:
    """Over many runs the share of undisturbed inferences is the one asked for; a quiet machine has them all."""
    half = simulate(Machine(APART, 0.5, 1.0), 50, np.random.default_rng(4))
    assert half.quiet.mean() == pytest.approx(0.5, abs=0.05)
    assert (simulate(Machine(APART), 2, np.random.default_rng(5)).quiet == 1).all()
    assert len(machines()) > 20
    assert share(np.array([])) != share(np.array([]))


def test_stored_runs_raw_runs_and_raw_rounds_are_read(tmp_path: Path) -> None:
    """Each form gives runs by launch and round, and a folder without any is refused by name."""
    stored = make_stored_run()
    add_rounds(stored)
    raw = {"control": {"launches": 2}, "inference_seconds": {"pytorch": [0.02] * 6, "fast": [0.01] * 6}}
    rounds = [{"pytorch_us": 20.0 + place, "fast_us": 10.0, "probe_us": [1.0]} for place in range(500)]
    for name, content in {
        "run-1": stored,
        "run-2": stored,
        "raw-1": raw,
        "raw-2": raw,
        "rounds-1": rounds,
        "other-1": {"mm": []},
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    series = read_series(tmp_path)
    assert {name: len(runs) for name, runs in series.items()} == {"run": 2, "raw": 2, "rounds": 2}
    assert {name: runs[0]["pytorch"].shape for name, runs in series.items()} == {
        "run": (8, 30),
        "raw": (2, 3),
        "rounds": (8, 30),
    }
    assert set(series["rounds"][0]) == {"pytorch", "fast"}
    with pytest.raises(NoRuns, match="no two runs"):
        read_series(tmp_path / "nowhere")


def test_a_change_that_was_put_in_is_found_and_none_otherwise(quiet) -> None:
    """Between quiet runs 10 % is always found and nothing is claimed without a change; each spread is a share."""
    runs = [{"pytorch": quiet.times[REFERENCE][place], "fast": quiet.times["fast"][place]} for place in range(4)]
    found = examine(CHOSEN, {"quiet-run": runs})["quiet-run"]
    for way in ("found between runs", "found within a run"):
        assert found[way]["plain"]["10%"] == 1.0
        assert found[way]["plain"]["0%"] <= 0.1
    assert 0 < spread_of([found]) == steadiness({"quiet-run": found}) < 0.01


def test_the_page_in_the_documentation_is_that_of_its_figures() -> None:
    """What is published as a page is what its stored figures are written as."""
    figures = json.loads((ROOT / "docs" / "undisturbed.json").read_text(encoding="utf-8"))
    assert render_page(figures) == (ROOT / "docs" / "undisturbed.md").read_text(encoding="utf-8")
    assert set(figures["judged"]) == set(CANDIDATES)


def test_the_estimator_that_runoff_uses_covers_or_warns() -> None:
    """With two levels, a quarter of the time quiet or more, intervals hold; with less, few runs miss unwarned."""
    landed = json.loads((ROOT / "docs" / "undisturbed.json").read_text(encoding="utf-8"))["landed"]
    assert set(landed) == set(machines())
    quiet = [one for name, one in landed.items() if (machines()[name].quiet >= 0.25) and name.startswith("two levels")]
    assert len(quiet) == 14
    assert min(one["holds_widened_where_seen"] for one in [landed["one level"], *quiet]) >= 0.93
    rare = [one for one in landed.values() if one["unseen"] > 0.005]
    assert max(one["silent"] for one in rare) <= 0.05


@pytest.mark.long
def test_few_runs_say_of_each_machine_how_often_intervals_hold() -> None:
    """The figures that the page shows are made for every machine, from as many runs as are asked for."""
    few = simulate_landed(3)
    assert set(few) == set(machines())
    assert few["one level"]["unseen"] == 0.0
    assert {one["control_holds_widened"] * 3 % 1 for one in few.values()} == {0.0}


def test_the_decision_is_the_steadiest_of_those_that_cover() -> None:
    """One that does not cover is not chosen however steady, nor is the median; of none that covers nothing is."""
    spreads = {PAIRED: (True, 0.01), "steady": (False, 0.001), "good": (True, 0.02), "worse": (True, 0.03)}
    judged = {name: {"covers": covers, "spread": spread} for name, (covers, spread) in spreads.items()}
    assert decide(judged) == {"covering": ["good", "worse"], "chosen": "good", "steadier": False}
    assert decide({"steady": judged["steady"]}) == {"covering": [], "chosen": None, "steadier": False}


def test_a_folder_without_runs_ends_the_experiment_with_its_name(tmp_path: Path, monkeypatch, capsys) -> None:
    """The command says what it looked for and where, and measures nothing."""
    monkeypatch.setattr("sys.argv", ["trust.undisturbed", str(tmp_path)])
    assert experiment.main() == 2
    assert f"trust.undisturbed: {tmp_path} has no two runs" in capsys.readouterr().err
