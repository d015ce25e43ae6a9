"""The journal: a race goes on from it where all is as it was, with every launch once, and is refused elsewhere."""

from __future__ import annotations

import dataclasses
import json
import resource
import signal
from types import SimpleNamespace

import pytest

from fixtures.resuming import boot, tell_of_killed, why_not
from runoff.errors import UsageError, WorkerCrashed, WorkerFailed
from runoff.measure import journal as journals
from runoff.measure.journal import (
    Head,
    Kept,
    differences,
    find_journal,
    note_end,
    read_head,
    read_kept,
    write_head,
    write_launch,
)
from runoff.measure.launches import run_launches
from runoff.measure.race import LaunchRecord, run_race
from runoff.stored.info import Resumed

UNDER = {"start of the machine": boot(), "option --rounds": "30", "artifact of fake": "1" * 80}
HEAD = Head("/somewhere", {"seed": ("1",)}, UNDER)


@dataclasses.dataclass(frozen=True)
class Noted:
    """An imagined launch's record."""

    launch: int


def performing(ends=(), error=KeyboardInterrupt, out=()):
    """Perform launches, of which some end in an error, and after which some entrants are out."""

    def perform(launch, entrants):
        if launch in ends:
            raise error
        failed = {key: WorkerCrashed("it broke down") for key in out if launch == 1}
        return {entrant.key: Noted(launch) for entrant in entrants if entrant.key not in failed}, failed

    return perform


def gone_on(setup, kind=Noted):
    """Return a setup that continues what its journal has."""
    return dataclasses.replace(setup, kept=read_kept(setup.journal, kind))


def test_a_race_goes_on_with_every_launch_once(make_setup, make_entrant):
    """What is out stays out, launches count on, pauses are noted each once, and the journal has all of them."""
    setup = make_setup(*(make_entrant(key=key) for key in "ab"), launches=5)
    run_launches(setup, performing(ends=[2], out="b"), name="", steps=1)
    again = gone_on(setup)
    assert (again.kept.launches, again.kept.resumed) == (2, ())
    assert type(again.kept.failures["b"]) is WorkerFailed
    assert "WorkerCrashed: it broke down" in str(again.kept.failures["b"])
    measured = run_launches(again, performing(ends=[3]), name="", steps=1)
    assert [each.launches for each in measured.resumed] == [2]
    late = run_launches(dataclasses.replace(gone_on(setup), deadline=0.0), performing(), name="", steps=1)
    assert (late.out_of_time, len(late.records["a"])) == (True, 3)
    last = run_launches(gone_on(setup), performing(), name="", steps=1)
    assert [each.launches for each in last.resumed] == [2, 3]
    assert [record.launch for record in last.records["a"]] == [0, 1, 2, 3, 4]
    assert [record.launch for record in last.records["b"]] == [0]
    assert [json.loads(line)["launch"] for line in setup.journal.read_text().splitlines()] == [0, 1, 2, 3, 4]


def test_a_race_that_is_whole_is_not_performed_again(make_setup, make_entrant):
    """Nothing is begun, no pause is noted, and the look that was being reached is judged."""
    setup = make_setup(make_entrant(), looks=(1, 2, 4))
    run_launches(setup, performing(), name="", steps=1, enough=lambda so_far: so_far.look == 1)
    looks = []
    measured = run_launches(
        gone_on(setup), performing(ends=[2]), name="", steps=1, enough=lambda so_far: not looks.append(so_far.look)
    )
    assert (looks, measured.look, measured.resumed, measured.broken_off) == ([1], 1, (), None)
    assert len(measured.records["fake"]) == 2


def test_orders_are_not_those_of_the_launches_before(make_setup, make_entrant):
    """The seed gives other orders after launches than at the beginning, and the same ones again."""
    setup = make_setup(make_entrant())
    after = dataclasses.replace(setup, kept=Kept(frequencies=(None, None)))
    first, second, again = (each.random.sample(range(100), 100) for each in (setup, after, after))
    assert first != second
    assert second == again


def test_records_of_a_race_are_read_as_they_were(make_setup, make_entrant, workshop):
    """A launch's rounds, stages and memory come back from the journal as the workers gave them."""
    workshop.answer = lambda entrant, message: (
        {"nanoseconds": 1_000_000, "cpu_nanoseconds": 2_000_000}
        if message["do"] == "time"
        else {"peak": 50, "anonymous": None, "involuntary_switches": 0}
    )
    setup = make_setup(make_entrant(), launches=2)
    race = run_race(setup, 3)
    assert read_kept(setup.journal, LaunchRecord).records == race.records


@pytest.mark.parametrize(
    "end", ["", '{"launch": 2, "rec', '{"launch": 7, "records": {}}', '{"launch": "2"}', "[[[" * 9000]
)
def test_lines_that_are_not_whole_end_a_journal(make_setup, make_entrant, end):
    """What a killed process left of a line, or what is no launch, and all after it, counts as not measured."""
    setup = make_setup(make_entrant())
    run_launches(setup, performing(), name="", steps=1)
    whole = setup.journal.read_text()
    setup.journal.write_text(f"{whole}{end}\n{whole.splitlines()[0]}\n")
    assert read_kept(setup.journal, Noted).launches == 2


def test_what_is_not_as_it_was_is_named(tmp_path, make_setup, make_entrant):
    """Short values are shown, long ones only named; without launches, or what they were made under, none is gone on."""
    setup = make_setup(make_entrant())
    assert differences(HEAD, UNDER) == []
    changed = {**UNDER, "option --rounds": "12", "artifact of fake": "2" * 80, "option --precision": "2%"}
    assert differences(HEAD, changed) == [
        "option --rounds: 30 → 12",
        "artifact of fake is another one",
        "option --precision: none → 2%",
    ]
    assert differences(HEAD, {name: UNDER[name] for name in list(UNDER)[:1]}) == [
        "option --rounds: 30 → none",
        "artifact of fake is another one",
    ]
    assert differences(HEAD, {**UNDER, "artifact of fake": "2" * 60}) == ["artifact of fake is another one"]
    short = dataclasses.replace(HEAD, under={"option --x": "1" * 60})
    assert differences(short, {"option --x": "2" * 60}) == [f"option --x: {'1' * 60} → {'2' * 60}"]
    assert differences(short, {"option --x": "2" * 61}) == ["option --x is another one"]
    assert why_not(setup.journal, UNDER) == "it has not stored what it was made under"
    write_head(setup.journal, HEAD)
    assert why_not(setup.journal, UNDER) == "no launch of it was over"
    assert why_not(setup.journal, {**UNDER, "start of the machine": "x"}).startswith("start of the machine: ")
    assert boot(tmp_path / "nothing") != "the same"


def test_a_run_is_found_by_its_name_its_journal_and_what_was_stored(tmp_path):
    """Each leads to the journal; what is none is refused with the names that there are."""
    runs = tmp_path / "runs"
    journal = runs / "20260102T030405Z-seed1.jsonl"
    write_head(journal, HEAD)
    journal.touch()
    stored = tmp_path / "runoff.json"
    for given in (journal.stem, journal.name, str(journal), str(journal.with_suffix(".json"))):
        assert find_journal(given, [runs]) == journal
    for broken_off in (None, {"journals": [str(journal)]}, {"journals": ["gone.jsonl"]}):
        stored.write_text(json.dumps({"machine_info": {"runoff": {"broken_off": broken_off}}}))
        if broken_off and str(journal) in broken_off["journals"]:
            assert find_journal(str(stored), [runs]) == journal
            continue
        with pytest.raises(
            UsageError, match=r"no stored run that was broken off|the journal of \S+runoff.json is not there"
        ):
            find_journal(str(stored), [runs])
    with pytest.raises(UsageError) as refused:
        find_journal("other", [runs, tmp_path / "elsewhere"])
    there = f"{runs} or {tmp_path / 'elsewhere'}; the last ones are 20260102T030405Z-seed1"
    assert str(refused.value) == f"--resume: there is no run 'other' in {there}"
    second = runs / "20260103T030405Z-seed2.jsonl"
    second.touch()
    assert find_journal(second.stem, [runs]) == second
    with pytest.raises(UsageError, match=r"the last ones are 20260102T030405Z-seed1, 20260103T030405Z-seed2$"):
        find_journal("other", [runs])
    with pytest.raises(UsageError, match=r"; there is none$"):
        find_journal("other", [tmp_path / "elsewhere"])


def test_a_run_that_was_killed_is_told_of(make_setup, make_entrant, capsys):
    """The last race is named that has launches, no end, and the same start of the machine; no other is."""
    setup = make_setup(make_entrant())
    config = SimpleNamespace(pluginmanager=SimpleNamespace(getplugin=lambda name: None))

    def told(resumed=None):
        tell_of_killed(config, setup.journal.parent, resumed)
        return capsys.readouterr().err

    assert told() == ""
    write_head(setup.journal, HEAD)
    setup.journal.write_text('{"launch": 0, "records": {}}\n')
    assert told(setup.journal) == ""
    assert "the run journal was ended after 1 launch, and stored nothing; --resume journal continues it" in told()
    write_head(setup.journal, dataclasses.replace(HEAD, under={**UNDER, "start of the machine": "before"}))
    assert told() == ""
    write_head(setup.journal, HEAD)
    note_end(setup.journal, "SIGTERM")
    assert read_head(setup.journal).ended == "SIGTERM"
    assert told() == ""


def test_the_journal_has_a_line_for_each_launch(tmp_path):
    """Launches are added to the journal, whose folders are made where they are missing."""
    journal = tmp_path / "runs" / "deeper" / "journal.jsonl"
    for launch in (0, 1):
        assert write_launch(journal, launch, {"a": Noted(launch)}) is None
    assert [json.loads(line) for line in journal.read_text().splitlines()] == [
        {"launch": 0, "records": {"a": {"launch": 0}}},
        {"launch": 1, "records": {"a": {"launch": 1}}},
    ]
    assert write_launch(tmp_path, 0, {}) == f"{tmp_path}: Is a directory"


def test_a_journal_has_no_part_of_a_launch(tmp_path):
    """What a full disk takes the beginning of is taken back, so that every line that is there is whole."""
    journal = tmp_path / "journal.jsonl"
    assert write_launch(journal, 0, {"a": Noted(0)}) is None
    whole = journal.read_bytes()
    used = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 10, used[1]))
    try:
        problem = write_launch(journal, 1, {"a": Noted(1)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, used)
        signal.signal(signal.SIGXFSZ, handler)
    assert problem == f"{journal}: File too large"
    assert journal.read_bytes() == whole


def test_the_clock_goes_on_while_the_machine_is_suspended(monkeypatch):
    """It is that of the machine's start where the system has it, else the one that stands still meanwhile."""
    asked = []
    clocks = SimpleNamespace(
        CLOCK_BOOTTIME=7, CLOCK_MONOTONIC=1, clock_gettime=lambda clock: asked.append(clock) or 5.0
    )
    monkeypatch.setattr(journals, "time", clocks)
    assert journals.now() == 5.0
    del clocks.CLOCK_BOOTTIME
    assert journals.now() == 5.0
    assert asked == [7, 1]


def test_what_stands_beside_a_launch_can_be_gone_on_with(monkeypatch):
    """The moment, the clock, who is out by which error, and when the race was continued before."""
    monkeypatch.setattr(journals, "now", lambda: 12.5)
    beside = journals.beside_launch(2000.0, {"a": WorkerCrashed("gone")}, [Resumed(2, 1.5)])
    assert beside == {
        "moment": 12.5,
        "frequency": 2000.0,
        "failures": {"a": "WorkerCrashed: gone"},
        "resumed": [{"launches": 2, "seconds": 1.5}],
    }


def test_a_race_that_is_continued_says_after_which_launches_and_how_long_it_stood_still(monkeypatch):
    """To a tenth of a second, and never below none; without launches there is nothing to continue."""
    monkeypatch.setattr(journals, "now", lambda: 112.34)
    before = (Resumed(1, 2.0),)
    kept = Kept({}, {}, (None, None), resumed=before, moment=100.0)
    assert kept.resumed_now() == (*before, Resumed(2, 12.3))
    assert dataclasses.replace(kept, moment=200.0).resumed_now() == (*before, Resumed(2, 0.0))
    assert Kept(resumed=before).resumed_now() == before
