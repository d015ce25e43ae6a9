"""The service questions as their users ask them: ``pytest benchmarks/ -m service`` on fakes, with the real LoadGen."""

from __future__ import annotations

import json
import shutil

import pytest

from runoff.report.blocks import TERMINAL
from runoff.report.sections.contents import sections
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.report.write.terminal import render_table
from runoff.stored.run import parse_run, read_run
from runoff.stored.schema import StoredRunBroken
from tests.conftest import Suite

pytestmark = pytest.mark.full

CONTENDERS = "fake,fake-one-by-one,fake-threaded,fake-fixed-batch"
GROUPS = {"throughput", "parallel", "single-stream", "server", "end-to-end", "threads", "neighbour"}


@pytest.fixture(scope="module")
def finished(suite: Suite):
    """Ask all service questions of four fakes once."""
    shutil.rmtree(suite.root / "results", ignore_errors=True)
    short = ("--launches", "2", "--rounds", "3", "-p", "short_questions", "-p", "no_page")
    done = suite.run("-m", "service", "--contenders", CONTENDERS, *short)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def stored(suite: Suite, finished):
    """Give the run's JSON."""
    return json.loads((suite.root / "results" / "runoff.json").read_text())


def told(stored, group, contender):
    """Find what one benchmark stored beside its times."""
    (found,) = (
        one["extra_info"]
        for one in stored["benchmarks"]
        if one["group"] == group and one["extra_info"]["contender"] == contender
    )
    return found


def test_every_question_is_a_group_with_its_control(stored):
    """Each question has its own launches and its own control, and every fake an answer to it."""
    asked = stored["machine_info"]["runoff"]["service"]
    assert set(asked) == {one["group"] for one in stored["benchmarks"]} == GROUPS
    for question in asked.values():
        assert question["launches"] == 2
        assert question["control"]["reference"] == "fake"


def test_a_batch_that_is_refused_has_its_reason(stored):
    """A session made for one image alone answers for a batch of one, and says why not for more."""
    batches = told(stored, "throughput", "fake-fixed-batch")["batches"]
    assert batches["1"]["value"] > 0
    assert "expected a batch of 1" in str(batches["4"])


def test_what_batching_buys_is_seen(stored):
    """The fake that takes as long for a batch as for one image has more images a second; its opposite has not."""

    def gain(contender):
        batches = told(stored, "throughput", contender)["batches"]
        return batches["8"]["value"] / batches["1"]["value"]

    assert gain("fake") > 2 * gain("fake-one-by-one")


def test_what_a_second_thread_buys_is_seen(stored):
    """The fake that takes half as long on two threads has a greater speed-up than one that does not use them."""
    if stored["machine_info"]["runoff"]["stratum"]["threads"] < 2:
        pytest.skip("this machine allows one thread, so there is no second to buy anything")
    plain, threaded = (
        told(stored, "threads", name)["scaling"]["2"]["speedup"]["value"] for name in ("fake", "fake-threaded")
    )
    assert threaded > 1.2 * plain


def test_a_neighbour_of_a_fake_that_sleeps_costs_it_little(stored):
    """Each fake has its slow-down beside both kinds of neighbour, at work for half and for all of the time."""
    for contender in CONTENDERS.split(","):
        cost = told(stored, "neighbour", contender)["neighbour"]
        kinds = [(slowdown["kind"], slowdown["share"]) for slowdown in cost["slowdowns"]]
        assert kinds == [("memory", 0.5), ("memory", 1.0), ("compute", 0.5), ("compute", 1.0)]
        assert all(0.5 < slowdown["times"]["value"] < 2 for slowdown in cost["slowdowns"])


def test_every_question_has_a_section_everywhere(suite, stored, finished):
    """Page, Markdown and terminal show a section for each question, and none for the race that was not run."""
    run = read_run(suite.root / "results" / "runoff.json")
    shown = [section for section in sections(run, TERMINAL) if section.name in GROUPS]
    assert len(shown) == len(GROUPS)
    page, markdown, table = render_page(run), render_markdown(run), render_table(run, width=120, colour=False)
    for section in shown:
        assert section.title in page
        assert section.title in markdown
        assert section.title in table
        assert section.title in finished.stdout
    assert not run.raced


def test_a_broken_answer_is_named(stored):
    """A field that is missing is named with its path."""
    broken = json.loads(json.dumps(stored))
    one = next(one for one in broken["benchmarks"] if one["group"] == "parallel")
    del one["extra_info"]["parallel"]["gain"]
    with pytest.raises(StoredRunBroken, match=r"extra_info\.parallel\.gain: it is missing"):
        parse_run(broken)


def test_the_time_is_one_budget_of_the_race_and_all_questions(suite):
    """Where the race has taken all of --max-time, a question is not asked, and says so."""
    few = (
        "-m",
        "not conversion",
        "-k",
        "test_inference or test_throughput.py",
        "--contenders",
        "fake",
        "--rounds",
        "2",
    )
    done = suite.run(*few, "--launches", "6", "--max-time", "1ms", "-rs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed, 4 skipped" in done.stdout
    assert "the time was over before this question; give --max-time more" in " ".join(done.stdout.split())
    stored = json.loads((suite.root / "results" / "runoff.json").read_text())
    assert stored["machine_info"]["runoff"]["launches"] == 1
