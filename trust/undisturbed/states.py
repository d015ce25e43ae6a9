"""``python -m trust.undisturbed.states``: write docs/states.md, the page on a machine's states, and its pictures.

Its figures are those of docs/undisturbed.json; the pictures are of docs/states.json, rounds that were really measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.charts.drawing import hue, logarithmic, palette, specify, standalone, top_legend
from runoff.charts.drawing_program import to_svg
from runoff.charts.lines import DASHES
from runoff.charts.shift import HEIGHT, shift_chart
from runoff.charts.vega_lite import Chart, Given, channel, chart_of
from runoff.files.whole import write_text
from runoff.judge.shift import Shift, shift_function
from runoff.processes.surroundings import ROOT
from runoff.text.ending import ended
from runoff.text.numbers import ratio_with_reach
from runoff.text.page import page_templates
from trust.page import made_line, percent
from trust.undisturbed.candidates import ESTIMATORS, PAIRED, log_ratio
from trust.undisturbed.in_a_row import KEPT, summarise
from trust.undisturbed.simulated import LANDED
from trust.undisturbed.stored import by_launch

DOCS = ROOT / "docs"
CONTENDER, REFERENCE = "onnxruntime", "pytorch"
SERIES = {"probe": "the probe", REFERENCE: "PyTorch", CONTENDER: "ONNX Runtime"}
FLOOR = 0.05
"""The quantile of its own times that each series is drawn as a multiple of."""
WINDOW = 15
"""Of how many rounds the line over time is the median."""
STEP = 2
"""Every so many rounds the median is drawn."""
WIDE = 760
UPWARDS = "times as long as its own 5 % quantile"
SHOWN_SHARES = (0.1, 0.5, 0.9)


def write_page(figures: Mapping[str, Any], rounds: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Write the page from the experiment's figures, from the rounds of its pictures, and from runs made in a row."""
    templates = page_templates("trust")
    templates.filters |= {"percent": percent, "made": made_line, "reach": ratio_with_reach}
    text = templates.get_template("states.md.jinja").render(
        made=figures["made"],
        row=summarise(row),
        paired=PAIRED,
        quietest=LANDED,
        others=len(ESTIMATORS) - 1,
        finders=as_good(figures["judged"], "finds"),
        narrow=as_good(figures["judged"], "control"),
        stored=figures["stored"],
        judged=figures["judged"],
        covering=figures["decision"]["covering"],
        chosen=figures["decision"]["chosen"],
        series=described(rounds["rounds"]),
        runs={name: read_three_ways(run) for name, run in rounds["runs"].items()},
    )
    return f"{text}\n"


def as_good(judged: Mapping[str, Any], point: str) -> int:
    """Count the estimators that are as good as the typical one in a point, on the machine with a continuum."""
    return sum(
        all(held for series, held in one[point].items() if series.startswith("zen3"))
        for name, one in judged.items()
        if name != PAIRED
    )


def described(series: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Say how long the series of rounds is, how far each of its times goes, and what the probe has to do with them."""
    probe = np.log(series["probe"])
    spans = {name: np.quantile(series[name], [FLOOR, 1 - FLOOR]).tolist() for name in SERIES}
    correlations = {name: float(np.corrcoef(probe, np.log(series[name]))[0, 1]) for name in (REFERENCE, CONTENDER)}
    return {"rounds": len(probe), "seconds": series["seconds"][-1], "spans": spans, "correlations": correlations}


def read_three_ways(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run's undisturbed and typical ratios, and those of some of its quantiles."""
    own, other = (by_launch(run[name], run["launches"])[None] for name in (CONTENDER, REFERENCE))
    quantiles = {at.share: at for at in shift_of(run) if at.share in SHOWN_SHARES}
    ratios = {name: float(np.exp(log_ratio(name, own, other)[0])) for name in (LANDED, PAIRED)}
    return {"ratios": ratios, "quantiles": quantiles}


def shift_of(run: Mapping[str, Any]) -> tuple[Shift, ...]:
    """Return the shift function of a run."""
    times = (np.reshape(run[name], (run["launches"], -1)).tolist() for name in (CONTENDER, REFERENCE))
    return shift_function(*times)


def draw_shift(runs: Mapping[str, Any]) -> str:
    """Draw the shift function of each run as an SVG file."""
    lines = {f"a machine with {name}": shift_of(run) for name, run in runs.items()}
    chart = shift_chart(lines, "ONNX Runtime / PyTorch")
    return as_file(chart)


def draw_over_time(series: Mapping[str, Sequence[float]]) -> str:
    """Draw the probe and the contenders over time, each as a multiple of its own quiet time, as an SVG file."""
    lines: list[dict[str, Any]] = []
    for name, words in SERIES.items():
        times = running_median(np.asarray(series[name]) / np.quantile(series[name], FLOOR))
        for second, time in zip(series["seconds"][::STEP], times[::STEP].tolist(), strict=True):
            lines.append({"who": words, "seconds": second, "times": round(time, 3)})
    names = list(SERIES.values())
    legend = top_legend("stroke")
    along = channel("seconds:Q", scale=Given(domain=[0, series["seconds"][-1]], nice=False))
    upwards = channel("times:Q", **logarithmic(0.98, 1.02 * max(line["times"] for line in lines), UPWARDS))
    dash = channel("who:N", legend=legend, scale=Given(domain=names, range=list(DASHES[: len(names)])))
    chart = chart_of(lines).mark("line", strokeWidth=1.6)
    encoded = chart.encode(x=along, y=upwards, color=hue("who:N", palette(names), legend), strokeDash=dash)
    return as_file(encoded)


def as_file(chart: Chart) -> str:
    """Draw a chart as an SVG file."""
    return standalone(to_svg(json.dumps(specify(chart, [""] * HEIGHT, width=WIDE))))


def running_median(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of the rounds around each, fewer at the ends."""
    half = WINDOW // 2
    return np.array([np.median(times[max(0, place - half) : place + half + 1]) for place in range(len(times))])


def main() -> int:
    """Write the page and its pictures, and return the exit code."""
    return ended("trust.undisturbed.states", perform)


def perform() -> None:
    """Write the page and its pictures."""
    parser = argparse.ArgumentParser(prog="python -m trust.undisturbed.states", description=__doc__)
    parser.add_argument("--rounds", type=Path, default=DOCS / "states.json", help="the rounds to draw")
    parser.add_argument("--output", type=Path, default=DOCS, help="for states.md, states-run.svg and states-shift.svg")
    options = parser.parse_args()
    rounds = json.loads(options.rounds.read_text("utf-8"))
    figures = json.loads((DOCS / "undisturbed.json").read_text("utf-8"))
    pages = {
        "states.md": write_page(figures, rounds, json.loads(KEPT.read_text("utf-8"))),
        "states-run.svg": draw_over_time(rounds["rounds"]),
        "states-shift.svg": draw_shift(rounds["runs"]),
    }
    for name, text in pages.items():
        write_text(options.output / name, text)


if __name__ == "__main__":
    sys.exit(main())
