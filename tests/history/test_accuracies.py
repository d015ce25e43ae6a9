"""Accuracies over commits: a line of each set of labelled pictures, and steps by the same pictures."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from runoff.history import words
from runoff.history.lines import RIGHT, answers_differ
from runoff.history.past import past_run
from runoff.history.writing import history_json, render_history
from runoff.judge.accuracy import Rule
from runoff.record.accuracy import accuracies, stored_accuracy
from runoff.stored.run import parse_run
from runoff.stored.schema import StoredRunBroken, write_record
from tests.builders.answered import make_answered
from tests.builders.histories import history_of, make_past_run
from tests.builders.stored_runs import about, benchmark


@pytest.fixture
def answering(tmp_path):
    """Make the run of a commit on which onnxruntime names so many of 900 pictures wrong, from a place on."""

    def make(number, wrong, labels="cd" * 32, first=0):
        answered = make_answered(tmp_path, 900, golden=10, pytorch=(10, 0), onnxruntime=(wrong, first))
        answered = replace(answered, pictures=replace(answered.pictures, labels_sha256=labels))
        run = make_past_run(number)
        about(run)["accuracy"] = write_record(stored_accuracy(answered, "1%"))
        for name, found in accuracies(answered, Rule(0.01)).items():
            one = benchmark("accuracy", name, 1 - found.top1.value, None)
            one["extra_info"] |= write_record(found)
            run["benchmarks"].append(one)
        return run

    return make


def lines_of_accuracy(history):
    """Return the lines of onnxruntime's accuracy."""
    return [line for line in history.lines if line.metric is RIGHT and line.contender == "onnxruntime"]


def test_a_loss_of_accuracy_is_a_step_for_the_worse(answering):
    """Each run is a point with its interval; the step lies between the commits, and more would be better."""
    history = history_of([answering(number, 10 if number < 8 else 60) for number in range(16)])
    (line,) = lines_of_accuracy(history)
    assert [point.value for point in line.points] == [890 / 900] * 8 + [840 / 900] * 8
    assert line.points[0].low < 890 / 900 < line.points[0].high
    assert line.points[9].run.commit.identifier == "0009" * 10
    (step,) = line.steps
    assert (step.last.place, step.first.place) == (7, 8)
    assert words.direction(line, step) == "worse"
    assert words.level(step.after, RIGHT).startswith("0.933")
    gained = history_of([answering(number, 60 if number < 8 else 10) for number in range(16)])
    (line,) = lines_of_accuracy(gained)
    assert words.direction(line, line.steps[0]) == "better"


@pytest.mark.long
def test_the_page_and_the_json_have_accuracies(answering):
    """A chart, which is made in a separate process, says the levels and steps; the JSON says that it is a share."""
    history = history_of([answering(number, 10 if number < 8 else 60) for number in range(16)])
    assert "accuracy of onnxruntime over commits: 16 runs" in render_history(history)
    (section,) = json.loads(history_json(history))["sections"]
    (found,) = (line for line in section["lines"] if (line["contender"], line["unit"]) == ("onnxruntime", "share"))
    assert (found["metric"], len(found["steps"])) == ("accuracy", 1)


@pytest.mark.long
def test_a_few_other_answers_are_no_step(answering):
    """Three pictures fewer are another level for good, and may be chance: McNemar's test does not show it."""
    (line,) = lines_of_accuracy(history_of([answering(number, 10 if number < 8 else 13) for number in range(16)]))
    assert line.steps == ()


def test_answers_differ_where_mcnemars_test_says_so(answering):
    """Five lost of ten wrong before have a p-value of 2 / 2⁵, six one of 2 / 2⁶; as many lost as gained have 1."""
    before, five, six, others = (
        past_run(f"{wrong}.json", parse_run(answering(0, wrong, first=first)))
        for wrong, first in ((10, 0), (15, 0), (16, 0), (10, 10))
    )
    assert not answers_differ("onnxruntime", before, five)
    assert answers_differ("onnxruntime", before, six)
    assert answers_differ("onnxruntime", six, before)
    assert not answers_differ("onnxruntime", before, others)
    assert not answers_differ("pytorch", before, six)


def test_other_labels_end_the_line_and_are_named(answering):
    """What is not comparable is not joined: the line ends, another begins, and the page says why."""
    history = history_of([answering(number, 10, "cd" * 32 if number < 3 else "ef" * 32) for number in range(6)])
    (written,) = json.loads(history_json(history))["sections"]
    assert [line["unit"] for line in written["lines"] if line["metric"] == "accuracy"] == ["share"] * 4
    assert [len(line.points) for line in lines_of_accuracy(history)] == [3, 3]
    (section,) = history.sections
    changed = {found.contender: found.changed for found in section.breaks}
    assert changed["onnxruntime"] == ("labelled pictures: 900 cdcdcdcdcdcd → 900 efefefefefef",)


def test_a_contender_that_is_never_right_has_a_line_too(answering):
    """Of an accuracy of none there is no logarithm, and it is shown all the same."""
    (line,) = lines_of_accuracy(history_of([answering(number, 900) for number in range(3)]))
    assert [point.value for point in line.points] == [0.0] * 3


def test_answers_that_are_not_as_many_as_pictures_are_refused(answering):
    """A file whose outcomes are cut off is no run, with the reason."""
    run = answering(0, 10)
    run["benchmarks"][-1]["extra_info"]["outcomes"] = "AAAA"
    with pytest.raises(StoredRunBroken, match="outcomes of labelled pictures are broken"):
        past_run("a.json", parse_run(run))


def test_what_a_line_does_not_need_is_forgotten(answering):
    """Of a run that is remembered single pictures and classes are left out, and its outcomes are kept."""
    stored = parse_run(answering(0, 60))
    (found,) = (each for each in stored.accuracy if each.contender == "onnxruntime")
    assert found.discordant != () != found.losses
    kept = past_run("a.json", stored).accuracies["onnxruntime"]
    assert (kept.losses, kept.discordant, kept.top1.right) == ((), (), 840)


def test_a_run_without_labels_has_no_such_line():
    """Nothing is drawn of accuracy where nothing is known."""
    assert not lines_of_accuracy(history_of([make_past_run(number) for number in range(3)]))
