"""Is the page whole, safe and self-contained, and are its charts what was measured?"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import groupby, pairwise

import pytest

from runoff.answer.fastest import answer
from runoff.charts.drawing import Figure
from runoff.report.blocks import PAGE
from runoff.report.sections.contents import sections
from runoff.report.sections.latency import NothingToDraw, standalone_ratio_chart
from runoff.report.sections.repeat import download
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.report.write.terminal import render_table
from runoff.stored.run import StoredRun, parse_run
from runoff.text.markdown import escape
from tests.builders.stored_runs import (
    INJECTION,
    about,
    benchmark,
    came_of,
    keep_groups,
    make_exploratory,
    make_stored_run,
    ratio,
)

pytestmark = pytest.mark.long


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
        """Return the attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def figures(run: StoredRun) -> list[Figure]:
    """Return all charts of the comparison in their order."""
    charts = [draw for section in sections(run, PAGE) for draw in section.charts]
    return [figure for draw in charts if (figure := draw(run))]


@pytest.mark.draws
def test_the_page_is_self_contained(stored):
    """The page asks for nothing: no address but SVG's namespaces, no script but its own, no linked file."""
    html = render_page(parse_run(stored))
    assert set(re.findall(r"https?://[^\s\"'<>)]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    page = Page(html)
    assert page.all("script") == [{}]
    addresses = [attributes["href"] or "" for attributes in (*page.all("link"), *page.all("a"))]
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "url(" not in html
    assert "@import" not in html


@pytest.mark.draws
def test_the_page_has_everything(stored):
    """Answer, table, control, warnings, six charts with texts, setting and command are all on the page."""
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
        "python -m tox -e compare -- --seed 7 --launches 8 --rounds 20 --contenders o",
    ):
        assert words in page.text
    assert len(page.all("figure")) == len(page.all("figcaption")) == len(page.all("svg")) == 6
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in page.all("svg"))
    assert not [attributes for attributes in page.all("g") if "role" in attributes]
    assert all(attributes.get("scope") in ("row", "col") for attributes in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))


def test_sections_without_data_are_absent(stored):
    """A run that measured inference alone, without a warning, has no other columns, charts or headings."""
    keep_groups(stored, "inference")
    about(stored).update(warnings=[], control=None)
    run = parse_run(stored)
    html = render_page(run)
    assert [figure.title for figure in figures(run)] == ["Latency relative to the reference", "Distribution of latency"]
    for absent in ("about these numbers", "cold<br>", "peak<br>", "Memory over time"):
        assert absent not in html
    assert "cold" not in render_table(run)
    assert "There was no control in this run" in html
    keep_groups(stored)
    assert "<figure>" not in render_page(parse_run(stored))


@pytest.mark.full
def test_a_run_saved_without_its_raw_data_is_shown_in_full(stored):
    """pytest-benchmark's saved files have no raw rounds; all is shown but their distribution."""
    whole = figures(parse_run(stored))
    for one in stored["benchmarks"]:
        del one["stats"]["data"]
    run = parse_run(stored)
    assert figures(run) == [figure for figure in whole if figure.title != "Distribution of latency"]
    assert "1.46× faster" in Page(render_page(run)).text


def test_percentiles_are_shown_and_the_withheld_one_with_its_reason(stored):
    """p95 is in a wide table, all are on the page with their samples, and every report says why p99 is not shown."""
    run = parse_run(stored)
    page = Page(render_page(run)).text
    reason = "p99 is not shown: it needs 299 samples, not 240."
    assert reason in page
    assert reason in " ".join(render_table(run).split())
    assert reason in render_markdown(run)
    assert f"{1.2 * 17.1:.1f}" in render_table(run, width=120)
    assert "Latency percentiles" in page
    assert page.count("240") >= len(run.timed)


def test_each_reason_that_a_percentile_is_withheld_for_is_said_with_whom_it_is_so_of(stored):
    """Of contenders with unequal numbers of samples every reason is there, not the last one alone."""
    one = next(one for one in stored["benchmarks"] if one["extra_info"]["contender"] == "onnxruntime")
    one["extra_info"]["percentiles"] |= {"samples": 90, "withheld": {"p99": "it needs 299 samples, not 90"}}
    run = parse_run(stored)
    others = "pytorch, tensorflow and pytorch-channels-last"
    for report in (Page(render_page(run)).text, " ".join(render_table(run).split()), render_markdown(run)):
        assert "p99 is not shown for onnxruntime: it needs 299 samples, not 90." in report
        assert f"p99 is not shown for {others}: it needs 299 samples, not 240." in report


def test_a_run_without_percentiles_has_no_section_of_them(stored):
    """An older run that stored none has neither the section nor the column."""
    for one in stored["benchmarks"]:
        one["extra_info"].pop("percentiles", None)
    run = parse_run(stored)
    assert "Latency percentiles" not in render_page(run)
    assert "p95" not in render_table(run)
    assert "is not shown" not in render_markdown(run)


@pytest.mark.full
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
    about(stored)["model"]["name"] = about(stored)["stratum"]["processor"]["name"] = INJECTION
    for group, value in (("inference", 0.01), ("cold-start", 1.0), ("peak-memory", 1e8)):
        added = benchmark(group, INJECTION, value, ratio(0.5, "faster"), stages={INJECTION: 1.0, "load": 0.2})
        added["extra_info"]["curve"] = {"seconds": [0.0, 1.0], "bytes": [1.0, 2.0]}
        stored["benchmarks"].append(added)
    run = parse_run(stored)
    page = Page(render_page(run))
    assert page.all("script") == [{}]
    assert not page.all("img")
    assert '<script>alert("x")</script>' in page.text
    table = render_table(run)
    assert "\x1b" not in table
    assert "[bold]bracketed[/bold] :smile:" in table
    markdown = render_markdown(run)
    lines = [line for line in markdown.splitlines() if not line.startswith("    python -m tox")]
    assert not re.search(r"(?<!\\)[<`]", "\n".join(lines))
    for is_table, rows in groupby(lines, lambda line: line.startswith("|")):
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(widths) == 1 or not is_table


def test_the_script_is_the_one_that_the_page_allows(stored):
    """The page's own policy names its script by its hash, so that no other can run whatever a text holds."""
    html = render_page(parse_run(stored))
    (script,) = re.findall(r"<script>(.*)</script>", html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [found["content"] for found in Page(html).all("meta") if "http-equiv" in found]
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"


def test_markdown_has_no_links_and_mentions_nobody(stored):
    """An address and a name in a text stay text: neither is followed or called."""
    about(stored)["warnings"] = ["see https://example.org/x or www.example.org, ask @team and @org/team"]
    markdown = render_markdown(parse_run(stored))
    for text in ("https\\://example.org/x", "www\\.example.org", "@\N{WORD JOINER}team", "@\N{WORD JOINER}org/team"):
        assert text in markdown
    assert "onnxruntime@old" in escape("onnxruntime@old")


def test_markdown_repeats_the_run(stored):
    """The versions are there, and the command as a block of code that no name can end."""
    about(stored)["contenders"]["a\n```\nb"] = came_of("conversion failed", None, "x")
    markdown = render_markdown(parse_run(stored))
    assert "- Versions in here: torch 2.13.0" in markdown
    (command,) = [line for line in markdown.splitlines() if line.startswith("    python -m tox -e compare")]
    assert command.endswith("'")


def test_the_page_holds_the_stored_run(stored):
    """The link's address is the JSON that the page was made from, whole; a very large one leaves the raw values out."""
    run = parse_run(stored)
    link = download(run)
    assert json.loads(base64.b64decode(link.address.partition(",")[2])) == stored
    assert link.left_out == ""
    assert link.name == "runoff-20260102-030405.json"
    cut = download(run, largest=1000)
    kept = json.loads(base64.b64decode(cut.address.partition(",")[2]))
    assert "raw values (stats.data) are left out" in cut.left_out
    assert [one["stats"] for one in kept["benchmarks"]] == [
        {"median": one["stats"]["median"]} for one in stored["benchmarks"]
    ]


@pytest.mark.full
def test_several_runs_stand_on_one_page(stored):
    """Each has its answer in a first table, its ratios beside the others', and a part of the page without equal ids."""
    other = make_stored_run()
    about(other)["stratum"]["processor"]["name"] = "Other CPU"
    page = Page(render_page(parse_run(stored), parse_run(other)))
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    labels = [attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes]
    assert len(labels) == len(set(labels))
    targets = " ".join(labels).split()
    links = [
        (attributes["href"] or "").removeprefix("#") for attributes in page.all("a") if "download" not in attributes
    ]
    assert {*targets, *links} <= set(identifiers)
    for words in (
        "The runs on this page",
        "Side by side",
        "Run 2: Other CPU, 2 threads",
        "Run 2 is of another stratum",
    ):
        assert words in page.text
    assert len(page.all("h1")) == 1
    markdown = render_markdown(parse_run(stored), parse_run(other))
    assert "### Run 2: Other CPU, 2 threads" in markdown
    assert "| onnxruntime | 0.684 \\[0.670, 0.698\\] | 0.684 \\[0.670, 0.698\\] |" in markdown


def test_headings_follow_one_another(stored):
    """No level is left out on the way down, on a page of one run and of two."""
    for runs in ([stored], [stored, make_stored_run()]):
        page = Page(render_page(*map(parse_run, runs)))
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.draws
def test_the_standalone_chart_is_dark_on_white(stored):
    """The README's chart has a white ground and does not depend on the text colour around it."""
    svg = standalone_ratio_chart(parse_run(stored))
    assert 'fill="#ffffff"' in svg
    assert "currentColor" not in svg
    keep_groups(stored, "cold-start")
    with pytest.raises(NothingToDraw, match="no ratios"):
        standalone_ratio_chart(parse_run(stored))
