"""Is the page right in a real browser: drawn, quiet, readable in light and dark, on a phone, on paper, by keyboard?"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runoff.report.write.page import render_page
from runoff.stored.run import parse_run
from tests.browser.chromium import By, Keys, chromium, needs_browser
from tests.builders.drawing import drawing_by, drawn_once
from tests.builders.stored_runs import (
    INJECTION,
    Values,
    about,
    add_contender,
    add_rounds,
    make_field_run,
    make_stored_run,
)
from tests.lanes import in_full
from tests.waiting import until

PHONE, DESK = 390, 1280

pytestmark = [needs_browser, pytest.mark.browser]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium that notes its console and every request."""
    with chromium(tmp_path_factory.mktemp("profile"), "browser", "performance") as driver:
        yield driver


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of a small run, of a whole field, of one with hostile texts, and of two runs, as files."""
    small, field, hostile = make_stored_run(), make_field_run(), make_stored_run()
    for stored in (small, field):
        add_rounds(stored)
    add_contender(hostile, INJECTION, 0.5)
    about(hostile)["warnings"] = [INJECTION]
    runs = {"small": (small,), "field": (field,), "hostile": (hostile,), "two": (small, field)}
    folder = tmp_path_factory.mktemp("pages")
    with drawing_by(drawn_once({})):
        return {name: write_page(folder / f"{name}.html", *stored) for name, stored in runs.items()}


def write_page(path: Path, *stored: Values) -> Path:
    """Write a page of stored runs."""
    path.write_text(render_page(*map(parse_run, stored)), encoding="utf-8")
    return path


@pytest.fixture
def visit(browser, pages):
    """Open a page by its name at a width, in light or dark; everything noted before is forgotten."""

    def go(name: str, width: int = DESK, scheme: str = "light") -> Any:
        browser.get_log("browser")
        browser.get_log("performance")
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        browser.get(pages[name].as_uri())
        return browser

    return go


def requested(browser: Any) -> set[str]:
    """Return the addresses that were asked for since the log was last read, without those that hold their content."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    addresses = {
        message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"
    }
    return {address for address in addresses if not address.startswith("data:")}


@pytest.mark.parametrize("name", ["small", "field", "hostile", "two"])
def test_nothing_is_asked_for_and_the_console_is_silent(visit, pages, name):
    """Opened from disk, the page asks for itself alone, and the browser has nothing to complain about."""
    browser = visit(name)
    assert requested(browser) == {pages[name].as_uri()}
    assert browser.get_log("browser") == []


@pytest.mark.parametrize(("name", "charts"), [("small", 7), *in_full(("field", 7), ("two", 14))])
def test_every_chart_is_drawn_and_named(visit, name, charts):
    """Each has marks, a size on the screen, and a name for those who can't see it."""
    browser = visit(name)
    found = browser.find_elements(By.CSS_SELECTOR, "figure svg")
    assert len(found) == charts
    for chart in found:
        assert chart.rect["width"] > 300
        assert chart.rect["height"] > 100
        assert len(chart.find_elements(By.CSS_SELECTOR, "path, line, rect")) > 5
        assert chart.aria_role in ("img", "image")
        assert len(chart.accessible_name) > 20


@pytest.mark.parametrize("name", ["small", "field", "two"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_page_is_no_wider_than_the_screen(visit, name, width):
    """Only tables scroll sideways, within themselves; and what scrolls can be reached by keyboard."""
    browser = visit(name, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    unreachable = browser.execute_script(
        "return [...document.querySelectorAll('.scrolls')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0).length"
    )
    assert unreachable == 0


def test_a_dark_page_is_dark_and_its_charts_are_light(visit):
    """The colours follow the reader's scheme, the ink of charts too."""
    colours = "return ['body', 'figure svg text'].map(s => getComputedStyle(document.querySelector(s)))"
    script = f"{colours}.map((style, n) => n ? style.fill : style.backgroundColor)"
    paper, ink = (brightness(colour) for colour in visit("small", scheme="dark").execute_script(script))
    assert (paper < 60, ink > 180) == (True, True)
    paper, ink = (brightness(colour) for colour in visit("small").execute_script(script))
    assert (paper > 180, ink < 60) == (True, True)


def brightness(colour: str) -> float:
    """Return the mean of a colour's parts: ``rgb(20, 24, 28)`` is 24."""
    parts = [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    return sum(parts) / 3


def names(browser: Any) -> list[str]:
    """Return the contenders of the comparison from top to bottom."""
    return [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "table[data-sortable] tbody th")]


def test_the_comparison_is_sorted_by_keyboard(visit):
    """Enter on a heading sorts by its figures, a second time the other way round; what has none stays last."""
    browser = visit("small")
    before = names(browser)
    headings = browser.find_elements(By.CSS_SELECTOR, "table[data-sortable] thead th")
    (median,) = [heading for heading in headings if "median" in heading.text]
    assert median.get_attribute("aria-sort") == "ascending"
    (ratio,) = [heading for heading in headings if "typical ratio" in heading.text]
    ratio.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert (ratio.get_attribute("aria-sort"), median.get_attribute("aria-sort")) == ("ascending", None)
    ratio.find_element(By.TAG_NAME, "button").send_keys(Keys.SPACE)
    assert ratio.get_attribute("aria-sort") == "descending"
    assert names(browser)[:4] == ["pytorch-channels-last", "tensorflow", "pytorch", "onnxruntime"]
    assert set(names(browser)[4:]) == set(before[4:])
    headings[0].find_element(By.TAG_NAME, "button").click()
    assert names(browser) == sorted(before)


def test_the_page_is_whole_without_scripts(visit, browser):
    """Where scripts are off the table stands in its order, and no heading pretends to be a button."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit("small")
        assert browser.find_elements(By.TAG_NAME, "button") == []
        assert names(browser)[0] == "onnxruntime"
        assert "sorts by its column" not in browser.find_element(By.TAG_NAME, "main").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_stored_run_comes_out_of_the_page_as_it_went_in(visit, browser, tmp_path):
    """A click on the link saves the run's JSON, all of it."""
    behaviour = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
    stored = make_stored_run()
    add_rounds(stored)
    visit("small").find_element(By.CSS_SELECTOR, "a[download]").click()
    path = tmp_path / "runoff-20260102-030405.json"
    until(path.is_file, "the file is saved")
    assert json.loads(path.read_text()) == stored


def test_the_page_prints_whole(visit, browser):
    """On paper nothing is cut off at the right: what scrolls on a screen is as wide as its content."""
    visit("field")
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF")
    features = {"media": "print", "features": []}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", features)
    try:
        assert browser.find_element(By.TAG_NAME, "pre").value_of_css_property("white-space") == "pre-wrap"
        shown = [link for link in browser.find_elements(By.CSS_SELECTOR, "a[download]") if link.is_displayed()]
        assert shown == []
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_hostile_texts_stay_texts(visit):
    """Markup in a name and in a warning is shown letter by letter, in the page and in its charts."""
    browser = visit("hostile")
    assert browser.find_elements(By.TAG_NAME, "img") == []
    assert len(browser.find_elements(By.TAG_NAME, "script")) == 1
    assert '<script>alert("x")</script>' in browser.find_element(By.CSS_SELECTOR, ".warnings").text
    assert any("<script>" in text.text for text in browser.find_elements(By.CSS_SELECTOR, "figure svg text"))
