"""What a comparison says: its sentence, its tables and every note beneath them."""

from __future__ import annotations

import dataclasses
import math

import pytest
from msgspec import structs

from runoff.compare.changes import MISSING, NEW, Absence, Comparison, Fall, Renaming, compare_runs
from runoff.compare.comparison import (
    absence_notes,
    amount,
    change_class,
    changes_table,
    file_line,
    grouped_table,
    notes,
    outcome,
    render_markdown_comparison,
    unproven_notes,
)
from runoff.errors import Exit
from runoff.stored.run import StoredRun, parse_run
from tests.builders.stored_runs import about, make_comparable_run, spread

INFERENCE, PEAK, TENSORFLOW = ("inference", "onnxruntime"), ("peak-memory", "onnxruntime"), ("inference", "tensorflow")
LAUNCHES = {INFERENCE: spread(-0.58), PEAK: spread(0.2), TENSORFLOW: spread(0.1)}
FILES = ("a.json", "b.json")
FILE = (
    "2 January 2026, 03:04 UTC, commit abc123 with changes; 8 launches × 20 rounds; Example CPU, 2 threads; "
    "resnet18 with builtin weights"
)


def run_of(changed=None, **options) -> StoredRun:
    """Return a run of two contenders, some of its log-ratios changed."""
    return parse_run(make_comparable_run(LAUNCHES | (changed or {}), **options))


def slower_by(*factors: float) -> dict[tuple[str, str], list[float]]:
    """Change the inference of onnxruntime, and that of tensorflow, by factors."""
    return {
        key: [value + math.log(factor) for value in LAUNCHES[key]]
        for key, factor in zip((INFERENCE, TENSORFLOW), factors, strict=False)
    }


@pytest.fixture(scope="module")
def found() -> Comparison:
    """A comparison with one change that fails, one for the better, and one that shows nothing."""
    return compare_runs(run_of(), run_of(slower_by(1.1) | {PEAK: spread(0.1)}), 0.05)


def labelled(told) -> list[tuple[str, str]]:
    """Return notes as pairs."""
    return [(note.label, note.text) for note in told]


@pytest.mark.parametrize(
    ("factors", "fail_above", "sentence"),
    [
        ((), 0.05, "Nothing is shown to be worse in 3 changes."),
        ((0.9,), 0.05, "Nothing is shown to be worse in 3 changes."),
        ((1.04,), 0.05, "1 of 3 changes is for the worse; none is proven to be beyond 5 %."),
        ((1.04, 1.03), 0.05, "2 of 3 changes are for the worse; none is proven to be beyond 5 %."),
        ((1.2,), None, "1 of 3 changes is for the worse; no limit was given (--fail-above), so none fails."),
        ((1.1,), 0.05, "Worse: inference of onnxruntime is slower by 10.0 %, proven to be beyond 5 %."),
        (
            (1.1, 1.2),
            0.0,
            "Worse: inference of onnxruntime is slower by 10.0 %, proven to be beyond 0 %; "
            "inference of tensorflow is slower by 20.0 %, proven to be beyond 0 %.",
        ),
    ],
)
def test_the_outcome_is_a_sentence(factors: tuple[float, ...], fail_above: float | None, sentence: str) -> None:
    """What fails comes first; else what is worse without failing, or that nothing is."""
    assert outcome(compare_runs(run_of(), run_of(slower_by(*factors)), fail_above)) == sentence


def test_what_cannot_be_compared_is_said_before_all(found: Comparison) -> None:
    """Strata by what they differ in, invalid runs by which, absences by their number, falls among what is worse."""
    other = dataclasses.replace(found, differences=["threads: 2 → 4", "threads of here: 1", "cpu: A: 1 → B"])
    assert outcome(other) == (
        "There is no comparable baseline, so nothing is compared: the runs differ in threads, threads of here, cpu."
    )
    invalid = "invalid by the control, so nothing passes and nothing fails."
    assert outcome(dataclasses.replace(found, invalid=["head"])) == f"The head run is {invalid}"
    assert outcome(dataclasses.replace(found, invalid=["base", "head"])) == f"Both runs are {invalid}"
    fell = dataclasses.replace(found, changes=(), falls=(Fall("a", 1.0, 0.9),))
    assert outcome(fell) == "Worse: a agrees less with golden."
    alone = [Absence(MISSING, "g", "a", None), Absence(NEW, "g", "b", None), Absence(NEW, "g", "c", None)]
    absent = dataclasses.replace(found, changes=(), absences=alone)
    assert outcome(absent) == (
        "Not all could be compared: 1 benchmark is missing and 2 benchmarks are new. The runs have no ratio in common."
    )
    assert outcome(dataclasses.replace(found, changes=(), absences=alone[:1])).startswith(
        "Not all could be compared: 1 benchmark is missing. "
    )


def test_unproven_changes_are_no_news() -> None:
    """Where all are exploratory or inconclusive, nothing is proven for better or worse."""
    wide = {key: spread(0.0, 0.3) for key in LAUNCHES}
    assert outcome(compare_runs(run_of(wide), run_of(wide))) == "Nothing is proven, for better or worse, in 3 changes."
    some = {INFERENCE: spread(-0.58, 0.3)}
    assert outcome(compare_runs(run_of(some), run_of(some))) == "Nothing is shown to be worse in 3 changes."


def test_the_table_has_a_row_for_each_change(found: Comparison) -> None:
    """Metric, contender, both ratios, the change with its interval, and what it shows beyond which limit."""
    table = changes_table(found)
    assert [column.heading for column in table.columns] == [
        *("metric", "contender", "base\nratio", "head\nratio", "change\n[95 % interval]", "verdict"),
    ]
    assert [column.kind for column in table.columns] == ["name", "name", "figure", "figure", "figure", "verdict"]
    assert table.rows == (
        ("inference", "onnxruntime", "0.560", "0.616", "+10.0 % [+9.7, +10.3]", "slower, beyond 5 %"),
        ("inference", "tensorflow", "1.105", "1.105", "0.0 % [-0.2, +0.2]", "no difference shown"),
        ("peak-memory", "onnxruntime", "1.221", "1.105", "-9.5 % [-9.7, -9.3]", "less"),
    )
    assert (table.caption, table.classes) == ("", ("failing", "", "faster"))


def test_the_table_of_a_terminal_has_metrics_as_headings(found: Comparison) -> None:
    """Each metric once, its contenders indented beneath it, without the metric's column."""
    table = grouped_table(found)
    assert [column.heading for column in table.columns] == [c.heading for c in changes_table(found).columns[1:]]
    assert [row[0] for row in table.rows] == [
        *("inference", "  onnxruntime", "  tensorflow", "peak-memory", "  onnxruntime"),
    ]
    assert table.rows[0][1:] == ("", "", "", "")
    assert table.rows[1][1:] == changes_table(found).rows[0][2:]
    assert table.classes == ("heading", "failing", "", "heading", "faster")


@pytest.mark.parametrize(
    ("verdict", "fails", "kind"),
    [
        ("slower", True, "failing"),
        ("slower", False, "slower"),
        ("more", False, "slower"),
        ("faster", False, "faster"),
        ("less", False, "faster"),
        ("inconclusive", False, ""),
    ],
)
def test_a_change_has_its_colour(found: Comparison, verdict: str, fails: bool, kind: str) -> None:
    """What fails, what is worse, what is better, and all else."""
    assert change_class(dataclasses.replace(found.changes[0], verdict=verdict, fails=fails)) == kind


def test_the_notes_of_a_comparison(found: Comparison) -> None:
    """How many changes of each kind, the reference's own speed, both files, and what the exit code means."""
    aside = "The machine's own speed is part of this, so it is for information and nothing of it is gated"
    assert labelled(notes(found, FILES)) == [
        ("changes", "1 slower, 1 no difference shown, 1 less"),
        (
            "reference",
            f"pytorch: inference 25.0 ms → 25.0 ms (0.0 %), peak-memory 400 MB → 400 MB (0.0 %). {aside}",
        ),
        ("base", f"a.json: {FILE}"),
        ("head", f"b.json: {FILE}"),
        ("exit code 9", Exit.WORSE.meaning),
    ]


def test_the_notes_of_what_is_not_compared(found: Comparison) -> None:
    """Each difference with the way on, and each invalid run with its control."""
    told = labelled(notes(dataclasses.replace(found, changes=(), references=(), differences=["cpu: A → B"]), FILES))
    assert told[0] == ("differs", "cpu: A → B")
    assert told[1][0] == "next"
    assert told[1][1].startswith("race both in one run (--tree NAME=FOLDER or --environment NAME=PYTHON brings")
    assert [label for label, _ in told[2:]] == ["base", "head", "exit code 4"]
    invalid = dataclasses.replace(found, changes=(), references=(), invalid=["base", "head"])
    told = labelled(notes(invalid, FILES))
    assert [label for label, _ in told] == ["invalid base", "invalid head", "next", "base", "head", "exit code 5"]
    assert "0.991" in told[0][1]
    assert "run again" in told[2][1] or "again" in told[2][1]


def test_other_pictures_and_falls_are_noted(found: Comparison) -> None:
    """Agreement on other pictures is not compared, and what fell is told from where to where."""
    stored = make_comparable_run(LAUNCHES)
    about(stored)["images"]["sha256"] = "99" * 32
    other = compare_runs(run_of(), parse_run(stored))
    assert labelled(notes(other, FILES))[1] == (
        "agreement",
        "is not compared: the runs show other pictures; give both the same --images",
    )
    fell = dataclasses.replace(found, falls=(Fall("a", 1.0, 0.988),))
    assert ("agreement fell", "a: 100 % → 98.8 %") in labelled(notes(fell, FILES))


def test_absences_are_told_together(found: Comparison) -> None:
    """What is missing from the same groups for the same reason is one note; renamings and what has no ratio follow."""
    absent = [
        Absence(MISSING, "inference", "a", "it crashed"),
        Absence(MISSING, "peak-memory", "a", "it crashed"),
        Absence(MISSING, "inference", "b", "it crashed"),
        Absence(MISSING, "peak-memory", "b", "it crashed"),
        Absence(MISSING, "inference", "c", None),
        Absence(NEW, "inference", "d", "skipped"),
    ]
    renamed = [Renaming("inference", "c", "d")]
    one = dataclasses.replace(found, absences=absent, renamings=renamed, unrelated=[("cold-start", "x"), ("g", "y")])
    assert labelled(absence_notes(one)) == [
        ("missing", "a, b in inference, peak-memory: head says it crashed"),
        ("missing", "c in inference"),
        ("new", "d in inference: base says skipped"),
        ("renamed?", "c → d in inference"),
        ("not compared", "x in cold-start, y in g: neither run has a ratio of it"),
    ]


def test_unproven_changes_are_counted_with_what_would_show_them() -> None:
    """Exploratory and inconclusive ones, each with its reason and the remedy; the stricter margin is named."""
    changed = {INFERENCE: spread(-0.58, 0.3), TENSORFLOW: spread(0.1, 0.3), PEAK: spread(0.2, count=4)}
    base, head = make_comparable_run(LAUNCHES | changed), make_comparable_run(LAUNCHES | changed)
    about(base)["margin"] = 0.02
    found = compare_runs(parse_run(base), parse_run(head))
    few = "a run has fewer than 5 launches or no interval, so this never fails"
    wide = "the interval is wider than 2 %, so a difference that matters could be in it"
    assert labelled(unproven_notes(found)) == [
        ("unproven", f"1 exploratory: {few}; measure with more --launches"),
        ("unproven", f"2 inconclusive: {wide}; measure with more --launches"),
    ]


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.0251, "seconds", "25.1 ms"),
        (0.999, "seconds", "999.0 ms"),
        (1.0, "seconds", "1.00 s"),
        (2.5, "seconds", "2.50 s"),
        (400e6, "bytes", "400 MB"),
        (12.3456, "images a second", "12.35 images a second"),
    ],
)
def test_amounts_are_in_the_unit_that_people_read(value: float, unit: str, written: str) -> None:
    """Milliseconds below a second, megabytes, and any other unit by its name."""
    assert amount(value, unit) == written


def test_a_file_is_told_by_what_is_in_it(found: Comparison) -> None:
    """Its name in one line, when and of which commit it was stored, how much was measured and where."""
    assert file_line("a\nb.json", found.base).startswith(r"a\nb.json: 2 January 2026, 03:04 UTC, commit abc123 with")
    nowhere = dataclasses.replace(found.base, commit=None)
    single = structs.replace(nowhere.info, launches=1, rounds=1)
    assert "; 1 launch × 1 round; " in file_line("a.json", dataclasses.replace(nowhere, info=single))
    unnamed = dataclasses.replace(found.base, stratum=structs.replace(found.base.stratum, model=None))
    assert file_line("a.json", unnamed).endswith("; Example CPU, 2 threads")
    assert file_line("a.json", nowhere) == (
        "a.json: 2 January 2026, 03:04 UTC, no known commit; 8 launches × 20 rounds; Example CPU, 2 threads; "
        "resnet18 with builtin weights"
    )


def test_markdown_has_the_sentence_the_table_and_the_notes(found: Comparison) -> None:
    """In this order, with one line break at the end."""
    lines = render_markdown_comparison(found, FILES).split("\n")
    assert lines[0] == "Worse: inference of onnxruntime is slower by 10.0 %, proven to be beyond 5 %."
    assert lines[1] == ""
    assert lines[2].startswith("| metric | contender | base ratio | head ratio |")
    assert lines[4].startswith("| inference | onnxruntime | 0.560 | 0.616 |")
    assert lines[-2] == f"- **exit code 9**: {Exit.WORSE.meaning}"
    assert lines[-1] == ""
