"""The undisturbed ratio stands beside the typical one wherever a person reads a ratio."""

from __future__ import annotations

import pytest

from runoff.answer.fastest import answer
from runoff.judge.ratios import Ratio
from runoff.judge.three_ratios import Ratios
from runoff.report.sections.latency import ratio_figure
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.report.write.terminal import render_table
from runoff.stored.run import parse_run
from runoff.stored.schema import write_record
from tests.builders.stored_runs import about, add_rounds, make_field_run, set_undisturbed
from tests.report.test_page import Page


@pytest.fixture
def both(stored):
    """Give a run whose contenders have both ratios, one of them with too few quiet rounds."""
    set_undisturbed(stored, "pytorch", 1.0, reach=0.0)
    set_undisturbed(stored, "onnxruntime", 0.743, reach=0.008)
    set_undisturbed(stored, "tensorflow", 1.04, reach=0.03, widened=0.021)
    return stored


@pytest.mark.long
def test_both_stand_side_by_side_in_every_table(both):
    """Terminal, Markdown and page have them in one row, the undisturbed one with how far its interval reaches."""
    run = parse_run(both)
    assert "0.684 [0.670, 0.698]  0.743 ±0.8 %" in render_table(run)
    assert "| 0.684 \\[0.670, 0.698\\] | 0.743 ±0.8 % |" in render_markdown(run)
    page = Page(render_page(run)).text
    for heading in ("typical ratio", "undisturbed ratio", "0.743 ±0.8 %"):
        assert heading in " ".join(page.split())


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_the_table_of_a_whole_field_has_both_within_its_width(width):
    """At a hundred columns both ratios of all twenty are whole; in fewer no line is longer than there is room."""
    stored = make_field_run()
    add_rounds(stored)
    table = render_table(parse_run(stored), width=width)
    assert max(map(len, table.splitlines())) <= width
    if width >= 100:
        rows = [line for line in table.splitlines() if "±" in line and "]" in line]
        assert len(rows) == 19


@pytest.mark.long
def test_what_the_two_are_is_said_once(both):
    """A sentence says what they are, and that verdicts are by the typical one."""
    assert "Ratios are to pytorch. Typical: the median over rounds" in render_markdown(parse_run(both))
    assert "verdicts are by it. Undisturbed: the quietest quarter of the rounds." in render_markdown(parse_run(both))
    assert "The undisturbed ratio is the mean over the rounds" in Page(render_page(parse_run(both))).text


@pytest.mark.long
def test_a_run_without_undisturbed_ratios_is_shown_as_before(stored):
    """An older run without its rounds has the one ratio, under the heading that it had."""
    run = parse_run(stored)
    for text in (render_table(run), render_markdown(run), Page(render_page(run)).text):
        assert "ratio to reference" in " ".join(text.split())
        assert "ndisturbed" not in text


def test_too_few_quiet_rounds_are_told_by_name(both):
    """The contender whose interval was widened is named, with what would tell more; of none nothing is said."""
    said = "Too few rounds were quiet for the undisturbed ratio of tensorflow: the quietest of them say something else"
    assert said in render_markdown(parse_run(both))
    set_undisturbed(both, "onnxruntime", 0.743, widened=0.02)
    assert "undisturbed ratios of onnxruntime, tensorflow:" in render_markdown(parse_run(both))
    for name in ("onnxruntime", "tensorflow"):
        set_undisturbed(both, name, 0.743)
    assert "Too few rounds" not in render_markdown(parse_run(both))


def test_the_answer_has_both(both):
    """The sentence that names the fastest has its undisturbed ratio after the typical one."""
    assert "(time ratio 0.684 [0.670, 0.698], 95 % interval; undisturbed 0.743 ±0.8 %)" in answer(parse_run(both))


def test_the_controls_line_has_all_three(both):
    """Beside the control's typical ratio stand the other two; where one is not known it is left out."""
    typical = Ratio(1.002, 0.991, 1.013, 0.95, 8, 0.95, "pytorch", 20)
    undisturbed = Ratio(1.001, 0.996, 1.006, 0.95, 8, 0.95, "pytorch", 20, of="undisturbed")
    tail = Ratio(1.02, 0.97, 1.072, 0.95, 8, 0.95, "pytorch", 20, of="tail")
    about(both)["control_ratios"] = write_record(Ratios(undisturbed, typical, tail))
    line = "should be 1): 1.002 \\[0.991, 1.013\\], undisturbed 1.001 ±0.5 %, tail 1.020 ±5.1 %."
    assert line in render_markdown(parse_run(both))
    about(both)["control_ratios"] = write_record(Ratios(undisturbed, typical, "it needs 59 rounds, not 48"))
    assert "undisturbed 1.001 ±0.5 %." in render_markdown(parse_run(both))


@pytest.mark.long
@pytest.mark.draws
def test_the_chart_has_a_hollow_point_for_the_undisturbed_ratio(both):
    """The caption says which is which; a run without them has no such points."""
    figure = ratio_figure(parse_run(both))
    assert "Filled is the typical ratio, hollow the undisturbed one." in figure.caption
