"""Progress is shown between what is timed: in which order, how often, and what it says of the time that is left."""

from __future__ import annotations

import dataclasses
import threading
from types import SimpleNamespace

import pytest

from fixtures.progress import LINE_EVERY, TABLE_EVERY, Part, Watch, told_to
from runoff.judge.standings import Rules
from runoff.measure.launches import CONTROL, Measured
from runoff.measure.race import run_race
from runoff.record.race import Judged, inferences

ROUNDS, LAUNCHES = 3, 2
DRAWN = ("driver", "drawn")


@pytest.fixture
def watch():
    """Make a watch whose moments are kept; with a clock by which a second passes each time that it is read."""

    def make(show, pause=0.0, *, at_once=True):
        run = SimpleNamespace(options=SimpleNamespace(reference="fake"), states={"fake-wrong": "wrong"})
        seconds = iter(range(10_000))

        def ratios(so_far):
            return Judged(so_far, "fake", Rules()).standings(inferences)

        return Watch(run, show, ratios, pause, at_once, clock=lambda: float(next(seconds)))

    return make


@pytest.fixture
def threads():
    """Return the threads that there are before the race."""
    return set(threading.enumerate())


@pytest.fixture
def race(threads, make_setup, make_entrant, workshop, watch):
    """Race imagined workers, shown by a watch that draws at every chance; return the moments that were drawn."""
    moments = []

    def show(moment):
        moments.append(moment)
        workshop.events.append(DRAWN)

    def answer(entrant, message):
        if message["do"] == "time":
            return {"nanoseconds": 2_000_000 if entrant.key == "slow" else 1_000_000, "cpu_nanoseconds": 2_000_000}
        return {"peak": 50, "anonymous": 40, "involuntary_switches": 0}

    workshop.answer = answer
    entrants = [make_entrant(key=key) for key in ("fake", "slow", CONTROL)]
    setup = make_setup(*entrants, launches=LAUNCHES)
    run_race(dataclasses.replace(setup, progress=told_to(watch(show))), ROUNDS)
    return moments


def test_nothing_is_drawn_while_a_worker_runs(threads, race, workshop):
    """Whenever the table is drawn, every worker of the race is suspended or has ended."""
    running, drawn, timed = set(), 0, 0
    for key, event in workshop.events[workshop.events.index(("fake", "end")) :]:  # when launches begin
        if (key, event) == DRAWN:
            assert not running
            drawn += 1
        elif event in ("start", "resume"):
            assert not running, "one runs at a time"
            running.add(key)
        elif event in ("suspend", "end"):
            running.discard(key)
        elif event == "time":
            assert running == {key}
            timed += 1
    assert timed == LAUNCHES * ROUNDS * 3
    assert drawn > LAUNCHES * ROUNDS
    assert set(threading.enumerate()) <= threads


def test_the_table_follows_the_launches(race):
    """Launches are counted when they are over, ratios come with the first, and who is not raced comes last."""
    assert [moment.over for moment in race if moment.launches] == sorted(
        moment.over for moment in race if moment.launches
    )
    last = race[-1]
    assert (last.what, last.over, last.launches, last.done) == ("racing", LAUNCHES, LAUNCHES, last.steps)
    assert last.left == 0
    assert [(each.name, each.launches) for each in last.contenders] == [
        ("fake", LAUNCHES),
        ("slow", LAUNCHES),
        (CONTROL, LAUNCHES),
        ("fake-wrong", None),
    ]
    assert last.contenders[1].ratio.value == pytest.approx(2)
    assert last.contenders[1].ratio.launches == LAUNCHES
    first = next(moment for moment in race if moment.launches)
    assert first.left is None
    assert not any(each.ratio for each in first.contenders)


@pytest.mark.parametrize(
    ("pause", "at_once", "moments"),
    [(0.0, True, [0, *range(1, 101)]), (TABLE_EVERY, True, [0, *range(1, 101)]), (LINE_EVERY, False, [30, 60, 90])],
)
def test_it_is_shown_no_sooner_than_its_pause(watch, pause, at_once, moments):
    """A table is drawn at once, and again after its pause; a line comes after half a minute, and then as often."""
    shown = []
    made = watch(lambda moment: shown.append(round(moment.seconds)), pause, at_once=at_once)
    made.begin("converting", 100)
    for _ in range(100):
        made.step()
    assert shown == moments


def test_the_time_that_is_left_is_that_of_launches():
    """Once a launch is over the rest takes as long as those did, and before that nothing is said."""

    def after(launches):
        return Measured({}, {}, None, frequencies=(None,) * launches)

    part = Part("racing", 40, begun=100.0)
    part.launched(after(0), 4, 100.0)
    part.step(108.0)
    assert part.left(108.0) is None
    part.launched(after(1), 4, 110.0)
    assert (part.done, part.left(110.0)) == (10, 30.0)
    part.step(118.0)
    assert part.left(118.0) == 22.0
    assert part.left(190.0) == 0.0
    second = Part("racing, look 2", 20, begun=0.0)
    second.launched(after(4), 6, 0.0)
    second.launched(after(5), 6, 7.0)
    assert (second.done, second.over, second.left(7.0)) == (10, 5, 7.0)


def test_the_time_that_is_left_is_that_of_steps_without_launches():
    """What has no launches takes as long for each step as for those that are done."""
    part = Part("converting", 4, begun=0.0)
    assert part.left(1.0) is None
    part.step(3.0)
    assert part.left(3.0) == 9.0
    assert part.left(5.0) == 7.0
