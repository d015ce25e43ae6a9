"""Do the reports say what was stored, all of it, safely, and in a form that can be read anywhere?"""

from __future__ import annotations

import re
from typing import Any

import pytest

from runoff.report.answer import answer
from runoff.report.markdown import render_markdown
from runoff.report.stored import parse_run
from runoff.report.table import render_table

Values = dict[str, Any]

STAGES = {"interpreter": 0.02, "import": 1.1, "load": 0.2, "first inference": 0.1}
INJECTION = '<script>alert("x")</script><img src=x>|`*_[a](b)\x1b[31m'


def benchmark(group: str, contender: str, value: float, ratio: Values | None, **additional: Any) -> Values:
    """Make one benchmark as pytest-benchmark stores it."""
    return {
        "group": group,
        "name": f"test[{contender}]",
        "extra_info": {"contender": contender, "ratio": ratio, **additional},
        "stats": {"median": value, "data": [value * 0.9, value, value * 1.1]},
    }


def ratio(value: float, verdict: str, reach: float = 0.02) -> Values:
    """Make a ratio with its interval."""
    interval = {"low": value * (1 - reach), "high": value * (1 + reach), "confidence": 0.95}
    return {"reference": "pytorch", "value": value, "launches": 8, "rounds": 20, "verdict": verdict, **interval}


def came_of(status: str = "raced", stage: str | None = None, reason: str | None = None) -> Values:
    """Make what came of a contender."""
    judged = status in ("raced", "wrong")
    return {
        "status": status,
        "stage": stage,
        "reason": reason,
        "description": "eager",
        "precision": "float32",
        "versions": {"torch": "2.13.0"},
        "artifact": {"bytes": 46_800_000} if judged else None,
        "agreement": {"share": 1.0 if status == "raced" else 0.5, "largest_difference": 3e-6} if judged else None,
    }


def make_stored_run() -> Values:
    """Make a stored run: one faster, one slower, one no different, one not converted, one wrong, one skipped."""
    raced = {
        "pytorch": (0.025, ratio(1.0, "reference", reach=0.0)),
        "onnxruntime": (0.0171, ratio(0.684, "faster")),
        "tensorflow": (0.0254, ratio(1.017, "no difference shown")),
        "pytorch-channels-last": (0.033, ratio(1.32, "slower")),
    }
    curve = {"seconds": [place / 100 for place in range(900)], "bytes": [1e6 * place for place in range(900)]}
    peaks = {"interpreter": 14e6, "import": 200e6, "load": 300e6, "first inference": 300e6, "steady inference": 397e6}
    benchmarks = []
    for name, (median, compared) in raced.items():
        benchmarks += [
            benchmark("inference", name, median, compared),
            benchmark("cold-start", name, 1.42, None, stages=STAGES),
            benchmark("peak-memory", name, 397e6, None, stages=peaks, curve=curve),
        ]
    about = {
        "schema": 1,
        "seed": 7,
        "launches": 8,
        "rounds": 20,
        "reference": "pytorch",
        "control": {"contender": "pytorch", "value": 1.002, "low": 0.991, "high": 1.013},
        "warnings": ["the machine drifted: let it settle, then run again"],
        "contenders": {name: came_of() for name in raced}
        | {
            "onnxruntime-int8": came_of("conversion failed", "convert", "Resize is not\nsupported"),
            "tensorflow-xla": came_of("wrong", "check", "Top-1 differs on 12 of 83 pictures"),
            "openvino": came_of("skipped", None, "openvino is not installed"),
        },
        "stratum": {"cpu": "Example CPU", "cpu_flags": [], "threads": 2, "versions": {"here": {"torch": "2.13.0"}}},
        "checkpoint": {"name": "builtin", "architecture": "resnet18", "sha256": "ab" * 32},
        "images": {"count": 83, "sha256": "cd" * 32},
    }
    return {
        "machine_info": {"system": "Linux", "release": "6.1", "machine": "x86_64", "runoff": about},
        "commit_info": {"id": "abc123", "dirty": True},
        "datetime": "2026-01-02T03:04:05.678901+00:00",
        "benchmarks": benchmarks,
    }


def about(stored: Values) -> Values:
    """Give the part of a stored run that can be changed before it is read."""
    found: Values = stored["machine_info"]["runoff"]
    return found


def keep_groups(stored: Values, *groups: str) -> None:
    """Drop what was measured in other groups."""
    stored["benchmarks"] = [one for one in stored["benchmarks"] if one["group"] in groups]


def make_exploratory(stored: Values) -> None:
    """Turn a run into one of a single launch, which has no intervals."""
    about(stored)["launches"] = 1
    about(stored)["control"] |= {"low": None, "high": None}
    for one in stored["benchmarks"]:
        compared = one["extra_info"]["ratio"]
        if compared and compared["verdict"] != "reference":
            compared |= {"low": None, "high": None, "verdict": "exploratory"}


@pytest.fixture
def stored() -> Values:
    """A stored run that a test may change."""
    return make_stored_run()


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


def test_markdown_has_the_table(stored):
    """The markdown table has a row for each contender, the verdicts, and the reasons beneath."""
    markdown = render_markdown(parse_run(stored))
    assert len([line for line in markdown.splitlines() if line.startswith("|")]) == 2 + 7
    assert "| onnxruntime | 17.1 |" in markdown
    assert "- **tensorflow-xla**: wrong at check" in markdown
