"""Is the chart of latency against memory what was measured, and can its names be read?"""

from __future__ import annotations

import re

import pytest

from runoff.report.sections.tradeoff import tradeoff_figure
from runoff.stored.run import parse_run
from tests.builders.drawing import svg_of
from tests.builders.stored_runs import (
    FIELD,
    about,
    add_contender,
    keep_groups,
    make_exploratory,
    make_field_run,
)

pytestmark = [pytest.mark.draws, pytest.mark.long]


def test_it_tells_every_point_in_words(stored):
    """The text has the figures and the mark of each contender that was timed, those that are marked first."""
    add_contender(stored, "tensorflow", 1.2, verdict="slower", peak=200e6)
    figure = tradeoff_figure(parse_run(stored))
    assert figure.alternative == (
        "Latency and peak memory: onnxruntime 17.1 ms and 397 MB, recommended; "
        "tensorflow 30.0 ms and 200 MB, on the Pareto front; pytorch 25.0 ms and 397 MB; "
        "pytorch-channels-last 33.0 ms and 397 MB."
    )
    for words in ("The star is the recommended", "Circles are on the Pareto front"):
        assert words in figure.caption
    for name in ("onnxruntime", "tensorflow", "pytorch", "pytorch-channels-last"):
        assert f">{name}</text>" in svg_of(figure)


def test_a_run_without_a_recommendation_marks_nothing(stored):
    """An exploratory run has its points, and neither star nor front."""
    make_exploratory(stored)
    figure = tradeoff_figure(parse_run(stored))
    assert figure.caption == "Latency of one inference against peak memory. Logarithmic scales."
    assert "recommended" not in figure.alternative


@pytest.mark.parametrize(
    ("limits", "lines"), [(None, 0), ("latency<30ms", 1), ("latency<30ms, peak_memory<400MB, cold_start<2s", 2)]
)
def test_limits_on_its_axes_are_lines(stored, limits, lines):
    """A limit on latency or memory is a dashed line; others have no place in it."""
    about(stored)["limits"] = limits or ""
    figure = tradeoff_figure(parse_run(stored))
    assert svg_of(figure).count('stroke-dasharray="4,4"') == lines
    assert ("Dashed lines are the limits." in figure.caption) == (lines > 0)


def test_there_is_none_where_memory_was_not_measured(stored):
    """It takes two contenders with both figures."""
    keep_groups(stored, "inference")
    assert tradeoff_figure(parse_run(stored)) is None


def test_a_whole_field_names_what_is_marked():
    """Of twenty contenders all on the front have their names, and the caption says that others found no room."""
    run = parse_run(make_field_run())
    figure = tradeoff_figure(run)
    marked = re.findall(r"(\S+) \S+ ms and \d+ MB, (?:recommended|on the Pareto front)", figure.alternative)
    assert len(marked) == 8
    named = re.findall(r">(\S+)(?: [\d.]+ %)?</text>", svg_of(figure))
    assert set(marked) <= set(named)
    assert not set(FIELD) <= set(named)
    assert "A name that found no room is in the table." in figure.caption
