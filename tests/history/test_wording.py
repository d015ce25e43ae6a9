"""What a history says, on a terminal, in Markdown and as JSON: every part of it, of runs made by hand."""

from __future__ import annotations

import json

import pytest

from runoff.history import words, writing
from runoff.history.lines import METRICS, History, make_history
from runoff.processor import Processor
from runoff.stored.finding import Reading
from runoff.stored.schema import read_record
from tests.builders.histories import history_of, lines_of, make_past_run, past_runs, with_step
from tests.builders.stored_runs import PROCESSOR, about

PLACE = "Example CPU (Example family 1 model 2 stepping 3), 2 threads, resnet18 with builtin weights, against pytorch"
RATIO, COLD_START, PEAK = METRICS


@pytest.fixture(scope="module")
def history() -> History:
    """A history of 21 runs: the fourth invalid, onnxruntime half as slow again from the eleventh on."""
    runs = with_step(21, 10, 1.5)
    about(runs[3])["control"] |= {"value": 1.2, "low": 1.18, "high": 1.22}
    return history_of(runs, {"x.json": "it is not JSON"}, {"c.json": "0.json"})


def test_it_answers_in_a_sentence(history: History) -> None:
    """How many steps, in how many lines and runs, for better and worse; or that there are none, or nothing at all."""
    assert words.answer(history) == "3 steps were found in 11 lines of 21 runs: 3 for the worse, 0 for the better."
    faster = history_of(with_step(20, 10, 0.5))
    assert words.answer(faster) == "3 steps were found in 11 lines of 20 runs: 0 for the worse, 3 for the better."
    assert words.answer(history_of([make_past_run(0)])) == "No step was found in 11 lines of 1 run."
    assert words.answer(make_history(Reading([], {}, {}))) == "There is nothing to draw in 0 lines of 0 runs."


def test_what_is_left_out_is_said(history: History) -> None:
    """Files that are no runs, copies, and runs that their control disowns."""
    assert words.remarks(history) == [
        "x.json is skipped: it is not JSON",
        "c.json is the same run as 0.json; it counts once",
        "1 run is left out, invalid by the control: 3.json",
    ]


def test_a_step_has_its_row(history: History) -> None:
    """Who, what, between which commits, both levels and the change with their intervals, what else, and where."""
    table = words.step_table(history)
    assert table.caption.startswith("Where a level changed, the newest first: levels and change with their 95 %")
    commits, nothing = f"{'0009' * 3} → {'000a' * 3}, 2026-01-01", "nothing that was recorded"
    assert table.rows == (
        (
            *("onnxruntime", "ratio to reference", commits, "0.683 [0.681, 0.686]", "1.026 [1.022, 1.029]"),
            *("worse: +50.1 % [+49.4, +50.8]", nothing, PLACE),
        ),
        (
            *("onnxruntime", "cold start", commits, "1.418 s [1.410, 1.426]", "2.134 s [2.126, 2.142]"),
            *("worse: +50.5 % [+49.5, +51.4]", nothing, PLACE),
        ),
        (
            *("onnxruntime", "peak memory", commits, "396 MB [395, 398]", "594 MB [592, 596]"),
            *("worse: +49.9 % [+49.2, +50.6]", nothing, PLACE),
        ),
    )
    assert table.classes == ("worse", "worse", "worse")


def test_a_step_between_two_days_is_of_the_newer() -> None:
    """The day is that of the first run after, and all that differs there is said in one cell."""
    runs = with_step(40, 30, 0.5)
    for run in runs[30:]:
        run["machine_info"] |= {"node": "two", "release": "6.2"}
    (row, *_) = words.step_table(history_of(runs)).rows
    assert row[2].endswith(", 2026-01-02")
    assert row[5].startswith("better: -50")
    assert row[6] == "machine: one → two; system: Linux 6.1 → Linux 6.2"


def test_the_newest_steps_come_first() -> None:
    """Of two steps of a line, the one of the newer commits is told first."""
    runs = with_step(40, 15, 1.5)
    runs[30:] = [make_past_run(number, factor=3.0) for number in range(30, 40)]
    history = history_of(runs)
    assert [step.first.place for _, _, step in history.steps] == [30, 30, 30, 15, 15, 15]


@pytest.mark.parametrize(
    ("commits", "range_"),
    [
        (("ab" * 20, "cd" * 20), "abababababab → cdcdcdcdcdcd"),
        (("ab" * 20, "ab" * 20), "within abababababab, between two runs of it"),
        ((None, "cd" * 20), "no known commit → cdcdcdcdcdcd"),
        (("ab" * 20, None), "abababababab → no known commit"),
        ((None, None), "no known commit → no known commit"),
    ],
)
def test_a_change_lies_between_commits(commits: tuple[str | None, str | None], range_: str) -> None:
    """Both are named; runs of one commit are said to be so, and runs without one are not taken for one commit's."""
    runs = [make_past_run(0), make_past_run(1)]
    for run, commit in zip(runs, commits, strict=True):
        run["commit_info"] = {"id": commit, "time": "2026-01-01T00:00:00+00:00", "dirty": False} if commit else {}
    assert words.commit_range(*past_runs(runs)) == range_


@pytest.mark.parametrize(
    ("metric", "number", "written"),
    [(RATIO, 0.6844, "0.684"), (COLD_START, 1.4203, "1.420 s"), (PEAK, 397.2e6, "397 MB")],
)
def test_values_are_written_in_their_unit(metric, number: float, written: str) -> None:
    """Ratios have none, durations are in seconds, sizes in megabytes."""
    assert words.value(number, metric) == written


def test_a_section_says_what_its_lines_share(history: History) -> None:
    """Its title names processor, threads, model and reference; its note counts runs and commits."""
    (section,) = history.sections
    assert words.setting_title(section.stratum) == PLACE
    assert words.section_note(section) == "20 runs of 20 commits"
    assert words.model_note(section) == (
        "resnet18 with builtin weights (abababababab); 3×224×224 float32; resized to 256×256 (center, bilinear), of "
        "which the middle 224×224; RGB divided by 255, mean 0.485, 0.456, 0.406, deviation 0.229, 0.224, 0.225, NCHW."
    )
    runs = [make_past_run(number) for number in range(3)]
    runs[1]["commit_info"] = runs[0]["commit_info"]
    runs[2]["commit_info"] = {}
    for run in runs:
        about(run)["model"] = None
        about(run)["stratum"]["threads"] = 1
    (section,) = history_of(runs).sections
    assert words.setting_title(section.stratum) == (
        "Example CPU (Example family 1 model 2 stepping 3), 1 thread, against pytorch"
    )
    assert words.section_note(section) == "3 runs of 1 commit"


def test_a_break_has_its_row() -> None:
    """Who, between which commits, which versions, and the level of each metric before and after."""
    runs = with_step(6, 3, 2.0)
    for number, run in enumerate(runs):
        about(run)["contenders"]["onnxruntime"]["versions"] = (
            {"ort": "1.31", "old": "1"} if number < 3 else {"ort": "2"}
        )
    history = history_of(runs)
    table = words.break_table(history.sections[0])
    assert table.caption.startswith(
        "Where versions or labelled pictures changed, lines end and others begin; the two are not comparable"
    )
    ((who, where, what, levels),) = table.rows
    assert (who, where) == ("onnxruntime", f"{'0002' * 3} → {'0003' * 3}, 2026-01-01")
    assert what == "old: 1 → none; ort: 1.31 → 2"
    assert [part.count(" → ") for part in levels.split("; ")] == [1, 1, 1]
    names = ("ratio to reference 0.", "cold start 1.", "peak memory 3")
    assert all(part.startswith(name) for part, name in zip(levels.split("; "), names, strict=True))


def test_the_json_has_all_of_a_history(history: History) -> None:
    """Schema, counts, what was left out, and each section with its lines, points and steps."""
    written = json.loads(writing.history_json(history))
    (section,) = written.pop("sections")
    assert written == {
        "runoff_history": 3,
        "runs": 21,
        "skipped": {"x.json": "it is not JSON"},
        "copies": {"c.json": "0.json"},
        "invalid": ["3.json"],
    }
    lines = section.pop("lines")
    model = section.pop("model")
    assert read_record(section.pop("processor"), Processor) == PROCESSOR
    assert section == {
        "threads": 2,
        "reference": "pytorch",
        "breaks": [],
    }
    assert model["name"] == "resnet18"
    assert {(line["metric"], line["unit"]) for line in lines} == {
        ("ratio to reference", "ratio"),
        ("cold start", "seconds"),
        ("peak memory", "bytes"),
    }
    (line,) = (line for line in lines if line["contender"] == "onnxruntime" and line["unit"] == "ratio")
    (drawn,) = (line for line in lines_of(history, "onnxruntime") if line.metric == RATIO)
    assert line["versions"] == {"torch": "2.13.0"}
    assert line["points"][0] == {
        "commit": "0000" * 10,
        "commit_time": "2026-01-01T00:00:00+00:00",
        "with_changes": False,
        "time": "2026-01-01T00:00:00+00:00",
        "file": "0.json",
        "value": drawn.points[0].value,
        "low": drawn.points[0].low,
        "high": drawn.points[0].high,
    }
    (step,), (known,) = line["steps"], drawn.steps
    assert (step["last_commit_before"], step["first_commit_after"]) == ("0009" * 10, "000a" * 10)
    assert step["also_changed"] == []
    for name, level in (("before", known.before), ("after", known.after), ("change", known.change)):
        ends = {"value": level.value, "low": level.low, "high": level.high}
        assert step[name] == ends | {"confidence": 0.95, "runs": level.launches}
    assert (step["before"]["runs"], step["after"]["runs"]) == (9, 11)


def test_the_json_has_breaks_and_runs_without_a_commit() -> None:
    """A break names its commits and versions; what has no commit has null in its place."""
    runs = with_step(6, 3, 2.0)
    for number, run in enumerate(runs):
        about(run)["contenders"]["onnxruntime"]["versions"] = {"ort": "1" if number < 3 else "2"}
    runs[0]["commit_info"] = runs[2]["commit_info"] = {}
    (section,) = json.loads(writing.history_json(history_of(runs)))["sections"]
    assert section["breaks"] == [
        {
            "contender": "onnxruntime",
            "last_commit_before": None,
            "first_commit_after": "0003" * 10,
            "changed": ["ort: 1 → 2"],
        }
    ]
    point = section["lines"][0]["points"][0]
    assert (point["commit"], point["commit_time"], point["with_changes"]) == (None, None, None)


def test_markdown_has_the_answer_the_steps_and_what_was_left_out(history: History) -> None:
    """In this order, and with one line break at the end."""
    lines = writing.render_history_markdown(history).split("\n")
    assert lines[0] == "**3 steps were found in 11 lines of 21 runs: 3 for the worse, 0 for the better.**"
    assert lines[1] == ""
    assert lines[2].startswith("| contender | metric | commits | before | after | change | what else changed | where |")
    assert [line[:15] for line in lines[4:7]] == ["| onnxruntime |"] * 3
    assert lines[-4:-1] == [f"- {remark}" for remark in words.remarks(history)]
    assert lines[-1] == ""
