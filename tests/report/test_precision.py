"""Reports say beside the control how many launches would make the intervals narrow, where they are not."""

from __future__ import annotations

import dataclasses
import math

import pytest

from runoff.judge.ratios import ratio_over_launches
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.report.write.terminal import render_table
from runoff.stored.precision import precision_line
from runoff.stored.run import parse_run
from runoff.stored.schema import write_record
from tests.builders.stored_runs import about, ratio
from tests.report.test_page import Page


def of_launches(deviation):
    """Make a stored ratio of eight launches that deviate so much."""
    made = ratio_over_launches([math.log(0.7) + sign * deviation for sign in (1, -1) * 4])
    return write_record(dataclasses.replace(made, reference="pytorch", rounds=30, verdict="faster"))


def with_ratios(stored, deviation):
    """Read the run with this spread between the launches of onnxruntime, and little between all others'."""
    for benchmark in stored["benchmarks"]:
        if benchmark["group"] == "inference" and benchmark["extra_info"]["contender"] != "pytorch":
            wide = benchmark["extra_info"]["contender"] == "onnxruntime"
            benchmark["extra_info"]["ratio"] = of_launches(deviation) if wide else ratio(1.017, "slower", reach=0.01)
    return parse_run(stored)


@pytest.mark.long
def test_every_report_says_it_after_the_control_and_before_the_probe(stored):
    """The widest interval, how many launches would do and the option that gets there, in one sentence."""
    run = with_ratios(stored, 0.1)
    said = (
        "The widest interval, that of onnxruntime, reaches 9.35 % to each side; with about 115 launches instead of 8, "
        "all would reach 2 % at most, and --launches 115 --precision 2% goes on until they do."
    )
    assert precision_line(run) == said
    for text in (render_table(run), render_markdown(run), Page(render_page(run)).text):
        words = " ".join(text.replace("\\", "").split())
        assert said in words
        assert words.index("Control (a second pytorch") < words.index(said)


def test_where_the_looks_suffice_the_option_stands_alone(stored):
    """With less spread the looks after the default's eight launches are enough, and no other number is given."""
    line = precision_line(with_ratios(stored, 0.05))
    assert line is not None
    assert line.endswith("and --precision 2% goes on until they do.")
    assert "--launches" not in line


def test_narrow_runs_and_those_with_a_precision_of_their_own_say_nothing(stored):
    """Nothing is advised where all is narrow, nor where a precision was asked for and met, or was warned of."""
    assert precision_line(with_ratios(stored, 0.01)) is None
    about(stored)["schedule"]["precision"] = 0.05
    assert precision_line(with_ratios(stored, 0.05)) is None


def test_the_control_counts_too(stored):
    """--precision waits for the control's interval too, so that it can be the one that takes most."""
    about(stored)["control"] = of_launches(0.04)
    line = precision_line(with_ratios(stored, 0.01))
    assert line is not None
    assert line.startswith("The widest interval, that of the control, reaches 3.")


def test_few_launches_promise_nothing(stored):
    """Of fewer launches than a verdict takes, no number is derived."""
    about(stored)["control"] = None
    run = with_ratios(stored, 0.05)
    few = [dataclasses.replace(row, ratio=row.ratio and dataclasses.replace(row.ratio, launches=4)) for row in run.rows]
    assert precision_line(run) is not None
    assert precision_line(dataclasses.replace(run, rows=few)) is None
