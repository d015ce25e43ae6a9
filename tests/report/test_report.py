"""Do the reports say what was stored, all of it, safely, and in a form that can be read anywhere?"""

from __future__ import annotations

import re
from itertools import groupby

import pytest

from runoff.answer.fastest import answer
from runoff.compare.comparison import file_line
from runoff.contract import RANDOM
from runoff.history.words import setting_title
from runoff.report.sections.comparison import comparison_table
from runoff.report.sections.setting import setting_section
from runoff.report.sections.side_by_side import stratum_notes
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.report.write.terminal import render_table
from runoff.stored.run import parse_run
from runoff.stored.schema import write_record
from tests.builders.processors import ZEN3, ZEN4, of_schema_2, on_processor
from tests.builders.stored_runs import about, came_of, keep_groups, make_exploratory, make_stored_run, ratio
from tests.report.test_page import Page


def test_rows_come_in_order_of_their_medians(stored):
    """The fastest stands first; what was not measured stands last."""
    rows = parse_run(stored).rows
    assert [row.contender for row in rows[:2]] == ["onnxruntime", "pytorch"]
    assert all(row.median is None for row in rows[4:])


def test_the_table_fits_a_hundred_columns(stored):
    """No line is longer than 100, and every word of every row is whole."""
    table = render_table(parse_run(stored))
    assert max(map(len, table.splitlines())) <= 100
    for whole in ("pytorch-channels-last", "1.46× faster", "1.32× slower", "0.684 [0.670, 0.698]", "wrong"):
        assert whole in table
    for word in ("no", "difference", "shown", "conversion", "failed"):
        assert re.search(rf"(?<!\S){word}(?!\S)", table)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_the_table_keeps_to_any_width(stored, width):
    """A contender with a very long name and a narrow terminal cost columns, never the width."""
    about(stored)["contenders"]["tensorflow-" + "long" * 30] = came_of("skipped", None, "not installed")
    assert max(map(len, render_table(parse_run(stored), width=width).splitlines())) <= width


def test_what_was_not_measured_has_dashes_and_a_reason(stored):
    """A contender that did not convert, is wrong or was skipped has no figures, and a line that says where and why."""
    table = render_table(parse_run(stored))
    assert "onnxruntime-int8: conversion failed at convert: Resize is not supported\n" in table
    assert "tensorflow-xla: wrong at check: Top-1 differs on 12 of 83 pictures\n" in table
    assert "openvino: skipped: openvino is not installed\n" in table
    (row,) = re.findall(r"^onnxruntime-int8 .*conversion.*$", table, flags=re.MULTILINE)
    assert not re.search(r"\d", row.removeprefix("onnxruntime-int8"))


@pytest.mark.parametrize("status", ["wrong", "failed"])
def test_a_wrong_contender_is_never_fast(stored, status):
    """Figures of a contender that is wrong, or broke down in the race, are stored but not shown."""
    about(stored)["contenders"]["onnxruntime"] |= {"status": status, "stage": "race", "reason": "NaN"}
    run = parse_run(stored)
    row = next(row for row in run.rows if row.contender == "onnxruntime")
    assert (row.verdict, row.median, row.ratio, row.peak, row.curve) == (status, None, None, None, None)
    assert "fastest" not in answer(run)


def test_colour_is_only_used_when_asked_for(stored):
    """The table has no escape codes unless the terminal takes them."""
    run = parse_run(stored)
    assert "\x1b" not in render_table(run)
    assert "\x1b" in render_table(run, colour=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda run: None, "onnxruntime was the fastest of 4 on Example CPU, 2 threads: 1.46× faster than pytorch"),
        (make_exploratory, "exploratory: 1 launch is too few"),
        (lambda run: about(run)["control"].update(low=1.2, high=1.3), "This run is invalid"),
        (lambda run: keep_groups(run, "cold-start"), "No inference was timed"),
        (lambda run: run["benchmarks"].__delitem__(slice(3, None)), "nothing to compare with pytorch: no other was"),
        (lambda run: run["benchmarks"][3]["extra_info"].update(ratio=ratio(0.9, "inconclusive", 0.2)), "No contender"),
        (
            lambda run: run["benchmarks"][6]["extra_info"].update(ratio=ratio(0.7, "faster", 0.05)),
            "The intervals overlap with tensorflow",
        ),
    ],
)
def test_the_answer_says_no_more_than_was_shown(stored, change, words):
    """One sentence names the fastest with its ratio and machine, or says why the run can't."""
    change(stored)
    assert words in answer(parse_run(stored))


def test_the_reference_can_be_the_fastest(stored):
    """Where every other contender was slower, the reference is named."""
    keep_groups(stored, "inference")
    for one in stored["benchmarks"][1:]:
        one["extra_info"]["ratio"] = ratio(1.3, "slower")
    assert answer(parse_run(stored)).startswith("pytorch, the reference, was the fastest of 4")


def is_table_row(line: str) -> bool:
    """Whether a line of markdown is a table's."""
    return line.startswith("|")


def test_markdown_has_the_table(stored):
    """The markdown table has a row for each contender, the verdicts, and the reasons beneath."""
    markdown = render_markdown(parse_run(stored))
    first, *_ = (list(group) for is_row, group in groupby(markdown.splitlines(), is_table_row) if is_row)
    assert len(first) == 2 + 7
    assert "| onnxruntime | 17.1 |" in markdown
    assert "- **tensorflow-xla**: wrong at check" in markdown


@pytest.mark.long
def test_random_weights_are_for_speed_only_wherever_they_are_shown(stored):
    """A run of random weights says "speed only" on the terminal, in Markdown and on the page; any other never does."""
    words = "Speed only: the weights are random"

    def shown():
        run = parse_run(stored)
        texts = (render_table(run), render_markdown(run), Page(render_page(run)).text)
        return [words in " ".join(text.split()) for text in texts]

    assert shown() == [False, False, False]
    about(stored)["model"]["source"]["origin"] = RANDOM
    assert shown() == [True, True, True]
    run = parse_run(stored)
    assert write_record(run.info)["model"]["speed_only"] is True
    assert Page(render_page(run)).text.index(words) < Page(render_page(run)).text.index("Latency percentiles")
    assert comparison_table(run).caption.endswith("by contender; speed only, with random weights")
    named = "resnet18 with builtin weights (speed only)"
    assert named in render_table(run, width=200)
    assert named in setting_title(run.stratum)
    assert named in file_line("a.json", run)


@pytest.mark.long
def test_repairs_are_named_beside_the_contender_that_needed_them(stored):
    """The page names what had to be repaired in the ONNX file before a contender's converter took it."""
    assert "set back to operator set 13" not in Page(render_page(parse_run(stored))).text
    about(stored)["contenders"]["onnxruntime"]["artifact"]["repairs"] = ["set back to operator set 13"]
    assert "set back to operator set 13" in Page(render_page(parse_run(stored))).text


def test_the_processor_is_shown_with_all_that_tells_it_from_others(stored):
    """The page and Markdown have design, caches, extensions and hypervisor, and what an older run does not hold."""
    run = parse_run(on_processor(stored, ZEN4))
    lines = dict(setting_section(run).details)["Processor"]
    assert lines[0] == "AuthenticAMD family 25 model 17 stepping 1; L1d 32 KiB, L2 1 MiB, L3 32 MiB"
    assert f"- Processor: {lines[0]}; vector extensions: avx avx2" in render_markdown(run)
    older = parse_run(of_schema_2(make_stored_run(), ZEN4))
    assert dict(setting_section(older).details)["Processor"][-1] == "processor not fully known: caches"


def test_a_backend_from_elsewhere_is_named_beside_its_contender(stored):
    """The versions' column says which package and file a contender's backend is from, and nothing of Runoff's own."""
    about(stored)["contenders"]["onnxruntime"]["origin"] = {
        "file": "racing.py",
        "sha256": "ab" * 32,
        "distribution": "mine",
        "version": "1.2",
    }
    rows = setting_section(parse_run(stored)).table.rows
    told = {row[0]: row[-1] for row in rows if "its backend is from" in row[-1]}
    words = "its backend is from mine\N{NO-BREAK SPACE}1.2, racing.py, SHA-256 abababababab…"
    assert {name: text.split("; ")[1] for name, text in told.items()} == {"onnxruntime": words}


def test_runs_side_by_side_say_where_processors_differ_or_are_not_known(stored):
    """Of two that call themselves the same the parts that differ are named; an older run has what it does not hold."""
    first = parse_run(on_processor(stored, ZEN3))
    other = parse_run(on_processor(make_stored_run(), ZEN4))
    older = parse_run(of_schema_2(make_stored_run(), ZEN3))
    assert stratum_notes([(1, first), (2, first)]) == []
    differs, doubt = stratum_notes([(1, first), (2, other), (4, older)])
    assert differs.startswith("Run 2 is of another stratum than run 1, so")
    assert "CPU design: model 1 → 17 (" in differs
    assert doubt == "Processor not fully known in run 4 (caches), so a difference between runs can come from it."
