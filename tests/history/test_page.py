"""Is the history's page whole, safe and self-contained?"""

from __future__ import annotations

import re

import pytest

from runoff.history.lines import make_history
from runoff.history.reading import read_runs
from runoff.history.writing import render_history, render_history_markdown
from tests.builders.histories import make_past_run, store_runs, with_step
from tests.builders.stored_runs import INJECTION, about
from tests.report.test_page import Page

pytestmark = pytest.mark.long
WIDEST_DIGIT = 13 * 0.636
"""Pixels that a digit takes in DejaVu Sans, the widest of the fonts that a chart may be shown in."""


@pytest.fixture
def history(tmp_path):
    """A history with a step and a file that is no run."""
    folder = store_runs(tmp_path, with_step(40, 20, 1.10))
    (folder / "foreign.json").write_text("{}")
    return make_history(read_runs([folder]))


@pytest.mark.draws
def test_the_page_is_self_contained(history):
    """The page asks for nothing: no address but SVG's namespaces, no script, no linked file."""
    html = render_history(history)
    assert set(re.findall(r"https?://[^\s\"'<>)]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    page = Page(html)
    assert not page.all("script")
    assert all((attributes["href"] or "").startswith("data:") for attributes in page.all("link"))
    assert "url(" not in html
    drawn = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawn) == 11
    for svg in drawn:
        (title,) = re.findall(r'role-axis-title"[^>]*><text[^>]* transform="translate\(-([\d.]+),', svg)
        numbers = re.findall(r'text-anchor="end" transform="translate\(-([\d.]+),[^>]*>([^<]+)<', svg)
        assert float(title) > max(float(at) + WIDEST_DIGIT * len(number) for at, number in numbers)


def test_the_page_has_everything(history):
    """Answer, step, what was left out, and a chart with its words for each contender and metric."""
    page = Page(render_history(history))
    assert "found in 11 lines of 40 runs" in page.text
    assert f"{'0013' * 3} → {'0014' * 3}, 2026-01-01" in page.text
    assert "foreign.json is skipped" in page.text
    assert "Of a line of more than 600 runs the lowest and the highest of each of 300 stretches are drawn" in page.text
    assert "model 2 stepping 3), 2 threads, resnet18 with builtin weights, against pytorch" in page.text
    assert len(page.all("svg")) == len(page.all("figure")) == 11
    described = [attributes["aria-label"] for attributes in page.all("svg") if attributes.get("role") == "img"]
    assert len(described) == 11
    assert any(
        "ratio to reference of onnxruntime over commits: 40 runs with torch 2.13.0" in text for text in described
    )


def test_without_steps_and_remarks_their_sections_are_absent(tmp_path):
    """Where nothing was found and nothing left out, no empty heading stands."""
    page = Page(render_history(make_history(read_runs([store_runs(tmp_path, with_step(5, 0, 1.0))]))))
    assert "No step was found in 11 lines of 5 runs." in page.text
    assert "Left out" not in page.text
    assert "what else changed" not in page.text


def test_text_in_runs_cannot_inject_markup(tmp_path):
    """Markup in names, versions, commits, machines and files is shown as text, on the page and in Markdown."""
    runs = []
    for number in range(40):
        run = make_past_run(number, factor=1.1 if number >= 20 else 1.0)
        if number >= 20:
            run["machine_info"]["node"] = INJECTION
        run["commit_info"]["id"] = f"{number}{INJECTION}'"
        for one in run["benchmarks"]:
            if one["extra_info"]["contender"] == "onnxruntime":
                one["extra_info"]["contender"] = INJECTION
        came = about(run)["contenders"].pop("onnxruntime")
        about(run)["contenders"][INJECTION] = came | {"versions": {INJECTION: INJECTION}}
        about(run)["stratum"]["processor"]["name"] = INJECTION
        runs.append(run)
    folder = store_runs(tmp_path, runs)
    (folder / "<script>alert(1)<!script>.json").write_text("{}")
    history = make_history(read_runs([folder]))
    html = render_history(history)
    assert history.steps
    assert "<script" not in html
    assert "<img" not in html
    assert "\x1b" not in html
    assert "alert" in Page(html).text
    markdown = render_history_markdown(history)
    assert "<script" not in markdown.replace("\\<script", "")


def test_a_single_run_is_drawn(tmp_path):
    """One run gives points without a line, and no step."""
    html = render_history(make_history(read_runs([store_runs(tmp_path, [make_past_run(0)])])))
    assert "No step was found in 11 lines of 1 run." in html
    assert html.count("<svg") == 11
