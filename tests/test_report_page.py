"""Is the page whole, safe and self-contained, and are its charts what was measured?"""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest

from runoff.report.answer import answer
from runoff.report.charts import figures
from runoff.report.charts.ratios import NothingToDraw, standalone_ratio_chart
from runoff.report.markdown import render_markdown
from runoff.report.page import render_page
from runoff.report.stored import parse_run
from runoff.report.table import render_table
from tests.stored_runs import (
    INJECTION,
    Values,
    about,
    benchmark,
    came_of,
    keep_groups,
    make_exploratory,
    make_stored_run,
    ratio,
)


class Page(HTMLParser):
    """A page's elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        """Read a page."""
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Give the attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def stored() -> Values:
    """A stored run that a test may change."""
    return make_stored_run()


def test_the_page_is_self_contained(stored):
    """The page asks for nothing: no address but SVG's namespaces, no script, no linked file."""
    html = render_page(parse_run(stored))
    assert set(re.findall(r"https?://[^\s\"'<>)]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    page = Page(html)
    assert not page.all("script")
    assert all((attributes["href"] or "").startswith("data:") for attributes in page.all("link"))
    assert "url(" not in html
    assert "@import" not in html


def test_the_page_has_everything(stored):
    """Answer, table, control, warnings, five charts with texts, setting and command are all on the page."""
    run = parse_run(stored)
    page = Page(render_page(run))
    for words in (
        answer(run),
        "no difference shown",
        "conversion failed at convert: Resize is not supported",
        "Control (a second pytorch, which should be 1): 1.002 [0.991, 1.013].",
        "the machine drifted: let it settle, then run again",
        "8 launches × 20 rounds, seed 7",
        "abc123 with changes",
        "2 January 2026, 03:04 UTC",
        "python -m tox -e compare -- --seed 7 --launches 8 --rounds 20 --threads 2 --reference pytorch --contenders o",
    ):
        assert words in page.text
    assert len(page.all("figure")) == len(page.all("figcaption")) == len(page.all("svg")) == 5
    described = [attributes for attributes in page.all("div") if attributes.get("role") == "img"]
    assert len(described) == 5
    assert all(attributes["aria-label"] for attributes in described)
    assert all(attributes.get("scope") in ("row", "col") for attributes in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))


def test_sections_without_data_are_absent(stored):
    """A run that measured inference alone, without a warning, has no other columns, charts or headings."""
    keep_groups(stored, "inference")
    about(stored).update(warnings=[], control=None)
    run = parse_run(stored)
    html = render_page(run)
    assert len(figures(run)) == 1
    for absent in ("about these numbers", "cold<br>", "peak<br>", "Memory over time"):
        assert absent not in html
    assert "cold" not in render_table(run)
    assert "There was no control in this run" in html
    keep_groups(stored)
    assert "<figure>" not in render_page(parse_run(stored))


def test_a_run_saved_without_its_raw_data_is_shown_in_full(stored):
    """pytest-benchmark's saved files have no raw rounds; what was made of them is stored, and everything is shown."""
    whole = render_page(parse_run(stored))
    for one in stored["benchmarks"]:
        del one["stats"]["data"]
    assert render_page(parse_run(stored)) == whole
    assert "1.46× faster" in Page(whole).text


def test_percentiles_are_shown_and_the_withheld_one_with_its_reason(stored):
    """p95 is in a wide table, all are on the page with their samples, and every report says why p99 is withheld."""
    run = parse_run(stored)
    page = Page(render_page(run)).text
    reason = "p99 is withheld: 240 samples do not bound it: it takes 299."
    assert reason in page
    assert reason in " ".join(render_table(run).split())
    assert reason in render_markdown(run)
    assert f"{1.2 * 17.1:.1f}" in render_table(run, width=120)
    assert "Latency percentiles" in page
    assert page.count("240") >= len(run.timed)


def test_a_run_without_percentiles_has_no_section_of_them(stored):
    """An older run that stored none has neither the section nor the column."""
    for one in stored["benchmarks"]:
        one["extra_info"].pop("percentiles", None)
    run = parse_run(stored)
    assert "Latency percentiles" not in render_page(run)
    assert "p95" not in render_table(run)
    assert "withheld" not in render_markdown(run)


def test_an_exploratory_run_is_drawn_without_intervals(stored):
    """One launch gives points, and every report says exploratory."""
    make_exploratory(stored)
    run = parse_run(stored)
    assert "interval" not in figures(run)[0].caption
    for report in (render_table(run), render_page(run), render_markdown(run)):
        assert "exploratory" in report
        assert "one launch gives no interval" in report


def test_markup_is_shown_and_not_obeyed(stored):
    """Markup, markdown and terminal codes in names, reasons, warnings and versions stay text everywhere."""
    contenders = about(stored)["contenders"]
    contenders[INJECTION] = came_of() | {"description": INJECTION, "versions": {INJECTION: INJECTION}}
    contenders["openvino"] |= {"reason": INJECTION, "stage": INJECTION}
    about(stored)["warnings"] = [INJECTION, "[bold]bracketed[/bold] :smile:"]
    about(stored)["checkpoint"]["name"] = about(stored)["stratum"]["cpu"] = INJECTION
    for group, value in (("inference", 0.01), ("cold-start", 1.0), ("peak-memory", 1e8)):
        added = benchmark(group, INJECTION, value, ratio(0.5, "faster"), stages={INJECTION: 1.0, "load": 0.2})
        added["extra_info"]["curve"] = {"seconds": [0.0, 1.0], "bytes": [1.0, 2.0]}
        stored["benchmarks"].append(added)
    run = parse_run(stored)
    page = Page(render_page(run))
    assert not page.all("script")
    assert not page.all("img")
    assert '<script>alert("x")</script>' in page.text
    table = render_table(run)
    assert "\x1b" not in table
    assert "[bold]bracketed[/bold] :smile:" in table
    markdown = render_markdown(run)
    assert not re.search(r"(?<!\\)<", markdown)
    assert not re.search(r"(?<!\\)`", markdown)
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in markdown.splitlines() if line.startswith("|")}
    assert len(widths) == 1


def test_the_standalone_chart_is_dark_on_white(stored):
    """The README's chart has a white ground and does not depend on the text colour around it."""
    svg = standalone_ratio_chart(parse_run(stored))
    assert 'fill="#ffffff"' in svg
    assert "currentColor" not in svg
    keep_groups(stored, "cold-start")
    with pytest.raises(NothingToDraw, match="no ratios"):
        standalone_ratio_chart(parse_run(stored))


def test_a_page_is_drawn_within_three_seconds(stored):
    """Drawing a page once everything is loaded is far from a wait."""
    run = parse_run(stored)
    began = time.perf_counter()
    render_page(run)
    assert time.perf_counter() - began < 3
