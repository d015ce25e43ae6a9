"""A run interrupted at one moment after another: what is stored, what is said, and what ``--resume`` makes of it.

``python -m tests.suite.test_interrupted`` prints the table of docs/hostile.md.
"""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.full

ASKED = ("--contenders", "fake", "--launches", "6", "--rounds", "2", "-p", "breaks")
RACED = ("-k", "inference")
SERVED = ("-m", "", "-k", "inference or (test_throughput and not parallel and not stream and not server)")
KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Moment:
    """An interruption: when and how, the exit code, what is said of it, and the launches that are stored.

    ``resumed`` says what ``--resume`` does with it, and ``says`` is what that says.
    """

    name: str
    way: str
    code: int
    said: str
    stored: int | None
    resumed: str
    says: str
    asked: tuple[str, ...] = RACED

    @property
    def row(self) -> str:
        """The moment's row of the table."""
        stored = "nothing" if self.stored is None else f"the {self.stored} launches that were over, as broken off"
        code = 128 - KILLED if self.code == KILLED else self.code
        return f"| {self.name} | {code} | {self.said or '–'} | {stored} | {self.resumed} |"


CONTINUES = "continues after them"
MOMENTS = (
    Moment(
        "SIGTERM, SIGHUP or Ctrl-C in the middle of the race",
        "terminated in race 2",
        2,
        "broken off by SIGTERM after 2 of 6 launches",
        2,
        CONTINUES,
        "this race was continued after 2 launches",
    ),
    Moment(
        "SIGKILL, as where memory runs out",
        "killed in race 3",
        KILLED,
        "",
        None,
        "continues after the launches in its journal, and stores them; the next run says so",
        "after 3 launches",
    ),
    Moment(
        "a full disk",
        "full in race 4",
        7,
        "broken off by OSError: [Errno 28] No space left on device after 4 of 6 launches",
        4,
        CONTINUES,
        "after 4 launches",
    ),
    Moment(
        "an unexpected error",
        "broken in race 5",
        3,
        "broken off by LookupError: no such name after 5 of 6 launches",
        5,
        CONTINUES,
        "after 5 launches",
    ),
    Moment(
        "SIGTERM, SIGHUP or Ctrl-C in a service question",
        "terminated in batches 0",
        2,
        "broken off by SIGTERM after the race was over: what was under way is left out; missing are benchmarks of "
        "throughput",
        6,
        "takes the race as it is, and asks the question",
        "after 5 launches",
        SERVED,
    ),
)
HEAD = """\
| interrupted by | code | what is said | what is stored | what `--resume` does |
| :--- | ---: | :--- | :--- | :--- |
"""


def table() -> str:
    """Return the table of all moments."""
    return HEAD + "\n".join(moment.row for moment in MOMENTS) + "\n"


@dataclass(frozen=True)
class Done:
    """A run that has ended: its code, what it printed in one line, and what it stored, if anything."""

    code: int
    printed: str
    stored: Any

    @property
    def about(self) -> Any:
        """What the stored run says of itself."""
        return self.stored["machine_info"]["runoff"]


@pytest.fixture(scope="module")
def runs(suite, tmp_path_factory):
    """Interrupt one race at every moment, each time continuing what was left; the last run is whole."""
    results = tmp_path_factory.mktemp("results")
    stored, journals = results / "runoff.json", suite.root / ".runoff" / "runs"
    before = set(journals.glob("*.json"))
    resume: tuple[str, ...] = ()
    done: list[Done] = []
    for moment in (*MOMENTS, None):
        stored.unlink(missing_ok=True)
        asked = moment.asked if moment else SERVED
        command = (*ASKED, *asked, "--results", str(results), *resume)
        ended = suite.race(*command, BREAK=moment.way if moment else "")
        kept = json.loads(stored.read_text()) if stored.exists() else None
        done.append(Done(ended.returncode, " ".join(f"{ended.stdout} {ended.stderr}".split()), kept))
        if new := {path.stem for path in set(journals.glob("*.json")) - before}:
            resume = ("--resume", max(new))
    return done


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.way)
def test_what_was_measured_is_stored_and_continued(runs, moment):
    """The code, what is said and what is stored are those of the table, and so is what the next run does with it."""
    number = MOMENTS.index(moment)
    run, after = runs[number], next(run for run in runs[number + 1 :] if run.code != KILLED)
    assert run.code == moment.code, run.printed
    assert moment.said in run.printed
    assert moment.says in after.printed
    if moment.stored is None:
        assert run.stored is None
        return
    assert run.about["launches"] == moment.stored
    assert run.about["broken_off"]["missing"] == (["throughput"] if moment.asked is SERVED else [])
    (inference,) = (each for each in run.stored["benchmarks"] if each["group"] == "inference")
    assert len(inference["stats"]["data"]) == 2 * moment.stored


def test_the_last_run_is_whole_and_says_when_it_was_continued(runs):
    """It has every launch once, in their order, with all pauses, and the question that was left out."""
    last = runs[-1]
    assert last.code == 0, last.printed
    assert last.about["broken_off"] is None
    assert [each["launches"] for each in last.about["resumed"]] == [2, 3, 4, 5]
    assert all(each["seconds"] > 0 for each in last.about["resumed"])
    assert last.about["launches"] == len(last.about["probe"]["launches"]) == 6
    assert {each["group"] for each in last.stored["benchmarks"]} == {"inference", "throughput"}
    data = [each["stats"]["data"] for run in runs if run.stored for each in run.stored["benchmarks"][:1]]
    assert all(later[: len(sooner)] == sooner for sooner, later in pairwise(data))


def test_the_table_in_the_docs_is_that_of_the_runs():
    """What the documentation says of each moment is what the tests hold."""
    assert table() in (ROOT / "docs" / "hostile.md").read_text()


if __name__ == "__main__":
    print(table())
