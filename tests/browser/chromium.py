"""A headless Chromium, for the tests that look at pages as a reader does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By  # noqa: E402  # after the check that it is there
from selenium.webdriver.common.keys import Keys  # noqa: E402

__all__ = ["By", "Keys", "chromium", "needs_browser", "webdriver"]

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)

needs_browser = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None, reason="no browser: install Debian's chromium and chromium-driver"
)


@contextmanager
def chromium(profile: Path, *logs: str) -> Iterator[Any]:
    """Start Chromium with a separate profile, and give its driver; it keeps the logs that are named."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", dict.fromkeys(logs, "ALL"))
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    try:
        yield driver
    finally:
        driver.quit()
