"""Is what README and docs/ show made from what is stored and from the code, and from nothing else?"""

from __future__ import annotations

import json
import re
import shutil

import pytest

from pages.__main__ import LIVE, RUN, TABLES, renew
from pages.blocks import BlockMissing, block_of, replace_block, without_blocks
from pages.errors import named_errors
from pages.figures import FIGURES, PICTURE, RunUnfit, require_fit
from pages.live import live_picture
from pages.reference import declared_options
from pages.stored import PARTS, fields_of, records_under, type_words
from runoff.errors import Exit
from runoff.stored.run import parse_run, read_run
from tests.builders.drawing import charts, drawn
from tests.builders.stored_runs import make_stored_run
from tests.conftest import ROOT

__all__ = ["charts", "drawn"]

FIGURE = re.compile(r"\d (?:ms|µs|ns|MB|GB)\b|\d\.\d+ ?×|\b\d\.\d{3}\b|\d \\?\[[\d-]")
"""A time, a size, a factor, a ratio or an interval: what only a run knows."""
MADE_WHOLE = {"trust.md", "states.md", "undisturbed.md", "accuracy.md", "winners.md"}
"""Pages that a command writes from stored figures, and that name their machine; tests/trust/ compares them."""
SETTINGS = {
    "hostile.md": ("a `/tmp` of 64 MB", "`--cache-limit` (20 GB)"),
    "pictures.md": ("Up to 2 GB of", "64 MB at a time"),
    "reading.md": ("random reads in\n  16 MB",),
    "variables.md": ("less than 5 ms",),
}
"""What looks like a figure and is one that the code is given, by page."""
LINKED = re.compile(r"\]\([^)]*\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def fit_run():
    """Make a stored run of a revision without changes."""
    stored = make_stored_run()
    stored["commit_info"]["dirty"] = False
    return stored


@pytest.fixture
def copied(tmp_path):
    """Copy README and docs/ without the stored run, and store a made one beside them."""
    shutil.copy(ROOT / "README.md", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns(RUN.name))
    (tmp_path / "runoff.json").write_text(json.dumps(fit_run()))
    return tmp_path


@pytest.mark.long
@pytest.mark.parametrize("page", TABLES)
def test_reference_tables_are_what_the_code_says(page):
    """Each table of a Reference page is what is made of the code now; `tox -e figures` makes it anew."""
    name, make = TABLES[page]
    assert block_of((ROOT / page).read_text(encoding="utf-8"), name) == make()


def test_every_option_has_its_meaning():
    """Each option of the suite says in its help what it is."""
    assert len(declared_options()) > 30
    assert all(action.help for action in declared_options())


def test_every_stored_field_has_its_meaning_and_every_number_its_unit():
    """Each field of each record that a run stores has a docstring, which names the unit where it is a number."""
    records = records_under({place: kind for _, found in PARTS.values() for place, kind in found.items()}, ())
    fields = {(kind.__name__, field.name): field for kind in records for field in fields_of(kind)}
    assert len(records) > 60
    assert {key for key, field in fields.items() if not field.meaning} == set()
    numbers = {key for key, field in fields.items() if "number" in type_words(field.type).partition(", by")[0]}
    assert {key for key in numbers if not fields[key].unit} == set()
    assert fields["Footprint", "own_bytes"].unit == "bytes"
    assert records[type(parse_run(fit_run()).info)] == "machine_info.runoff"


def test_every_error_has_its_meaning_and_its_remedy():
    """Each named error, wherever it is defined, says what it means and what to do, and has its exit code."""
    errors = {error.name: error for error in named_errors()}
    assert {"UsageError", "NoTwin", "StoredRunBroken", "Refusal"} <= set(errors)
    assert {name for name, error in errors.items() if not error.meaning or not error.remedy} == set()
    assert errors["UnknownModel"].code == Exit.USAGE
    assert errors["NoTwin"].code == Exit.NO_BASELINE


def test_figures_are_those_of_the_named_run():
    """All figures of a race, in README and docs/, are those of the one run that is stored with them."""
    run = read_run(ROOT / RUN)
    require_fit(run)
    assert blocks_under(ROOT) == blocks_of(run)


def blocks_of(run):
    """Return what the blocks of all pages hold for a run, by page and name."""
    return {(page, name): make(run).strip() for page, blocks in FIGURES.items() for name, make in blocks.items()}


def blocks_under(root):
    """Return what the blocks of the pages in a folder hold, by page and name."""
    return {
        (page, name): block_of((root / page).read_text(encoding="utf-8"), name)
        for page, blocks in FIGURES.items()
        for name in blocks
    }


def figures_in(text, settings=()):
    """Return what looks like a measured figure in a page, outside of what is made, of code, links and settings."""
    prose = LINKED.sub("", FENCED.sub("", without_blocks(text)))
    for setting in settings:
        assert prose.count(setting) == 1, setting
        prose = prose.replace(setting, "")
    return FIGURE.findall(prose)


def test_a_measured_figure_is_in_a_block_alone():
    """Outside of what is made, no page has a time, a size, a ratio or an interval that a run measured."""
    pages = [ROOT / "README.md", *(page for page in (ROOT / "docs").glob("*.md") if page.name not in MADE_WHOLE)]
    assert len(pages) > 30
    found = {page.name: figures_in(page.read_text(encoding="utf-8"), SETTINGS.get(page.name, ())) for page in pages}
    assert {name: figures for name, figures in found.items() if figures} == {}
    assert len(figures_in("0.684, 17.1 ms, 3 MB, 1.40×, 4 \\[3, 5\\]\n<!-- made: x -->\n7 ms\n<!-- made: end -->")) == 5


@pytest.mark.long
def test_one_command_renews_all_figures(copied):
    """A given run becomes the stored one, and README shows its table, revision, machine, date and picture."""
    renew(copied, copied / "runoff.json")
    assert blocks_under(copied) == blocks_of(parse_run(fit_run()))
    assert all("revision `abc123`" in made for (_, name), made in blocks_under(copied).items() if name != "picture")
    text = (copied / "README.md").read_text()
    made = block_of(text, "answer")
    assert "2 January 2026" in made
    assert "Example CPU, 2 threads" in made
    assert "| onnxruntime | 17.1 |" in made
    assert "openvino-int8" not in text
    assert (copied / PICTURE).read_text().startswith("<svg")
    assert read_run(copied / RUN).info.seed == 7
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}
    renew(copied)
    assert {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("part", "change", "said"),
    [
        ("commit_info", {"dirty": True}, "a tree with changes"),
        ("runoff", {"launches": 1}, "5 launches or more, found 1"),
        ("control", {"value": 1.3, "low": 1.29, "high": 1.31}, "does not let this run be believed"),
    ],
)
def test_an_unfit_run_is_refused(copied, part, change, said):
    """A run with changes, of few launches, or with a bad control is refused, and nothing is written."""
    stored = fit_run()
    about = stored["machine_info"]["runoff"]
    {"commit_info": stored["commit_info"], "runoff": about, "control": about["control"]}[part].update(change)
    with pytest.raises(RunUnfit, match=said):
        require_fit(parse_run(stored))
    (copied / "runoff.json").write_text(json.dumps(stored))
    before = (copied / "README.md").read_bytes()
    with pytest.raises(RunUnfit):
        renew(copied, copied / "runoff.json")
    assert (copied / "README.md").read_bytes() == before
    assert not (copied / RUN).exists()


def test_a_page_without_the_block_is_refused():
    """A page that lost its block's comments is named with what to put back."""
    with pytest.raises(BlockMissing, match="made: answer"):
        replace_block("# Runoff\n", "answer", "| a |")


def test_the_live_table_in_the_docs_is_the_one_that_is_drawn():
    """The stored picture has the words of what is drawn of imagined figures now, and loads nothing."""
    stored = (ROOT / LIVE).read_text(encoding="utf-8")
    assert words_of(stored) == words_of(live_picture())
    assert "http" not in stored.replace("http://www.w3.org/2000/svg", "")
    assert len(stored) < 10_000


def words_of(picture):
    """Return the texts of an SVG file."""
    return re.findall(r">([^<>\n]+)</text>", picture)
