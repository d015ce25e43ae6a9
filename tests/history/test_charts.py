"""What the charts of a history show, as they are described to Vega-Lite, which draws none of them here."""

from __future__ import annotations

import dataclasses

import pytest

from runoff.charts.drawing import INK, PALETTE
from runoff.charts.vega_lite import specification
from runoff.history import charts, plots, words
from runoff.history.charts import (
    alt_text,
    commit_axis,
    extremes,
    panels_of,
    plot_of,
    short_name,
    value_axis,
    value_scale,
    values_of,
)
from runoff.history.lines import METRICS, RIGHT, Point, SettingHistory, make_history
from runoff.history.plots import draw_plot
from runoff.history.writing import render_history
from runoff.stored.finding import Reading
from tests.builders.histories import history_of, lines_of, make_past_run, past_runs, with_step
from tests.builders.stored_runs import about

RATIO, COLD_START, PEAK = METRICS
VERSIONS = ({"torch": "2.13.0"}, {"torch": "2.14", "numpy": "2"})


@pytest.fixture
def described(monkeypatch):
    """Keep each chart's description and the names that it has room for, instead of drawing it."""
    kept = []

    def specify(chart, names):
        kept.append((specification(chart), names))
        return f"<svg id='{len(kept)}'/>"

    monkeypatch.setattr(plots, "specify", specify)
    return kept


@pytest.fixture(scope="module")
def section():
    """The lines of 20 runs, onnxruntime slower by half from the eleventh on."""
    (found,) = history_of(with_step(20, 10, 1.5)).sections
    return found


def line_of(section, metric):
    """Return the line of onnxruntime in a metric."""
    (line,) = (line for line in section.lines if (line.contender, line.metric) == ("onnxruntime", metric))
    return line


def values_in(chart, layer):
    """Return the values that a layer of a chart is drawn from."""
    return chart["datasets"][chart["layer"][layer]["data"]["name"]]


def draw_lines(section, lines, hues):
    """Make a chart."""
    return draw_plot(plot_of(section, lines, hues))


def draw_panels(section):
    """Make all charts of a section."""
    return [dataclasses.replace(panel, charts=tuple(map(draw_plot, panel.charts))) for panel in panels_of(section)]


def test_a_contender_has_a_chart_for_each_metric(described):
    """Contenders and metrics come in their order; each combination of versions has one colour in all charts."""
    runs = with_step(20, 10, 1.5)
    for run in runs[10:]:
        about(run)["contenders"]["onnxruntime"]["versions"] = VERSIONS[1]
    (section,) = history_of(runs).sections
    panels = draw_panels(section)
    assert [panel.contender for panel in panels] == ["pytorch", "onnxruntime", "pytorch-channels-last", "tensorflow"]
    titles = ["ratio to reference", "cold start", "peak memory"]
    assert [[chart.title for chart in panel.charts] for panel in panels] == [titles[1:], titles, titles, titles]
    assert panels[0].hues == {"torch 2.13.0": PALETTE[0]}
    assert panels[1].hues == {
        "torch 2.13.0": PALETTE[0],
        "numpy 2, torch 2.14, torch of pytorch 2.13.0": PALETTE[1],
    }
    drawn = [chart for panel in panels for chart in panel.charts]
    assert [chart.drawing for chart in drawn] == [f"<svg id='{number + 1}'/>" for number in range(11)]
    lines = [line for line in section.lines if (line.contender, line.metric) == ("onnxruntime", RATIO)]
    assert [len(line.points) for line in lines] == [10, 10]
    assert (drawn[2].alternative, drawn[2].caption, drawn[2].wide) == (alt_text(lines), "", False)


def test_more_versions_than_colours_begin_again(described, section):
    """The eighth combination of versions has the colour of the first."""
    line = line_of(section, RATIO)
    lines = tuple(dataclasses.replace(line, versions={"torch": str(number)}) for number in range(8))
    (panel,) = draw_panels(dataclasses.replace(section, lines=lines))
    assert list(panel.hues.values()) == [*PALETTE, PALETTE[0]]


def test_versions_keep_their_colour_where_a_metric_lacks_some(described):
    """A version whose speed was not measured takes no colour away from the other in the next chart."""
    runs = [make_past_run(number) for number in range(4)]
    for number, run in enumerate(runs):
        about(run)["contenders"]["onnxruntime"]["versions"] = {"ort": "1" if number < 2 else "2"}
        about(run)["contenders"]["pytorch"]["versions"] = {}
    read = past_runs(runs)
    for number in range(2):
        values = {key: one for key, one in read[number].values.items() if key != ("inference", "onnxruntime")}
        read[number] = dataclasses.replace(read[number], values=values)
    (section,) = make_history(Reading(read, {}, {})).sections
    lines = tuple(line for line in section.lines if line.contender == "onnxruntime")
    (panel,) = draw_panels(dataclasses.replace(section, lines=lines))
    assert panel.hues == {"ort 2": PALETTE[0], "ort 1": PALETTE[1]}
    colours = [chart["layer"][0]["encoding"]["color"]["scale"]["range"] for chart, _ in described]
    assert colours == [[PALETTE[0]], [PALETTE[1], PALETTE[0]], [PALETTE[1], PALETTE[0]]]


def test_a_chart_has_lines_intervals_points_and_steps(described, section):
    """Two lines in their colours over the places of runs, on one axis, and a mark between the runs of each step."""
    line = line_of(section, RATIO)
    other = dataclasses.replace(line, versions=VERSIONS[1], steps=())
    hues = {words.versions(line): "red", words.versions(other): "blue"}
    figure = draw_lines(section, [line, other], hues)
    ((chart, names),) = described
    assert (figure.title, figure.alternative, names) == ("ratio to reference", alt_text([line, other]), [""] * 5)
    x = {
        "field": "place",
        "type": "quantitative",
        "axis": charts.commit_axis(section),
        "scale": {"domain": [0.5, 20.5], "nice": False},
    }
    y = {"field": "value", "type": "quantitative", "title": "ratio to reference", "scale": {"zero": False}}
    colour = {
        "field": "line",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": [0, 1], "range": ["red", "blue"]},
    }
    ends = {"y": {"field": "low", "type": "quantitative", "title": "ratio to reference"}, "y2": {"field": "high"}}
    assert [(layer["mark"], layer["encoding"]) for layer in chart["layer"]] == [
        ({"type": "line", "strokeWidth": 1.5}, {"x": x, "y": y, "color": colour}),
        ({"type": "rule", "strokeWidth": 1.5, "opacity": 0.4}, {"x": x, "color": colour, **ends}),
        ({"type": "point", "filled": True, "size": 30, "opacity": 1}, {"x": x, "y": y, "color": colour}),
        (
            {"type": "rule", "color": INK, "strokeDash": [4, 3], "opacity": 0.55},
            {"x": {"field": "place", "type": "quantitative"}},
        ),
    ]
    shown = [values_in(chart, layer) for layer in range(4)]
    assert shown == [values_of([line, other], 1.0, intervals=True)] * 3 + [[{"place": 10.5}]]


@pytest.mark.parametrize(
    ("metric", "title", "unit"),
    [
        pytest.param(RATIO, "ratio to reference", 1, id="ratio"),
        pytest.param(COLD_START, "cold start, s", 1, id="seconds"),
        pytest.param(PEAK, "peak memory, MB", 1e6, id="megabytes"),
    ],
)
def test_the_axis_of_values_names_metric_and_unit(described, section, metric, title, unit):
    """Values are drawn in the unit that is named; a ratio has none."""
    line = line_of(section, metric)
    draw_lines(section, [line], {"torch 2.13.0": "red"})
    ((chart, _),) = described
    assert [layer["encoding"]["y"]["title"] for layer in chart["layer"][:3]] == [title] * 3
    values = [value["value"] for value in values_in(chart, 0)]
    assert values == pytest.approx([point.value / unit for point in line.points])


@pytest.mark.parametrize(
    ("further", "marks"), [(0, ["line", "rule", "point", "rule"]), (1, ["line", "rule"])], ids=["200", "201"]
)
def test_of_many_points_the_line_alone_is_drawn(described, section, further, marks):
    """All lines of a chart have room for 200 points, and more have not; steps are marked all the same."""
    line = line_of(section, RATIO)
    one, other = (dataclasses.replace(line, points=line.points * 5 + line.points[:more]) for more in (0, further))
    draw_lines(section, [one, other], {"torch 2.13.0": "red"})
    ((chart, _),) = described
    assert [layer["mark"]["type"] for layer in chart["layer"]] == marks
    assert ("low" in values_in(chart, 0)[0]) == (not further)


def test_without_a_step_nothing_is_marked(described, section):
    """The chart ends with its points."""
    draw_lines(section, [dataclasses.replace(line_of(section, RATIO), steps=())], {"torch 2.13.0": "red"})
    ((chart, _),) = described
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["line", "rule", "point"]


def test_a_run_without_the_contender_leaves_its_place_empty(described):
    """The runs after it stand where they would; a step over the gap is marked in the middle of it."""
    runs = past_runs(with_step(20, 10, 1.5))
    runs[10] = dataclasses.replace(runs[10], values={})
    (section,) = make_history(Reading(runs, {}, {})).sections
    draw_lines(section, [line_of(section, COLD_START)], {"torch 2.13.0": "red"})
    ((chart, _),) = described
    assert [value["place"] for value in values_in(chart, 2)] == [*range(1, 11), *range(12, 21)]
    assert values_in(chart, 3) == [{"place": 11.0}]


def test_a_single_run_is_a_named_point_in_the_middle(described):
    """Where no line can be seen there is a point, and its commit beneath it."""
    (section,) = history_of([make_past_run(0)]).sections
    line = line_of(section, COLD_START)
    draw_lines(section, [line], {"torch 2.13.0": "red"})
    ((chart, _),) = described
    point, value = chart["layer"][2], line.points[0].value
    assert values_in(chart, 2) == [{"line": 0, "place": 1, "value": value, "low": value, "high": value}]
    x = point["encoding"]["x"]
    assert (point["mark"]["type"], x["scale"]["domain"], x["axis"]["values"]) == ("point", [0.5, 1.5], [1])


def test_the_page_has_every_section_with_its_charts(described):
    """The page says what the history shows, and has each chart that was drawn of it."""
    history = history_of(with_step(20, 10, 1.5), {"x.json": "it is not JSON"})
    page = render_history(history)
    assert "3 steps were found in 11 lines of 20 runs" in page
    assert [page.count(f" id='{number}'/>") for number in range(1, 13)] == [1] * 11 + [0]
    assert "x.json is skipped: it is not JSON" in page
    assert "nothing that was recorded" in page


def test_a_history_of_one_run_has_its_setting():
    """What its lines share is read from the only run."""
    history = history_of([make_past_run(0)])
    assert history.sections[0].stratum == history.reading.runs[0].stratum
    assert len(lines_of(history, "onnxruntime")) == 3
    assert make_history(history.reading) == history


def test_a_chart_has_its_points_in_their_unit(section: SettingHistory) -> None:
    """Each point has its line's number, its run's place from one, and its interval, or none of any length."""
    ratio, _, peak = (line_of(section, metric) for metric in METRICS)
    first, second = ratio.points[:2]
    assert values_of([ratio, ratio], 1.0, intervals=True)[:2] == [
        {"line": 0, "place": 1, "value": first.value, "low": first.low, "high": first.high},
        {"line": 0, "place": 2, "value": second.value, "low": second.low, "high": second.high},
    ]
    assert [value["line"] for value in values_of([ratio, peak], 1.0, intervals=True)] == [0] * 20 + [1] * 20
    point = values_of([peak], 1e-6, intervals=True)[0]
    assert point["low"] == point["value"] == point["high"] == pytest.approx(peak.points[0].value / 1e6)
    scaled = values_of([ratio], 10.0, intervals=True)[0]
    assert (scaled["value"], scaled["low"]) == (pytest.approx(10 * first.value), pytest.approx(10 * first.low))


def test_an_axis_is_not_zoomed_into_noise() -> None:
    """Values within the margin have an axis of the margin to each side; others, and one alone, decide their own."""
    noise = value_scale([{"value": 229.22}, {"value": 229.30}])
    assert noise == {"zero": False, "domain": pytest.approx([217.8, 240.7], rel=1e-3)}
    assert value_scale([{"value": 0.95, "low": 0.9, "high": 1.0}]) == {"zero": False}
    assert value_scale([{"value": 2.0, "low": 2.0, "high": 2.0}]) == {"zero": False}
    (section,) = history_of([make_past_run(number) for number in range(8)]).sections
    hues = {"torch 2.13.0": "red"}
    line = line_of(section, COLD_START)
    assert "domain" in plot_of(section, [line], hues).value_scale
    # Accuracies lie so near each other that the margin of a ratio would hide all steps.
    assert plot_of(section, [dataclasses.replace(line, metric=RIGHT)], hues).value_scale == {"zero": False}
    alone = dataclasses.replace(line, points=line.points[:1])
    assert plot_of(section, [alone], hues).value_axis == {"format": ".3~r"}


def test_the_axis_names_five_commits_evenly_spread(section: SettingHistory) -> None:
    """Of 20 runs the 1st, 6th, 11th, 15th and 20th; of fewer than five, each."""
    axis = commit_axis(section)
    assert axis["values"] == [1, 6, 11, 15, 20]
    assert axis["labelExpr"].startswith("datum.value == 1 ? '0000000' : datum.value == 6 ? '0005000' : ")
    assert axis["labelExpr"].endswith(" : datum.value == 20 ? '0013001' : ''")
    assert (axis["title"], axis["grid"]) == (None, False)
    for count in (1, 2, 4):
        (short,) = history_of([make_past_run(number) for number in range(count)]).sections
        assert commit_axis(short)["values"] == list(range(1, count + 1))


@pytest.mark.parametrize(
    ("commit", "name"),
    [("0123456789", "0123456"), ("'+alert(1)", "alert"), ("", "2026-01-01"), ("'+-*/()", "2026-01-01")],
)
def test_a_name_on_the_axis_is_letters_and_digits(commit: str, name: str) -> None:
    """Seven signs of the commit at most, of which nothing can end the text it stands in; else the day of the run."""
    run = make_past_run(0)
    run["commit_info"] = {"id": commit, "time": None, "dirty": False} if commit else {}
    (section,) = history_of([run]).sections
    assert short_name(section, 0) == name


def test_a_chart_is_told_in_words(section: SettingHistory) -> None:
    """For each line: how many runs with which versions, from where to where, with how many steps."""
    ratio, _, peak = (line_of(section, metric) for metric in METRICS)
    first, last = f"{ratio.points[0].value:.3f}", f"{ratio.points[-1].value:.3f}"
    one = f"20 runs with torch 2.13.0: from {first} to {last}, 1 step"
    assert alt_text([ratio]) == f"ratio to reference of onnxruntime over commits: {one}."
    other = dataclasses.replace(ratio, versions={"torch": "2.14", "numpy": "2"}, points=ratio.points[:1], steps=())
    two = f"1 run with torch 2.14, numpy 2: from {first} to {first}, 0 steps"
    assert alt_text([ratio, other]) == f"ratio to reference of onnxruntime over commits: {one}; {two}."
    assert "from 39" in alt_text([peak])


def test_a_value_alone_has_digits_on_its_axis() -> None:
    """The axis takes its digits from the span between values, and one value has none: it would be 0."""
    assert value_axis([{"low": 0.488, "value": 0.488, "high": 0.488}])["format"] == ".3~r"
    assert value_axis([{"low": 0.4, "value": 0.5, "high": 0.6}]) == {}
    for end in ({"low": 0.4}, {"high": 0.6}, {"value": 0.6}):
        assert value_axis([{"value": 0.5}, end]) == {}


def test_of_a_long_line_the_extremes_are_drawn(section):
    """Of 10,000 points 600 at most, in order: the first stretch's outlier is among them, and few points stay all."""
    run = section.runs[0]
    points = [Point(place, run, 100.0 if place == 5 else float(place % 7), None, None) for place in range(10_000)]
    kept = extremes(points)
    assert 500 < len(kept) <= 600
    assert [point.place for point in kept] == sorted({point.place for point in kept})
    assert kept[1] is points[5] or kept[0] is points[5]
    assert {min(point.value for point in kept), max(point.value for point in kept)} == {0.0, 100.0}
    assert extremes(points[:600]) == points[:600]


def test_a_line_that_never_changes_has_a_point_of_each_stretch(section):
    """Where the lowest is the highest too, it is drawn once."""
    run = section.runs[0]
    points = [Point(place, run, 1.0, None, None) for place in range(5)]
    assert [point.place for point in extremes(points, most=4)] == [0, 2]
