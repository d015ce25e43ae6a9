"""Accuracy of two runs: compared picture by picture within one set, and the reason where it is not."""

from __future__ import annotations

import pytest

from runoff.compare.accuracies import accuracy_changes, why_not_compared
from runoff.compare.changes import compare_runs
from runoff.compare.comparison import render_comparison
from runoff.errors import Exit
from runoff.judge.accuracy import Rule
from runoff.record.accuracy import accuracies, stored_accuracy
from runoff.stored.run import parse_run
from runoff.stored.schema import StoredRunBroken, write_record
from tests.builders.answered import make_answered
from tests.builders.stored_runs import about, benchmark, make_stored_run


def make_run(folder, lost: int, **changed):
    """Make a stored run on 900 labelled pictures of which onnxruntime names so many wrong."""
    answered = make_answered(folder, 900, pytorch=(0, 0), onnxruntime=(lost, 0))
    run = make_stored_run()
    about(run)["accuracy"] = write_record(stored_accuracy(answered, "1%"))
    about(run)["accuracy"]["pictures"] |= changed
    for name, found in accuracies(answered, Rule(0.01)).items():
        one = benchmark("accuracy", name, 1 - found.top1.value, None)
        one["extra_info"] |= write_record(found)
        run["benchmarks"].append(one)
    return run


def test_answers_are_paired_by_picture(tmp_path):
    """What head lost is counted where base was right, and a drop that is shown fails the comparison by name."""
    base, head = (parse_run(make_run(tmp_path, lost)) for lost in (5, 40))
    (onnxruntime, pytorch) = accuracy_changes(base, head)
    assert (onnxruntime.paired.lost, onnxruntime.paired.gained, onnxruntime.is_worse) == (35, 0, True)
    assert (pytorch.paired.lost, pytorch.is_worse) == (0, False)
    found = compare_runs(base, head)
    assert found.exit_code == Exit.WORSE
    text = render_comparison(found, ("base.json", "head.json"), width=100)
    assert "onnxruntime is right less often" in text
    assert "35 pictures lost and 0 gained" in text
    assert not any(change.is_worse for change in accuracy_changes(head, base))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sha256": "ee" * 32}, "other labelled pictures (900 and 900)"),
        ({"labels_sha256": "ee" * 32}, "the pictures are the same, their labels are not"),
    ],
)
def test_other_pictures_or_labels_are_not_compared(tmp_path, changed, reason):
    """The reason is said with what to do, and nothing fails."""
    base, head = parse_run(make_run(tmp_path, 5)), parse_run(make_run(tmp_path, 40, **changed))
    assert accuracy_changes(base, head) == ()
    said = why_not_compared(base, head)
    assert said is not None
    assert reason in said
    assert "give both the same --images" in said
    assert compare_runs(base, head).exit_code == Exit.DONE


def test_a_run_without_labels_is_not_compared(tmp_path):
    """It is named where the other run has some, and nothing is said where neither has."""
    plain, labelled = parse_run(make_stored_run()), parse_run(make_run(tmp_path, 5))
    assert "base has no labelled pictures" in (why_not_compared(plain, labelled) or "")
    assert why_not_compared(plain, plain) is None


def test_broken_outcomes_are_refused(tmp_path):
    """Outcomes that are not as many as the pictures are no run that was stored."""
    head = make_run(tmp_path, 5)
    head["benchmarks"][-1]["extra_info"]["outcomes"] = "AAAA"
    with pytest.raises(StoredRunBroken, match="outcomes of labelled pictures"):
        accuracy_changes(parse_run(make_run(tmp_path, 5)), parse_run(head))
