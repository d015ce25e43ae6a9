"""Launches of imagined workers: what they yield, what ends them, and when no launch begins any more."""

from __future__ import annotations

import dataclasses
import errno
import math
from collections import namedtuple

import psutil
import pytest

from runoff.errors import WorkerCrashed
from runoff.measure import launches
from runoff.measure.launches import deadline_after, ended_by, run_exercise, run_launches
from tests.builders.workers import Clock

SECOND = 1_000_000_000


@dataclasses.dataclass(frozen=True)
class Noted:
    """An imagined launch's record."""

    launch: int


@pytest.fixture
def clock(monkeypatch):
    """Let launches read an imagined clock."""
    imagined = Clock()
    monkeypatch.setattr(launches, "time", imagined)
    return imagined


def taking(clock, *seconds):
    """Perform launches that take so many seconds, in which every entrant that is in finishes."""
    lengths = iter(seconds)

    def perform(launch, entrants):
        clock.now += round(next(lengths) * SECOND)
        return {entrant.key: Noted(launch) for entrant in entrants}, {}

    return perform


@pytest.mark.parametrize(
    ("seconds", "deadline", "begun"),
    [
        ((3, 5, 1, 1), 12, 2),  # 8 s are over, and another of 5 s would not end in time
        ((5, 1, 1, 1), 10, 2),  # 6 s are over, and the next may take 5 s as the first did
        ((2, 2, 2, 2), 6, 3),  # one that ends at the very moment is in time
        ((0.5, 0.5, 0.5, 0.5), 1.25, 2),  # short ones are no longer than they were
        ((9, 1, 1, 1), 1, 1),  # the first always begins
        ((1, 1, 1, 1), -1, 1),  # also where the time was over before
    ],
)
def test_no_launch_begins_that_the_longest_so_far_says_would_end_too_late(
    make_setup, make_entrant, clock, seconds, deadline, begun
):
    """A launch but the first begins where one as long as the longest so far would end before the deadline."""
    setup = make_setup(make_entrant(), launches=4, deadline=deadline)
    measured = run_launches(setup, taking(clock, *seconds), name="", steps=1)
    assert len(measured.records["fake"]) == begun
    assert measured.out_of_time


def test_launches_that_are_all_done_are_not_out_of_time(make_setup, make_entrant, clock):
    """Where the last launch ends after the deadline, nothing was left out."""
    measured = run_launches(make_setup(make_entrant(), launches=2, deadline=4), taking(clock, 2, 9), name="", steps=1)
    assert (len(measured.records["fake"]), measured.out_of_time) == (2, False)


def test_without_seconds_there_is_no_deadline(clock):
    """A number of seconds is counted from now, and none means that there is no end."""
    clock.now = 7 * SECOND
    assert deadline_after(2.5) == 9.5
    assert deadline_after(None) == math.inf


def test_time_that_is_over_ends_all_looks(make_setup, make_entrant, clock):
    """At the deadline no further look is on the way, and nobody is asked whether it was enough."""
    asked = []
    setup = make_setup(make_entrant(), looks=(1, 3, 5), deadline=5)
    measured = run_launches(
        setup, taking(clock, 3, 3, 3), name="racing", steps=2, enough=lambda so_far: asked.append(so_far.look)
    )
    assert (measured.look, measured.out_of_time, asked) == (1, True, [0])
    assert setup.progress.parts == ["racing", "racing, look 2"]
    assert setup.progress.promised == 2 + 2 * 2


def test_launches_end_where_it_is_enough_by_default_at_the_first_look(make_setup, make_entrant, clock):
    """Who does not say what is enough has the launches of the first look."""
    measured = run_launches(make_setup(make_entrant(), looks=(2, 4)), taking(clock, 1, 1, 1, 1), name="", steps=1)
    assert [record.launch for record in measured.records["fake"]] == [0, 1]
    assert measured.unwritten is None


def test_what_fails_is_out_of_the_next_launches(make_setup, make_entrant, clock):
    """Who failed before takes part in none, who fails in one takes part in no further one, and records stay."""
    before, late = WorkerCrashed("before"), WorkerCrashed("late")
    seen = []

    def perform(launch, entrants):
        seen.append([entrant.key for entrant in entrants])
        finished = {entrant.key: Noted(launch) for entrant in entrants}
        return finished, {"b": late} if launch == 1 else {}

    setup = make_setup(*(make_entrant(key=key) for key in "abc"), launches=3)
    failed = {"a": before}
    measured = run_launches(setup, perform, name="", steps=1, failed=failed)
    assert seen == [["b", "c"], ["b", "c"], ["c"]]
    assert measured.failures == {"a": before, "b": late}
    assert {key: len(records) for key, records in measured.records.items()} == {"a": 0, "b": 2, "c": 3}
    assert failed == {"a": before}


def test_every_launch_notes_the_clock_of_the_cpus_and_all_of_them_the_stolen_time(
    make_setup, make_entrant, clock, monkeypatch
):
    """There is one frequency a launch, and the share of stolen time is that between the first and the end."""
    times = namedtuple("times", "user system idle nice iowait irq softirq steal")
    moments = iter([times(0, 0, 0, 0, 0, 0, 0, 0), times(2, 0, 5, 0, 0, 0, 0, 1), times(50, 0, 30, 0, 0, 0, 0, 20)])
    monkeypatch.setattr(psutil, "cpu_times", lambda: next(moments))
    frequencies = iter([2000.0, None])
    monkeypatch.setattr(launches, "read_frequency", lambda: next(frequencies))
    shares = []
    measured = run_launches(
        make_setup(make_entrant()),
        taking(clock, 1, 1),
        name="",
        steps=1,
        enough=lambda so_far: shares.append(so_far.stolen),
    )
    assert measured.frequencies == (2000.0, None)
    assert (shares, measured.stolen) == ([0.125], 0.2)


def test_a_journal_that_can_be_written_again_has_still_lost_launches(make_setup, make_entrant, clock, monkeypatch):
    """That a launch could not be written down is said in the end, whatever became of those after it."""
    problems = iter(["disk full", None])
    written = []

    def write(journal, launch, records, readings, beside):
        written.append((journal, launch, records, readings))
        return next(problems)

    monkeypatch.setattr(launches, "write_launch", write)
    setup = make_setup(make_entrant())
    measured = run_launches(setup, taking(clock, 1, 1), name="", steps=1)
    assert measured.unwritten == "disk full"
    assert written == [(setup.journal, launch, {"fake": Noted(launch)}, ()) for launch in (0, 1)]


def test_an_exercise_has_fresh_workers_in_every_launch(make_setup, entrants, workshop):
    """Each launch starts everyone anew in another order of the seed, and in the end none is alive."""
    setup = make_setup(*entrants, launches=3)
    seen = []

    def exercise(rotation, launch):
        seen.append(launch)
        rotation.tick()
        return dict.fromkeys(rotation.running, Noted(launch))

    measured = run_exercise(setup, exercise, name="an exercise", steps=1)
    assert seen == [0, 1, 2]
    assert all(list(measured.records[key]) == [Noted(0), Noted(1), Noted(2)] for key in "abcd")
    assert len(workshop.order("start")) == len(workshop.order("end")) == 12
    assert [event for _, event in workshop.events[:3]] == ["start", "start", "suspend"]  # as many as there are threads
    assert setup.progress.parts == ["an exercise"]
    assert setup.progress.steps == setup.progress.promised == 3 * (4 + 1)
    first = list(workshop.order("start"))
    workshop.events.clear()
    run_exercise(setup, exercise, name="an exercise", steps=1)
    assert workshop.order("start") == first


def test_a_launch_of_nobody_is_a_launch(make_setup, workshop):
    """Where no contender is in, launches pass without a record."""
    measured = run_exercise(make_setup(), lambda rotation, launch: {}, name="", steps=1)
    assert (measured.records, measured.failures, workshop.events) == ({}, {}, [])


def test_a_launch_in_which_the_machine_slept_is_void(make_setup, make_entrant, clock):
    """It is performed again, whatever failed in it; a tenth of a second is how clocks are read."""
    asleep = iter([0.0, 0.05, 0.05, 3600.05, 3600.05, 3600.05])
    performed = []

    def perform(launch, entrants):
        performed.append(launch)
        failed = {"fake": WorkerCrashed("its answer came too late")} if len(performed) == 2 else {}
        return {entrant.key: Noted(len(performed)) for entrant in entrants}, failed

    setup = dataclasses.replace(make_setup(make_entrant(), launches=2), asleep=lambda: next(asleep))
    measured = run_launches(setup, perform, name="", steps=1)
    assert performed == [0, 1, 1]
    assert measured.sleeps == (3600.0,)
    assert [record.launch for record in measured.records["fake"]] == [1, 3]
    assert not measured.failures
    assert len(setup.journal.read_text().splitlines()) == 2


TERMINATED = KeyboardInterrupt("SIGTERM")


def interrupted_in(number, error=TERMINATED):
    """Perform launches until a signal comes in one of them, or another error is raised."""

    def perform(launch, entrants):
        if launch == number:
            raise error
        return {entrant.key: Noted(launch) for entrant in entrants}, {}

    return perform


def test_a_signal_ends_launches_and_keeps_those_that_are_over(make_setup, make_entrant, clock):
    """Nobody is asked whether it was enough, and no further look is on the way."""
    setup = make_setup(make_entrant(), looks=(4, 8))
    measured = run_launches(setup, interrupted_in(2), name="", steps=1, enough=lambda so_far: 1 / 0)
    assert measured.broken_off == "SIGTERM"
    assert [record.launch for record in measured.records["fake"]] == [0, 1]
    assert (measured.look, measured.out_of_time) == (0, False)


def test_a_signal_in_the_first_launch_leaves_nothing_to_judge(make_setup, make_entrant, clock):
    """It is raised."""
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        run_launches(make_setup(make_entrant()), interrupted_in(0), name="", steps=1)


def test_an_error_of_nobody_ends_launches_and_keeps_those_that_are_over(make_setup, make_entrant, clock):
    """A full disk, or a defect, costs the launch that is under way and is named; in the first launch it is raised."""
    full = OSError(errno.ENOSPC, "No space left on device")
    measured = run_launches(make_setup(make_entrant(), launches=4), interrupted_in(2, full), name="", steps=1)
    assert measured.broken_off == "OSError: [Errno 28] No space left on device"
    assert measured.crash is full
    assert [record.launch for record in measured.records["fake"]] == [0, 1]
    with pytest.raises(OSError, match="No space left"):
        run_launches(make_setup(make_entrant()), interrupted_in(0, full), name="", steps=1)


def test_what_ended_launches_has_a_name():
    """A signal is named by what it carries, or is an interrupt; an error is its first line; nothing has none."""
    assert ended_by(None) is None
    assert ended_by(KeyboardInterrupt()) == "SIGINT"
    assert ended_by(KeyboardInterrupt("SIGTERM")) == "SIGTERM"
    assert ended_by(OSError("the disk is full\nand more")) == "OSError: the disk is full"
