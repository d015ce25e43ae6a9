"""Reports say beside the control how disturbed the machine was, and nothing of it for a run that had no probe."""

from __future__ import annotations

import pytest

from runoff.judge.disturbance import LEVELS, Disturbance
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.report.write.terminal import render_table
from runoff.stored.probe import ProbedLaunch, StoredProbe
from runoff.stored.run import parse_run
from runoff.stored.schema import write_record
from tests.builders.stored_runs import about
from tests.report.test_page import Page

READ = ProbedLaunch((0, 2), (0.1, 0.6), ((0.001, 0.001),) * 2, ((0.001, 0.0012),) * 2, (0, 1), (0.0, None))
FOUND = Disturbance(LEVELS, "memory", 1.45, 0.37)
SENTENCE = (
    "Probe: the machine had two levels; 37 % of the rounds were quiet, and in the others random reads in 16 MB took "
    "1.45 times as long."
)
EXPLAINED = "At the beginning of each round, while all are suspended, a probe"


@pytest.fixture
def probed(stored):
    """Give a run with a probe."""
    about(stored)["probe"] = write_record(StoredProbe((0, 1), (READ,), FOUND, None))
    return parse_run(stored)


@pytest.mark.long
def test_every_report_says_it_after_the_control(probed):
    """Terminal, Markdown and page have the sentence, and it follows what the control showed."""
    for text in (render_table(probed), render_markdown(probed), Page(render_page(probed)).text):
        words = " ".join(text.replace("\\", "").split())
        assert SENTENCE in words
        assert words.index("Control (a second pytorch") < words.index(SENTENCE)


@pytest.mark.long
def test_the_page_explains_the_probe_of_a_run_that_had_one(stored, probed):
    """How it was measured names the probe where there was one that worked."""
    assert EXPLAINED in Page(render_page(probed)).text
    about(stored)["probe"] = write_record(StoredProbe((), (), None, "only one processor may be used here"))
    without = parse_run(stored)
    assert EXPLAINED not in Page(render_page(without)).text
    assert "Probe: there was none, since only one processor may be used here; how disturbed" in " ".join(
        render_table(without).split()
    )


@pytest.mark.long
def test_a_run_of_before_there_was_a_probe_is_read_as_before(stored):
    """A run without the field has no sentence about a probe anywhere."""
    del about(stored)["probe"]
    run = parse_run(stored)
    assert run.info.probe is None
    for text in (render_table(run), render_markdown(run), Page(render_page(run)).text):
        assert "probe" not in text.lower()
