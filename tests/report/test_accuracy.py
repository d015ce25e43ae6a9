"""What a report says of accuracy on labelled pictures, and which contender it recommends by it."""

from __future__ import annotations

import pytest

from runoff.answer.recommendation import recommendation
from runoff.judge.accuracy import Rule
from runoff.record.accuracy import accuracies, stored_accuracy
from runoff.report.sections.accuracy import accuracy_section, class_section, discordant_figure
from runoff.report.write.page import render_page
from runoff.report.write.terminal import render_table
from runoff.stored.run import parse_run
from runoff.stored.schema import write_record
from tests.builders.answered import make_answered
from tests.builders.stored_runs import INJECTION, about, add_contender, benchmark, make_stored_run

JUDGED = ("pytorch", "onnxruntime", "openvino")


@pytest.fixture
def stored(tmp_path):
    """Return a stored run of which pytorch answers as golden, onnxruntime lost 3 of 900 and openvino 60."""
    answered = make_answered(tmp_path, 900, golden=10, pytorch=(10, 0), onnxruntime=(13, 0), openvino=(70, 0))
    run = make_stored_run()
    add_contender(run, "openvino", 0.4)
    add_contender(run, "onnxruntime", 0.7)
    about(run)["accuracy"] = write_record(stored_accuracy(answered, "1%"))
    for name, found in accuracies(answered, Rule(0.01)).items():
        one = benchmark("accuracy", name, 1 - found.top1.value, None)
        one["extra_info"] |= write_record(found)
        run["benchmarks"].append(one)
    return run


def test_the_section_has_golden_first_and_a_verdict_each(stored):
    """Golden's accuracy is the reference; the others come in the order of how far they may drop."""
    section = accuracy_section(parse_run(stored))
    assert section is not None
    assert section.table is not None
    assert [(row[0], row[-1]) for row in section.table.rows] == [
        ("golden", "reference"),
        ("pytorch", "as good"),
        ("onnxruntime", "undecided"),
        ("openvino", "worse"),
    ]
    texts = " ".join(note.text for note in section.notes)
    assert "900 pictures of 6 of the model's 6 classes" in texts
    assert "--max-drop 1%" in texts
    assert "onnxruntime is undecided: about " in texts


def test_a_run_without_labels_has_no_section():
    """Nothing is said of accuracy where no labelled pictures were given."""
    run = parse_run(make_stored_run())
    assert (accuracy_section(run), class_section(run), discordant_figure(run)) == (None, None, None)


def test_a_limit_on_the_drop_takes_the_intervals_end(stored):
    """A contender is recommended under it only where the whole interval is below: undecided is not right."""
    about(stored)["limits"] = "accuracy_drop<1%"
    said = recommendation(parse_run(stored))
    assert "★ Recommended under accuracy drop < 1 %: pytorch" in said
    about(stored)["limits"] = "accuracy_drop<2%"
    assert "★ Recommended under accuracy drop < 2 %: onnxruntime" in recommendation(parse_run(stored))


def test_what_is_worse_is_not_recommended_and_undecided_is_said(stored):
    """Without limits the fastest that is not worse is recommended, and the sentence says what its accuracy shows."""
    said = recommendation(parse_run(stored))
    assert "★ Recommended: onnxruntime" in said
    assert "accuracy undecided" in said
    assert "openvino" not in said


def test_where_all_are_worse_none_is_recommended(stored):
    """A sentence says why, whether there are limits or not."""
    for one in stored["benchmarks"]:
        if one["group"] == "accuracy":
            one["extra_info"]["drop"]["verdict"] = "worse"
    stored["benchmarks"] = [one for one in stored["benchmarks"] if one["extra_info"]["contender"] in JUDGED]
    for limits in ("", "accuracy_drop<1%"):
        about(stored)["limits"] = limits
        assert "No contender is recommended: each is shown to be worse" in recommendation(parse_run(stored))


@pytest.mark.long
def test_thumbnails_are_in_the_page_and_names_are_escaped(stored):
    """The page has a picture of each discordant answer, and no text of a file's becomes a tag."""
    for one in stored["benchmarks"]:
        for picture in one["extra_info"].get("discordant", ()):
            picture["label"] = picture["picture"] = INJECTION
    page = render_page(parse_run(stored))
    assert "data:image/jpeg;base64," in page
    assert "<script>alert" not in page
    assert 'id="accuracy"' in page


def test_the_terminal_has_the_table_within_its_width(stored):
    """At 100 columns no line is longer, and the verdicts are there."""
    text = render_table(parse_run(stored), width=100, colour=False)
    assert all(len(line) <= 100 for line in text.splitlines())
    assert "undecided" in text
