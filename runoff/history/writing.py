"""A history as one self-contained page, as JSON for other programs, and its steps as GitHub markdown."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, islice
from math import isfinite
from typing import Any

import msgspec

from runoff.charts.apart import draw_or_say
from runoff.charts.drawing import Figure
from runoff.history import words
from runoff.history.charts import MOST_DRAWN, Panel, panels_of
from runoff.history.lines import RIGHT, History, Line, Point, SettingHistory, Step
from runoff.history.past import PastRun
from runoff.history.plots import draw_plot
from runoff.judge.ratios import Ratio
from runoff.stored.finding import HISTORY_MARK
from runoff.stored.schema import write_record
from runoff.text.markdown import escape, note_lines, table_lines
from runoff.text.page import page_templates
from runoff.text.table import plain_notes

HISTORY_SCHEMA = 3


def render_history(history: History, say: Callable[[str], object] = str) -> str:
    """Write a history as one HTML file that asks for nothing else.

    Its charts are drawn by another process; where that dies, it is said, on the page too, which then has none.
    """
    page = page_templates("runoff.history").get_template("history.html")
    said: list[str] = []
    panels = [panels_of(section) for section in history.sections]
    plots = [plot for shown in panels for panel in shown for plot in panel.charts]
    drawn = draw_or_say([draw_plot(plot) for plot in plots], said.append)
    for line in said:
        say(line)
    figures = iter([figure for figure in drawn if figure])
    pages: list[list[Panel[Figure]]] = [
        [Panel(panel.contender, panel.hues, tuple(islice(figures, len(panel.charts)))) for panel in shown if not said]
        for shown in panels
    ]
    sections = list(zip(history.sections, pages, strict=True))
    remarks = [*words.remarks(history), *said]
    return page.render(history=history, words=words, sections=sections, remarks=remarks, most_drawn=MOST_DRAWN)


def render_history_markdown(history: History) -> str:
    """Write what the history shows, a row for each step, and what was left out, for step summaries."""
    steps, remarks = table_lines(words.step_table(history)), note_lines(plain_notes(words.remarks(history)))
    return "\n".join([f"**{escape(words.answer(history))}**", "", *steps, *remarks]).rstrip("\n") + "\n"


def history_json(history: History) -> str:
    """Write a history as JSON; sizes are in bytes, durations in seconds, times in ISO 8601."""
    # The end of the last line comes before the text is made: of thousands of runs, it would be copied for it.
    return (msgspec.json.format(msgspec.json.encode(as_values(history)), indent=1) + b"\n").decode()


def as_values(history: History) -> dict[str, Any]:
    """Return a history as JSON values."""
    return {
        HISTORY_MARK: HISTORY_SCHEMA,
        "runs": len(history.reading.runs),
        "skipped": dict(history.reading.skipped),
        "copies": dict(history.reading.copies),
        "invalid": [run.file for run in history.invalid],
        "sections": [section_json(section) for section in history.sections],
    }


def section_json(section: SettingHistory) -> dict[str, Any]:
    """Write what lines share, and the lines."""
    stratum = section.stratum
    written = {id(run): run_json(run) for run in section.runs}  # each has a point in every line
    return {
        "processor": write_record(stratum.processor),
        "threads": stratum.threads,
        **({"variables": stratum.variables} if stratum.variables else {}),
        "reference": stratum.reference,
        "model": write_record(stratum.model),
        "lines": [line_json(line, lambda run: written[id(run)]) for line in section.lines],
        "breaks": [
            {"contender": found.contender, **between(found.last, found.first), "changed": list(found.changed)}
            for found in section.breaks
        ],
    }


def line_json(line: Line, about: Callable[[PastRun], dict[str, Any]]) -> dict[str, Any]:
    """Write a line, its points at once as text: of thousands of runs the values would take most of the memory.

    Raises ValueError for a point that is no number, which msgspec would write as null.
    """
    if not all(map(isfinite, chain.from_iterable((at.value, at.low or 0, at.high or 0) for at in line.points))):
        raise ValueError(f"{line.contender}: a point of {line.metric.title} is no number")
    return {
        "contender": line.contender,
        "metric": line.metric.title,
        "unit": "share" if line.metric == RIGHT else {"MB": "bytes", "s": "seconds"}.get(line.metric.unit, "ratio"),
        "versions": dict(line.versions),
        "points": msgspec.Raw(msgspec.json.encode([point_json(point, about(point.run)) for point in line.points])),
        "steps": [step_json(step) for step in line.steps],
    }


def point_json(point: Point, about: dict[str, Any]) -> dict[str, Any]:
    """Write a run's value, with what is written about the run."""
    return {**about, "value": point.value, "low": point.low, "high": point.high}


def run_json(run: PastRun) -> dict[str, Any]:
    """Write which run a value is of."""
    commit = run.commit
    return {
        "commit": commit.identifier if commit else None,
        "commit_time": commit.time.isoformat() if commit and commit.time else None,
        "with_changes": commit.changed if commit else None,
        "time": run.moment.isoformat(),
        "file": run.file,
    }


def step_json(step: Step) -> dict[str, Any]:
    """Write a step."""
    return {
        **between(step.last.run, step.first.run),
        "before": level_json(step.before),
        "after": level_json(step.after),
        "change": level_json(step.change),
        "also_changed": list(step.also),
    }


def between(last: PastRun, first: PastRun) -> dict[str, str | None]:
    """Name the commits that a change lies between."""
    return {
        "last_commit_before": last.commit.identifier if last.commit else None,
        "first_commit_after": first.commit.identifier if first.commit else None,
    }


def level_json(level: Ratio) -> dict[str, Any]:
    """Write a level or a change, with its interval over runs."""
    return {
        "value": level.value,
        "low": level.low,
        "high": level.high,
        "confidence": level.confidence,
        "runs": level.launches,
    }
