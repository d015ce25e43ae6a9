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
from tests.compare.conftest import in_one_line


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
    text = in_one_line(render_comparison(found, ("base.json", "head.json"), width=100))
    assert "onnxruntime is right less often" in text
    assert (
        "accuracy: onnxruntime: 35 pictures lost and 0 gained, a drop of 3.89 [2.79, 5.39] points: right less often"
        in text
    )
    assert "accuracy: pytorch: 0 pictures lost and 0 gained, a drop of 0.00 [-0.48, 0.48] points: no drop shown" in text
    assert not any(change.is_worse for change in accuracy_changes(head, base))
    assert (base.info.accuracy is None, accuracy_changes(base, parse_run(make_stored_run()))) == (False, ())


def test_a_drop_that_chance_explains_is_not_worse(tmp_path):
    """Five pictures more that are wrong are a drop, and have a p-value of 2 / 2⁵; six have one of 2 / 2⁶."""
    base = parse_run(make_run(tmp_path, 5))
    for lost, worse in ((10, False), (12, True)):
        (onnxruntime, _) = accuracy_changes(base, parse_run(make_run(tmp_path, lost)))
        assert onnxruntime.paired.drop > 0
        assert onnxruntime.is_worse is worse


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sha256": "ee" * 32}, "other labelled pictures (900 and 900)"),
        ({"sha256": "ee" * 32}, ", and --calibration, without which calibrated contenders take a share of them"),
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
    found = compare_runs(base, head)
    assert found.exit_code == Exit.DONE
    assert f"accuracy: {said}" in in_one_line(render_comparison(found, ("base.json", "head.json"), width=100))


def test_a_run_without_labels_is_not_compared(tmp_path):
    """It is named where the other run has some, and nothing is said where neither has."""
    plain, labelled = parse_run(make_stored_run()), parse_run(make_run(tmp_path, 5))
    assert (why_not_compared(plain, labelled) or "").startswith("is not compared: base has no labelled pictures; give")
    assert (why_not_compared(labelled, plain) or "").startswith("is not compared: head has no labelled pictures; give")
    assert why_not_compared(plain, plain) is None


def test_broken_outcomes_are_refused(tmp_path):
    """Outcomes that are not as many as the pictures are no run that was stored."""
    head = make_run(tmp_path, 5)
    head["benchmarks"][-1]["extra_info"]["outcomes"] = "AAAA"
    with pytest.raises(StoredRunBroken, match="outcomes of labelled pictures"):
        accuracy_changes(parse_run(make_run(tmp_path, 5)), parse_run(head))
