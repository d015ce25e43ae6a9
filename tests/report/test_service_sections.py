"""What a service pays: a section for each question that was asked, with its figures, its notes and its control."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec import structs

from runoff.answer.recommendation import recommendation
from runoff.arrays import Input
from runoff.report.blocks import TERMINAL
from runoff.report.sections.contents import sections
from runoff.report.sections.neighbour import BY_ITSELF, ONE_CORE, itself_text, neighbour_figure
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.report.write.terminal import render_table
from runoff.stored.benchmarks import Percentiles
from runoff.stored.run import StoredRun, parse_run
from runoff.stored.schema import read_record, write_record
from runoff.stored.service import (
    EndToEnd,
    LoadGen,
    NeighbourCost,
    Neighbours,
    Parallel,
    ParallelSessions,
    Rate,
    Scaling,
    Server,
    SingleStream,
    Slowdown,
    Threads,
    Throughput,
)
from tests.builders.drawing import svg_of
from tests.builders.stored_runs import about, benchmark, make_stored_run, percentiles, ratio
from tests.report.reading import notes_of, section_of

LOADGEN = LoadGen("6.0.3", 0.1, 0.99, {}, {}, 1.0, 2.0)
PERCENTILES = read_record(percentiles(0.02), Percentiles)
RATE = Rate(100.0, 90.0, 110.0, 8)
ANSWERS = {
    "throughput": Throughput({1: RATE, 8: "expected a batch of 1"}),
    "parallel": ParallelSessions(Parallel(2, RATE, Rate(80.0, None, None), Rate(1.25, 1.2, 1.3))),
    "single-stream": SingleStream(PERCENTILES, LOADGEN),
    "server": Server(Rate(40.0, 38.0, 42.0), PERCENTILES, (), LOADGEN),
    "end-to-end": EndToEnd({"decode": 0.001, "preprocess": 0.002, "inference": 0.02, "top 5": 0.0001}, 0.13, 0.99),
    "threads": Threads(
        {1: Scaling(0.04, Rate(1.0, None, None), 1.0, 1.0), 2: Scaling(0.025, Rate(1.6, 1.5, 1.7), 0.8, 1.9)}
    ),
    "neighbour": Neighbours(
        NeighbourCost(
            cpus=1,
            one_core=False,
            quiet=0.03,
            slowdowns=(
                Slowdown("memory", 0.5, Rate(1.1, 1.05, 1.15)),
                Slowdown("memory", 1.0, Rate(1.25, 1.2, 1.3)),
                Slowdown("compute", 0.5, Rate(1.0, None, None)),
                Slowdown("compute", 1.0, Rate(1.01, 0.98, 1.04)),
            ),
        )
    ),
}
SHOWN = {
    "throughput": ("100", "–"),
    "parallel": ("100 [90.0, 110]", "80.0", "1.25 [1.20, 1.30]"),
    "single-stream": ("240", "20.0", "22.0", "–"),
    "server": ("40.0 [38.0, 42.0]", "20.0", "22.0", "–"),
    "end-to-end": ("20.0", "1.00", "2.00", "20.0", "0.10", "13 %"),
    "threads": ("1", "40.0", "1", "100 %", "1.00"),
    "neighbour": ("30.0", "memory", "1.10 [1.05, 1.15]", "1.25 [1.20, 1.30]"),
}


@pytest.fixture(scope="module")
def run() -> StoredRun:
    """A run in which every question was asked of ONNX Runtime, and nothing was raced."""
    stored = make_stored_run()
    compared = ratio(0.8, "faster")
    stored["benchmarks"] = [
        benchmark(group, "onnxruntime", 0.02, compared, **write_record(answer)) for group, answer in ANSWERS.items()
    ]
    control = ratio(1.001, "no difference shown") | {"low": 0.99, "high": 1.01}
    without = {"openvino": "it is not installed"}
    about(stored)["service"] = {group: {"launches": 8, "control": control, "without": without} for group in ANSWERS}
    return parse_run(stored)


@pytest.mark.parametrize("group", ANSWERS)
def test_a_question_has_its_figures_ratio_and_control(run, group):
    """Its first line has the figures with their intervals, then the ratio and what it shows."""
    section = section_of(run, group)
    name, *cells = section.table.rows[0]
    assert name == "onnxruntime"
    assert tuple(cells) == (*SHOWN[group], "0.800 [0.784, 0.816]", "1.25× faster")
    notes = notes_of(section)
    assert "openvino: it is not installed" in notes
    assert "which should be 1): 1.001 [0.990, 1.010]; 95 % intervals over 8 launches." in notes[-1]


def test_what_is_measured_is_called_by_what_it_is(run):
    """Of a model that takes no pictures, examples are counted and arrays timed, where pictures would be images."""
    tokens = structs.replace(run.model, preprocessing=None, inputs=(Input("tokens", (16,), "int64"),))
    other = dataclasses.replace(run, stratum=structs.replace(run.stratum, model=tokens))
    for asked, what, taken in ((run, "Images", "a float32 picture"), (other, "Examples", "numpy arrays")):
        for group in ("throughput", "parallel"):
            assert section_of(asked, group).table.caption.startswith(f"{what} a second")
        method = " ".join(notes_of(section_of(asked, "method")))
        assert f"The timer covers the inference alone: {taken} in, logits out." in method


def test_what_has_to_be_said_is_said(run):
    """A batch that was refused, an answer that differed, and a percentile that is withheld have their reasons."""
    assert "onnxruntime refuses a batch of 8: expected a batch of 1" in notes_of(section_of(run, "throughput"))
    assert any("in 1 % of the rounds" in note for note in notes_of(section_of(run, "end-to-end")))
    for group in ("single-stream", "server"):
        notes = notes_of(section_of(run, group))
        assert "p99 is not shown: it needs 299 samples, not 240" in notes
        assert "LoadGen 6.0.3" in notes


@pytest.mark.draws
@pytest.mark.long
def test_every_report_has_every_question_and_no_race(run):
    """Terminal, Markdown and page show them in one order, with charts on the page, and no comparison."""
    assert [section.name for section in sections(run, TERMINAL)] == ["comparison", *ANSWERS]
    page = render_page(run)
    for report in (render_table(run, width=120), render_markdown(run), page):
        assert all(section.title in report for section in sections(run, TERMINAL)[1:])
    assert 'id="comparison"' not in page
    assert page.count("<figure>") == 3


def test_a_neighbour_has_a_line_for_each_kind_and_says_where_it_was(run):
    """Its second line has no ratio; a sentence says on which CPUs it was, and another where these share a core."""
    section = section_of(run, "neighbour")
    assert section.table.rows[1] == ("", "", "compute", "1.00", "1.01 [0.98, 1.04]", "", "")
    assert notes_of(section)[0].startswith("Contenders were kept on 1 CPU, with as many threads, and the neighbour on")
    assert ONE_CORE not in notes_of(section)
    known = run.service.neighbour["onnxruntime"]
    cost = structs.replace(known.neighbour, cpus=4, one_core=True)
    service = dataclasses.replace(run.service, neighbour={"onnxruntime": structs.replace(known, neighbour=cost)})
    notes = notes_of(section_of(dataclasses.replace(run, service=service), "neighbour"))
    assert notes[0].startswith("Contenders were kept on 4 CPUs, with as many threads")
    assert notes[1] == ONE_CORE


def test_what_happened_by_itself_is_a_column_where_it_is_known(run):
    """It stands in the contender's first line with a sentence on what it is; an older run has neither."""
    assert BY_ITSELF not in notes_of(section_of(run, "neighbour"))
    known = run.service.neighbour["onnxruntime"]
    cost = structs.replace(known.neighbour, by_itself=Rate(1.12, 1.05, 1.19, 8))
    service = dataclasses.replace(run.service, neighbour={"onnxruntime": structs.replace(known, neighbour=cost)})
    section = section_of(dataclasses.replace(run, service=service), "neighbour")
    place = [column.title for column in section.table.columns].index("by itself ×")
    assert [row[place] for row in section.table.rows] == ["1.12 [1.05, 1.19]", ""]
    assert itself_text(known.neighbour) == "–"
    assert BY_ITSELF in notes_of(section)


@pytest.mark.draws
@pytest.mark.long
def test_a_neighbours_chart_has_every_slow_down(run):
    """Each is a mark, with its interval where it has one; the text has those of a neighbour that never rests."""
    figure = neighbour_figure(run)
    assert figure.alternative == (
        "Times as long beside a neighbour at work all of the time: onnxruntime, memory 1.25; onnxruntime, compute 1.01."
    )
    assert svg_of(figure).count('opacity="0.3"') == 3
    empty = dataclasses.replace(run, service=dataclasses.replace(run.service, neighbour={}))
    assert neighbour_figure(empty) is None


def test_the_costliest_neighbour_is_a_column_and_a_limit():
    """Where it was asked beside the race, the comparison has it, and a contender is chosen under a limit on it."""
    stored = make_stored_run()
    for name, times in (("pytorch", 1.1), ("onnxruntime", 1.4), ("tensorflow", 1.3)):
        slowdowns = (Slowdown("memory", 1.0, Rate(times, None, None)), Slowdown("compute", 1.0, Rate(1.0, None, None)))
        answer = write_record(Neighbours(NeighbourCost(1, False, 0.03, slowdowns)))
        stored["benchmarks"].append(benchmark("neighbour", name, times, None, **answer))
    markdown = render_markdown(parse_run(stored))
    assert "| beside a neighbour × |" in markdown
    assert "| 1.40 |" in markdown
    for limit, chosen in (("neighbour<2x", "onnxruntime"), ("neighbour<1.2x", "pytorch")):
        about(stored)["limits"] = limit
        assert f": {chosen}, " in recommendation(parse_run(stored))
    assert "1.10 × the time beside a neighbour" in recommendation(parse_run(stored))
