"""The page in a real browser: pictures by click, by drop and by paste, good ones and bad ones, wide and narrow."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.chromium import chromium, needs_browser, webdriver
from tests.lanes import in_full
from tests.waiting import until
from tests.web import fake_page, served, star, stored
from webui.samples import samples

pytestmark = [needs_browser, pytest.mark.browser]

LIMIT = 2_000_000
DROP = """
const [address, name, type, done] = arguments;
fetch(address).then((response) => response.blob()).then((blob) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([blob], name, { type }));
  const target = document.getElementById("drop");
  target.dispatchEvent(new DragEvent("dragover", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  const marked = target.classList.contains("over");
  target.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  done(marked);
});
"""
PASTE = """
const [address, done] = arguments;
fetch(address).then((response) => response.blob()).then((blob) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([blob], "pasted.png", { type: "image/png" }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
  done();
});
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serve a page of two fakes that agree and one that does not."""
    names = ["fake", "fake-slower", "fake-wrong"]
    with fake_page(tmp_path_factory.mktemp("page"), names, upload_limit=LIMIT) as app, served(app, threads=8) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Start Chromium without a screen, noting its console."""
    with chromium(tmp_path_factory.mktemp("profile"), "browser") as driver:
        driver.set_script_timeout(20)
        yield driver


@pytest.fixture
def page(browser, address):
    """Open the page anew; after the test, nothing may have been refused by the content policy or gone wrong."""
    browser.get(address)
    wait(lambda: find(browser, ".chip.ready"))
    yield browser
    complaints = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert not [line for line in complaints if "status of 4" not in line and "status of 5" not in line]


def wait(condition):
    """Wait until the page shows something, and give it."""
    return until(condition, "the page shows it")


def find(browser, selector):
    """Return the elements that a selector finds."""
    return browser.find_elements("css selector", selector)


def text(browser, selector):
    """Return the text of the first element, as it is seen."""
    return find(browser, selector)[0].text


def choose(page, path):
    """Choose a file as by a click."""
    find(page, "#file")[0].send_keys(str(path))


def screenshot(page, name):
    """Keep a picture of the whole page where SCREENSHOTS says, for people to look at."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.save_screenshot(str(Path(folder) / f"{name}.png"))


@pytest.fixture
def picture(tmp_path):
    """Write a star to a file."""
    path = tmp_path / "star.png"
    path.write_bytes(stored(star(), "PNG"))
    return path


def test_a_chosen_picture_is_answered(page, picture):
    """Chosen by click: the default runtime answers with three labels, bars, a time and what it knows."""
    choose(page, picture)
    wait(lambda: find(page, ".card.answered"))
    assert len(find(page, ".card")) == 1
    assert len(find(page, ".answers li")) == 3
    widths = [bar.size["width"] for bar in find(page, ".fill")]
    assert widths == sorted(widths, reverse=True)
    assert "thousandths of a second" in text(page, ".time")
    assert text(page, "#verdict").startswith("It looks like: ")
    wait(lambda: "kinds of simple drawings" in text(page, "#knowledge"))
    assert find(page, "#preview")[0].is_displayed()


@pytest.mark.parametrize(
    ("confidences", "sentence"),
    [
        ([0.94], "It looks like: star"),
        ([0.33], "It looks like: star (a guess: less than half sure)"),
        ([0.33, 0.94], "Both give the same answer: star"),
        ([0.33, 0.34, 0.33], "All 3 give the same answer: star (a guess: less than half sure)"),
    ],
)
def test_a_guess_is_called_one(page, confidences, sentence):
    """Where no runtime is even half sure, that they agree must not look like knowledge."""
    script = """
    const answered = arguments[0].map((confidence) => ({ answers: [{ label: "star", confidence }] }));
    return verdict(answered, false, answered.length)[1]"""
    assert page.execute_script(script, confidences) == sentence


def test_others_can_be_switched_on_and_agree(page, picture):
    """A second runtime that is switched on answers the same picture, and their agreement is told."""
    choose(page, picture)
    wait(lambda: find(page, ".card.answered"))
    find(page, "input[value=fake-slower]")[0].click()
    wait(lambda: len(find(page, ".card.answered")) == 2)
    assert text(page, "#verdict").startswith("Both give the same answer: ")
    assert len(find(page, ".badge")) == 1
    find(page, "input[value=fake-wrong]")[0].click()
    wait(lambda: len(find(page, ".card.answered")) == 3)
    assert text(page, "#verdict").startswith("They do not agree: 2 × ")
    find(page, "input[value=fake-wrong]")[0].click()
    wait(lambda: len(find(page, ".card.answered")) == 2)


def test_all_can_answer_at_one_click(page, picture):
    """One button switches every runtime on, and all of them answer."""
    choose(page, picture)
    wait(lambda: find(page, ".card.answered"))
    wait(find(page, "#all")[0].is_displayed)
    find(page, "#all")[0].click()
    wait(lambda: len(find(page, ".card.answered")) == 3)


def test_a_dropped_picture_is_answered(page):
    """Dropped: the zone lights up while the picture is over it, and the answer appears."""
    assert page.execute_async_script(DROP, "/samples/1.jpg", "house.jpg", "image/jpeg") is True
    wait(lambda: find(page, ".card.answered"))
    assert not find(page, ".drop.over")


def test_a_pasted_picture_is_answered(page):
    """Pasted: the picture in the clipboard is answered."""
    page.execute_async_script(PASTE, "/samples/2.jpg")
    wait(lambda: find(page, ".card.answered"))


def test_a_sample_is_answered(page, picture):
    """A sample picture is one click, and what is on it in truth stands beside the answers until another is chosen."""
    find(page, "[data-sample]")[3].click()
    wait(lambda: find(page, ".card.answered"))
    wait(lambda: find(page, "[data-sample][aria-pressed=true]"))
    assert text(page, "#truth") == f"On this sample is: {samples()[3]}."
    choose(page, picture)
    wait(lambda: not find(page, "#truth")[0].is_displayed())


BAD = {
    "text": ("notes.txt", b"no picture at all", "does not seem to be a picture"),
    "cut": ("cut.png", stored(star(), "PNG")[:900], "damaged or cut short"),
    "empty": ("empty.png", b"", "empty"),
    "large": ("large.bmp", bytes(LIMIT + 1), "too large: at most 2 MB"),
    "pixels": ("pixels.png", stored(Image.new("1", (9000, 9000)), "PNG"), "too many pixels: at most 50 million"),
}


@pytest.mark.parametrize(("name", "content", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_picture_gets_a_friendly_sentence(page, tmp_path, picture, name, content, sentence):
    """A bad file chosen by click shows one sentence and no card, and the next good one is answered."""
    path = tmp_path / name
    path.write_bytes(content)
    choose(page, path)
    wait(lambda: sentence in text(page, "#trouble"))
    assert not find(page, ".card")
    choose(page, picture)
    wait(lambda: find(page, ".card.answered"))
    assert not find(page, "#trouble")[0].is_displayed()


def test_a_bad_file_can_be_dropped(page):
    """A dropped file that is no picture is refused with the same sentence as a chosen one."""
    page.execute_async_script(DROP, "/static/page.css", "page.css", "text/css")
    wait(lambda: "does not seem to be a picture" in text(page, "#trouble"))


def test_the_keyboard_is_enough(page):
    """Tab reaches the file field first, then samples and runtimes; Enter tries a sample, Space switches one on."""
    keys = webdriver.Keys

    def press(key):
        webdriver.ActionChains(page).send_keys(key).perform()
        return page.switch_to.active_element

    assert press(keys.TAB).get_attribute("id") == "file"
    ring = page.execute_script("return getComputedStyle(document.getElementById('drop')).outlineStyle")
    assert ring == "solid"
    press(keys.TAB)
    press(keys.ENTER)
    wait(lambda: find(page, ".card.answered"))
    while press(keys.TAB).get_attribute("value") != "fake-slower":
        assert page.switch_to.active_element.tag_name != "body"
    press(keys.SPACE)
    wait(lambda: len(find(page, ".card.answered")) == 2)


def test_everything_has_a_name(page):
    """Every field, button and picture has an accessible name, and what changes is announced."""
    for element in find(page, "input, button"):
        hidden = not element.is_displayed() and element.get_attribute("hidden")
        assert hidden or element.accessible_name, element.get_attribute("outerHTML")
    assert find(page, "[role=status]#verdict")
    assert find(page, "[role=alert]#trouble")
    assert page.execute_script("return document.documentElement.lang") == "en"


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 320),
        ("dark", 1280),
        *in_full(*(("light", width) for width in (390, 768, 1280)), *(("dark", width) for width in (320, 390, 768))),
    ],
)
def test_the_page_fits(page, width, scheme, picture):
    """At phone, tablet and desktop widths nothing is wider than the window, in light and in dark."""
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": True}
    )
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        choose(page, picture)
        wait(lambda: find(page, ".card.answered"))
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        paper = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(18, 22, 26)") == (scheme == "dark")
        screenshot(page, f"{scheme}-{width}")
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_motion_stops_where_it_is_not_wanted(page):
    """With reduced motion asked for, the waiting bar stands still."""
    script = """
    const bar = document.createElement("div"); bar.className = "moving"; document.body.append(bar);
    return getComputedStyle(bar).animationName"""
    assert page.execute_script(script) == "moving"
    media = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        assert page.execute_script(script) == "none"
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
