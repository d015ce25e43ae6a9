"""Are the runs of many machines put together by stratum, and is nothing claimed or averaged that they don't say?"""

from __future__ import annotations

import json

import pytest

from runoff.fleet.merge import Fleet, answer, fleet_json, fleet_run, merge_runs, notes, remarks, tables
from runoff.stored.finding import Reading
from runoff.stored.run import parse_run
from tests.builders.fleets import four_strata, make_fleet_run
from tests.builders.stored_runs import about, make_exploratory


def merged(runs, skipped=None, copies=None) -> Fleet:
    """Put stored runs together, by their names, without files."""
    kept = [fleet_run(name, parse_run(stored)) for name, stored in runs.items()]
    return merge_runs(Reading(kept, skipped or {}, copies or {}))


def cells(table, row) -> tuple[str, ...]:
    """Return the cells of the row of a name."""
    return next(cells[1:] for cells in table.rows if cells[0] == row)


def test_the_winner_is_the_same_on_three_of_four():
    """Two runs are of one stratum, and on the last one nobody is told apart from the next."""
    fleet = merged(four_strata())
    assert answer(fleet) == (
        "The winner is the same on 3 of 4 strata: openvino; "
        "on 1 the fastest is not told apart from the next (stratum 4)."
    )
    strata, ratios = tables(fleet)
    assert strata.rows == (
        ("stratum 1", "Genoa, 2 threads", "2", "openvino"),
        ("stratum 2", "Turin, 2 threads", "1", "openvino"),
        ("stratum 3", "Ice, 2 threads", "1", "openvino"),
        ("stratum 4", "Rome, 2 threads", "1", "openvino ≈ onnxruntime"),
    )
    assert [column.title for column in ratios.columns][1:3] == ["stratum 1 2 runs", "stratum 2 1 run"]
    assert cells(ratios, "openvino") == ("0.580 to 0.600", "0.500 ±2.0 %", "0.400 ±2.0 %", "0.600 ±2.0 %")
    assert cells(ratios, "litert") == ("–", "–", "0.900 ±2.0 %", "–")
    assert cells(ratios, "pytorch") == ("1", "1", "1", "1")


def test_no_figure_is_a_mean():
    """Of three runs the smallest and the largest ratio are shown; neither their mean nor that of strata is anywhere."""
    fleet = merged(four_strata(again=(0.40, 0.59)))
    shown = json.dumps([table.rows for table in tables(fleet)])
    assert "0.400 to 0.600" in shown
    assert "0.530" not in shown
    assert [
        [run["ratios"]["openvino"]["value"] for run in stratum["runs"]]
        for stratum in json.loads(fleet_json(fleet))["strata"]
    ] == [[0.60, 0.40, 0.59], [0.50], [0.40], [0.60]]


def test_a_stratum_has_a_winner_where_all_its_runs_agree():
    """One run that does not tell two contenders apart, or has another winner, leaves the stratum without one."""
    one = make_fleet_run("Genoa", {"openvino": 0.6, "onnxruntime": 0.7})
    tied = make_fleet_run("Genoa", {"openvino": 0.600, "onnxruntime": 0.605})
    other = make_fleet_run("Genoa", {"openvino": 0.7, "onnxruntime": 0.6})
    assert merged({"a": one, "b": one}).strata[0].winners == ("openvino",)
    for second in (tied, other):
        fleet = merged({"a": one, "b": second})
        assert fleet.strata[0].winners == ("openvino", "onnxruntime")
        assert answer(fleet) == "No contender is shown to be the fastest, on 1 stratum."


@pytest.mark.parametrize(
    ("winners", "said"),
    [
        (
            "aabb",
            "The winner changes: of 4 strata, a is the fastest on 2 (stratum 1, stratum 2); b is the fastest on 2 ",
        ),
        ("aaab", "The winner is the same on 3 of 4 strata: a; b is the fastest on 1 (stratum 4)."),
        ("aa", "The winner is the same on 2 of 2 strata: a."),
        (
            "ab",
            "The winner changes: of 2 strata, a is the fastest on 1 (stratum 1); b is the fastest on 1 (stratum 2).",
        ),
        ("a", "There is one stratum, and its fastest is a: whether that changes takes runs of another."),
    ],
)
def test_the_answer_says_where_another_wins(winners, said):
    """It is the same on k of n, or it changes; where, is said."""
    runs = {
        f"{number}": make_fleet_run(f"P{number}", {name: 0.5 if name == winner else 0.8 for name in "ab"})
        for number, winner in enumerate(winners)
    }
    assert answer(merged(runs)).startswith(said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threads": 4}, "threads: 2 → 4"),
        ({"reference": "openvino"}, "reference: pytorch → openvino"),
        ({"variables": {"OMP_NUM_THREADS": "1"}}, "variable OMP_NUM_THREADS: not set → 1"),
        ({"environments": {"here": {"torch": "2.14.0"}}}, "torch: 2.13.0 → 2.14.0 in the environment here"),
    ],
)
def test_what_makes_runs_incomparable_makes_strata(change, said):
    """Another number of threads, reference, variable or version is another stratum, and the difference is named."""
    one, other = (make_fleet_run("Genoa", {"openvino": 0.6}) for _ in range(2))
    about(other)["stratum"].update(change)
    fleet = merged({"a": one, "b": other})
    assert [len(stratum.runs) for stratum in fleet.strata] == [1, 1]
    assert any(
        note.label == "stratum 2" and note.text == f"b. It differs from stratum 1 in {said}." for note in notes(fleet)
    )


def test_a_processor_that_is_known_in_part_is_taken_for_the_one_that_it_fits():
    """A run that does not know the hypervisor is of the stratum of the run that it fits otherwise."""
    one, other = (make_fleet_run("Genoa", {"openvino": 0.6}) for _ in range(2))
    del about(other)["stratum"]["processor"]["hypervisor"]
    assert len(merged({"a": one, "b": other}).strata) == 1


def test_a_run_that_says_nothing_is_left_out_in_words():
    """Invalid and exploratory runs are no part of a stratum nor of n; copies and files that are no runs are named."""
    invalid, exploratory, good = (make_fleet_run(name, {"openvino": 0.6}) for name in ("A", "B", "C"))
    about(invalid)["control"] |= {"value": 1.2, "low": 1.18, "high": 1.22}
    make_exploratory(exploratory)
    fleet = merged({"a": invalid, "b": exploratory, "c": good}, {"d": "it is empty"}, {"e": "c"})
    assert [[run.file for run in stratum.runs] for stratum in fleet.strata] == [["c"]]
    said = remarks(fleet)
    assert [text.partition(":")[0] for text in said[:2]] == ["a is left out", "b is left out"]
    assert said[2:] == ["d is skipped: it is empty", "e is a copy of c, and counts once."]
    nobody = merged({"a": invalid})
    assert answer(nobody) == "No run says which contender is the fastest."
    assert tables(nobody) == []


def test_a_contender_that_one_run_of_a_stratum_lacks_says_so():
    """Its ratio is of one run of the two, and a contender that was timed nowhere says what came of it."""
    one, other = make_fleet_run("A", {"openvino": 0.6, "litert": 0.9}), make_fleet_run("A", {"openvino": 0.6})
    about(other)["contenders"]["tvm"] = about(other)["contenders"]["pytorch"] | {"status": "skipped", "reason": "none"}
    ratios = tables(merged({"a": one, "b": other}))[1]
    assert cells(ratios, "litert") == ("0.900 ±2.0 % (1 run)",)
    assert cells(ratios, "tvm") == ("skipped",)
