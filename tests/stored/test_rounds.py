"""Runs of before there were three ratios: they are read, and their rounds say what the ratios are."""

from __future__ import annotations

import pytest

from runoff.judge.ratios import TYPICAL, UNDISTURBED, Ratio
from runoff.stored.run import StoredRun, parse_run
from runoff.stored.samples import INFERENCE
from runoff.stored.schema import write_record
from tests.builders.processors import ZEN3, of_schema_2
from tests.builders.stored_runs import Values, add_rounds, make_stored_run


def with_rounds() -> Values:
    """Make a run of before there were three ratios, with its raw rounds."""
    stored = make_stored_run()
    add_rounds(stored)
    for one in stored["benchmarks"]:
        if one["extra_info"]["ratio"]:
            del one["extra_info"]["ratio"]["of"], one["extra_info"]["ratio"]["widened"]
    return stored


def inference_of(stored: Values, name: str) -> Values:
    """Return a contender's benchmark of inferences, to be changed before the run is read."""
    found = [one for one in stored["benchmarks"] if (one["group"], one["name"]) == (INFERENCE, f"test[{name}]")]
    (benchmark,) = found
    return benchmark


def row_of(run: StoredRun, name: str = "onnxruntime"):
    """Return a contender's row."""
    return next(row for row in run.rows if row.contender == name)


def test_an_older_runs_ratio_is_the_typical_one() -> None:
    """What was stored as the ratio is read as the median of paired ratios that it is."""
    assert row_of(parse_run(with_rounds())).ratio.of == TYPICAL


@pytest.mark.parametrize("older", [lambda run: run, lambda run: of_schema_2(run, ZEN3)], ids=["schema 3", "schema 2"])
def test_an_older_runs_three_ratios_are_those_of_its_rounds(older) -> None:
    """Each contender has all three, of the same reference and launches, in its row and among the measures."""
    run = parse_run(older(with_rounds()))
    row = row_of(run)
    assert [one.of for one in vars(row.ratios).values()] == ["undisturbed", "typical", "tail"]
    assert row.ratios.typical == row.ratio
    assert row.ratios.undisturbed.value == pytest.approx(0.684, rel=0.02)
    assert row.ratios.undisturbed.low < row.ratios.undisturbed.value < row.ratios.undisturbed.high
    assert (row.ratios.undisturbed.reference, row.ratios.undisturbed.launches) == ("pytorch", 8)
    assert run.measures[INFERENCE, "onnxruntime"].ratios == row.ratios
    assert row_of(run, "pytorch").ratios.tail.value == 1.0


def test_what_is_stored_goes_before_what_is_computed() -> None:
    """A run that has its three ratios is read with them, a reason too."""
    stored = with_rounds()
    ratio = Ratio(0.5, 0.4, 0.6, 0.95, 8, 0.95, "pytorch", 30, of=UNDISTURBED)
    (one,) = (
        each for each in stored["benchmarks"] if each["name"] == "test[onnxruntime]" and each["group"] == INFERENCE
    )
    one["extra_info"]["ratios"] = {
        "undisturbed": write_record(ratio),
        "typical": one["extra_info"]["ratio"],
        "tail": "it needs 59 rounds, not 48",
    }
    found = row_of(parse_run(stored)).ratios
    assert (found.undisturbed, found.tail) == (ratio, "it needs 59 rounds, not 48")


def cut_rounds(stored: Values) -> None:
    """Leave a number of raw values that eight launches can't have had."""
    for one in stored["benchmarks"]:
        one["stats"]["data"] = one["stats"]["data"][:-1]


def drop_rounds(stored: Values) -> None:
    """Leave no raw values, as pytest-benchmark's autosave does."""
    for one in stored["benchmarks"]:
        del one["stats"]["data"]


def drop_reference(stored: Values) -> None:
    """Leave out the reference's own benchmarks."""
    stored["benchmarks"] = [one for one in stored["benchmarks"] if one["extra_info"]["contender"] != "pytorch"]


@pytest.mark.parametrize("change", [cut_rounds, drop_rounds, drop_reference], ids=lambda change: change.__name__)
def test_without_rounds_there_is_the_typical_ratio_alone(change) -> None:
    """A run whose rounds were not stored, or can't be told apart or paired, is read with the one ratio that it has."""
    stored = with_rounds()
    change(stored)
    row = row_of(parse_run(stored))
    assert row.ratio.value == 0.684
    assert row.ratios is None


def test_a_contender_that_broke_down_has_the_ratios_of_its_launches() -> None:
    """With five of eight launches it is paired with the reference's first five."""
    stored = with_rounds()
    (one,) = (
        each for each in stored["benchmarks"] if each["name"] == "test[tensorflow]" and each["group"] == INFERENCE
    )
    one["extra_info"]["ratio"]["launches"] = 5
    one["stats"]["data"] = one["stats"]["data"][:150]
    assert row_of(parse_run(stored), "tensorflow").ratios.undisturbed.launches == 5


def test_the_control_of_an_older_run_has_its_one_ratio() -> None:
    """The control's rounds are not stored, so that nothing more is known of it."""
    run = parse_run(with_rounds())
    assert run.info.control.of == TYPICAL
    assert run.info.control_ratios is None
    assert "control_ratios" in write_record(run.info)
