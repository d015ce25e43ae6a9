"""Does every link in what people read lead somewhere, and is the front door short?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)\s]*)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the places in a page that a link may name, as GitHub makes them of headings."""
    headings = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page):
    """A link to a place of this repository names a file that there is, and a heading that is in it."""
    for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}, which is not there"
        assert not heading or heading in anchors(target), (
            f"{page.name} links to {link}: {target.name} has no such heading"
        )


def test_every_page_is_reached_from_the_front_door():
    """README links to every page of docs/, so that none is lost."""
    linked = set(LINK.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} <= linked


def test_every_page_is_in_the_site():
    """The site's navigation names every page of docs/, without which its strict build fails."""
    named = set(re.findall(r"[\w-]+\.md$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} <= named


def test_the_front_door_is_short():
    """README has at most 150 lines: what it answers, how to start, and where to read on."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
