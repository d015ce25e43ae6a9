"""A run that goes on until it is precise, or until its time is over, as its users start and read it."""

from __future__ import annotations

import json
import re

import pytest

FAKE = ("--contenders", "fake,fake-slower", "--rounds", "2", "-k", "inference")


def run_and_read(suite, *arguments):
    """Run the suite and give what it printed and what it stored."""
    done = suite.race(*FAKE, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    about = json.loads((suite.root / "results" / "runoff.json").read_text())
    return done.stdout, about


def ratios(stored):
    """Give the ratios of all contenders but the reference."""
    return [
        found["ratio"]
        for found in (benchmark["extra_info"] for benchmark in stored["benchmarks"])
        if found["contender"] != "fake"
    ]


@pytest.mark.full
def test_a_precision_that_is_easily_reached_ends_the_race_at_the_first_look(suite):
    """Asked for ±500 %, a race ends after its first launches, and its interval spends an eighth of the error."""
    printed, stored = run_and_read(suite, "--launches", "3", "--precision", "500%")
    about = stored["machine_info"]["runoff"]
    assert about["schedule"]["looks"] == [3, 5, 7, 11, 16, 23, 35, 52]
    assert (about["schedule"]["stopped_at_look"], about["launches"]) == (1, 3)
    assert [ratio["nominal_confidence"] for ratio in ratios(stored)] == [pytest.approx(0.99375)]
    assert {ratio["confidence"] for ratio in ratios(stored)} == {0.95}
    assert "was not reached" not in printed


@pytest.mark.full
def test_a_precision_out_of_reach_uses_every_look_and_says_so(suite):
    """Asked for ±0.0001 %, a race goes on to its last look and says how precise it became."""
    printed, stored = run_and_read(suite, "--launches", "1", "--precision", "0.0001%", "--contenders", "fake")
    about = stored["machine_info"]["runoff"]
    assert (about["schedule"]["stopped_at_look"], about["launches"]) == (8, 18)
    assert re.search(r"precision asked for, ±0\.0 %, was not reached \(.*control ±", " ".join(printed.split()))


@pytest.mark.full
def test_the_time_that_a_race_may_take_ends_it(suite):
    """With next to no time, one launch is measured, stored and called exploratory, with the reason."""
    printed, stored = run_and_read(suite, "--launches", "5", "--max-time", "0.01s")
    assert stored["machine_info"]["runoff"]["launches"] == 1
    assert "stopped after launch 1 because --max-time was reached" in " ".join(printed.split())
    assert [ratio["verdict"] for ratio in ratios(stored)] == ["exploratory"]


@pytest.fixture(scope="module")
def ten_rounds(suite):
    """Give what a run of ten rounds stored that was asked for another margin than the usual one."""
    _, stored = run_and_read(suite, "--launches", "1", "--rounds", "10", "--margin", "2.5%", "--contenders", "fake")
    return stored


@pytest.mark.full
def test_the_margin_that_was_asked_for_is_stored(ten_rounds):
    """The margin is part of what a run says about itself."""
    assert ten_rounds["machine_info"]["runoff"]["margin"] == 0.025


@pytest.mark.full
def test_percentiles_come_with_their_samples_and_are_withheld_where_those_do_not_bound_them(ten_rounds):
    """Ten rounds bound the median alone; the others are withheld with the number of samples that it takes."""
    found = next(one for one in ten_rounds["benchmarks"] if one["group"] == "inference")["extra_info"]["percentiles"]
    assert found["samples"] == 10
    assert set(found["values"]) == {"p50"}
    assert found["values"]["p50"] > 0
    assert set(found["withheld"]) == {"p90", "p95", "p99"}
    assert found["withheld"]["p99"] == "it needs 299 samples, not 10"
