"""Do the charts of raw times, memory over time and ratios show what was measured, all of it?"""

from __future__ import annotations

import numpy as np
import pytest

from runoff.report.sections.latency import GRID, REACH, density, distribution_figure, ratio_figure, shape, shift_figure
from runoff.report.sections.memory import MOST_POINTS, curve_figure, thinned
from runoff.stored.benchmarks import Curve
from runoff.stored.run import parse_run
from runoff.stored.schema import StoredRunBroken
from tests.builders.drawing import svg_of
from tests.builders.stored_runs import about, add_contender, add_rounds


@pytest.mark.draws
@pytest.mark.long
def test_raw_times_are_told_from_the_least_to_the_most(stored):
    """The text has each contender's median and both ends; the chart has a shape for each."""
    add_rounds(stored)
    (times,) = (
        one["stats"]["data"]
        for one in stored["benchmarks"]
        if (one["group"], one["extra_info"]["contender"]) == ("inference", "onnxruntime")
    )
    figure = distribution_figure(parse_run(stored))
    least, median, most = (f"{value * 1e3:.1f}" for value in (min(times), float(np.median(times)), max(times)))
    assert f"onnxruntime {median} ms, from {least} to {most}" in figure.alternative
    assert svg_of(figure).count('opacity="0.45"') == 4


@pytest.mark.long
@pytest.mark.draws
def test_few_times_are_drawn_one_by_one(stored):
    """Three values have no shape: each is a mark of its own."""
    figure = distribution_figure(parse_run(stored))
    assert 'opacity="0.45"' not in svg_of(figure)
    assert svg_of(figure).count('opacity="0.6"') == 12


def test_a_shape_is_widest_where_most_times_are():
    """Of two heaps the larger is as wide as a shape may be, the smaller in proportion, and between is little."""
    random = np.random.RandomState(3)
    times = np.exp(np.concatenate([random.normal(0.0, 0.02, 300), random.normal(1.0, 0.02, 100)]))
    outline = shape(times.tolist(), middle=0.5)
    assert len(outline) == GRID
    widths = {point["time"] / 1e3: (point["below"] - point["above"]) / 2 for point in outline}
    assert max(widths.values()) == pytest.approx(REACH, abs=1e-3)
    assert max(widths, key=lambda time: widths[time]) == pytest.approx(1.0, rel=0.05)
    smaller = max(wide for time, wide in widths.items() if time > 2)
    assert REACH / 5 < smaller < REACH / 2
    assert min(wide for time, wide in widths.items() if 1.3 < time < 2) < 0.01


def test_times_that_are_all_alike_have_a_shape():
    """A clock too coarse to tell them apart costs no division by zero."""
    assert all(np.isfinite(point["above"]) for point in shape([0.01] * 30, middle=0.5))
    assert np.isfinite(density(np.zeros(30), np.zeros(5))).all()


def test_there_is_none_without_raw_times(stored):
    """A run that was saved without them has no such chart; a value that is no time is refused by its field."""
    add_rounds(stored)
    stored["benchmarks"][0]["stats"]["data"][3] = "fast"
    with pytest.raises(StoredRunBroken, match=r"benchmarks\[0\]\.stats\.data\[3\]: expected a number, got text"):
        distribution_figure(parse_run(stored))
    for one in stored["benchmarks"]:
        del one["stats"]["data"]
    assert distribution_figure(parse_run(stored)) is None


def test_no_peak_of_memory_is_lost():
    """A curve of thousands of points keeps its highest one, its first and its last, and its order."""
    sizes = [1e6] * 5000
    sizes[2345] = 9e8
    points = thinned(Curve([place / 100 for place in range(5000)], sizes))
    assert len(points) <= MOST_POINTS + 2
    assert (23.45, 9e8) in points
    assert (points[0], points[-1]) == ((0.0, 1e6), (49.99, 1e6))
    assert points == sorted(points)


@pytest.mark.draws
@pytest.mark.long
def test_memory_over_time_is_told_with_its_highest(stored):
    """Each contender has its highest value in the chart and in the text; a long one stretches the axis and says so."""
    figure = curve_figure(parse_run(stored))
    assert figure.alternative.count("up to 899 MB") == 4
    assert svg_of(figure).count(">899 MB</text>") == 4
    assert "stretched" not in figure.caption
    for name in ("onnxruntime", "tensorflow", "pytorch"):
        add_contender(stored, name, 1.0)
    assert "stretched at its beginning" in curve_figure(parse_run(stored)).caption


@pytest.mark.long
@pytest.mark.draws
def test_the_controls_interval_is_a_band(stored):
    """What two equals reached is behind all ratios, and the caption says so; without a control there is none."""
    figure = ratio_figure(parse_run(stored))
    assert "grey band is the control’s interval" in figure.caption
    assert svg_of(figure).count('opacity="0.22"') == 1
    about(stored)["control"] = None
    figure = ratio_figure(parse_run(stored))
    assert "band" not in figure.caption
    assert 'opacity="0.22"' not in svg_of(figure)


@pytest.mark.long
@pytest.mark.draws
def test_ratios_of_quantiles_are_those_of_the_raw_times(stored):
    """Each contender but the reference has a line, and the text has its ratios at 10, 50 and 90 %."""
    add_rounds(stored)
    run = parse_run(stored)
    figure = shift_figure(run)
    own, base = (run.measures["inference", name].data for name in ("onnxruntime", "pytorch"))
    ratios = [f"{np.quantile(own, at) / np.quantile(base, at):.3f}" for at in (0.1, 0.5, 0.9)]
    assert f"onnxruntime {', '.join(ratios)}" in figure.alternative
    assert all(f">{name}<" in svg_of(figure) for name in ("onnxruntime", "tensorflow", "pytorch-channels-last"))
    assert "pytorch 1.000" not in figure.alternative
    assert "are shown" not in figure.caption


def test_few_rounds_have_no_ratios_of_quantiles(stored):
    """Where a quantile would be a single round, or no rounds were stored, nothing is drawn."""
    assert shift_figure(parse_run(stored)) is None
    add_rounds(stored, launches=8, rounds=12)
    assert shift_figure(parse_run(stored)) is None


@pytest.mark.long
@pytest.mark.draws
def test_of_many_contenders_the_fastest_have_their_ratios_of_quantiles(stored):
    """Four lines are drawn, and the caption says of how many."""
    for number in range(4):
        add_contender(stored, f"other-{number}", 2.0 + number)
    add_rounds(stored)
    figure = shift_figure(parse_run(stored))
    assert "Of 7 contenders the 4 fastest are shown." in figure.caption
    assert ">other-3<" not in svg_of(figure)
