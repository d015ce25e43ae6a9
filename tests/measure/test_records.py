"""What a launch of the race is asked and becomes: figures of imagined workers, which are known."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count

import pytest

from runoff.errors import WorkerCrashed
from runoff.measure import launches
from runoff.measure.entrant import INFERENCE_TIMEOUT
from runoff.measure.race import run_race
from tests.builders.workers import Clock, start_of


@pytest.fixture
def answering(workshop):
    """Let workers take 10, 20, 30 ms and so on for their inferences, with 1, 5, 3, 5, 3 ... threads kept busy."""
    inferences = {}

    def answer(entrant, message):
        if message["do"] == "report":
            return {"peak": 900, "anonymous": 400, "involuntary_switches": 6}
        number = next(inferences.setdefault(entrant.key, count(1)))
        nanoseconds = number * 10_000_000
        busy = 1 if number == 1 else 5 - 2 * (number % 2)
        return {"nanoseconds": nanoseconds, "cpu_nanoseconds": busy * nanoseconds}

    workshop.answer = answer
    return workshop


def test_a_launchs_record_has_all_that_its_worker_reported(make_setup, make_entrant, answering):
    """Rounds are in seconds and in order, the busy threads are their median, and peaks end with the last one."""
    measured = run_race(make_setup(make_entrant(), launches=1), 3)
    (record,) = measured.records["fake"]
    assert record.rounds == pytest.approx((0.01, 0.02, 0.03))
    assert record.busy_threads == 3
    assert record.durations == pytest.approx(
        {"interpreter": 0.001, "import": 0.02, "load": 0.3, "first inference": 0.000005}
    )
    assert record.cold_start == pytest.approx(0.321005)
    assert dict(record.peaks) == {
        "interpreter": 10,
        "import": 20,
        "load": 30,
        "first inference": 40,
        "steady inference": 900,
    }
    assert (record.peak, record.anonymous, record.involuntary_switches) == (900, 400, 6)
    assert record.high_priority is True
    assert answering.processes[-1].timeouts[1:] == [INFERENCE_TIMEOUT] * 4


def test_a_record_says_whether_its_worker_was_put_before_others(make_setup, make_entrant, answering):
    """Where workers have no high priority, records say so."""
    setup = make_setup(make_entrant(), launches=1)
    setup.workers.high_priority = False
    (record,) = run_race(setup, 1).records["fake"]
    assert record.high_priority is False


def test_everyone_is_started_once_before_what_is_timed(make_setup, make_entrant, answering):
    """The start that brings files into the page cache overlaps with others, those that are timed don't."""
    setup = make_setup(*(make_entrant(key=key) for key in "abc"), launches=2, seed=3)
    run_race(setup, 1)
    assert setup.progress.parts == ["starting each once", "racing"]
    assert setup.progress.steps == setup.progress.promised == 3 + 2 * (3 + 1)
    begun = [event for _, event in answering.events if event in ("start", "suspend")]
    assert begun[:2] == ["start", "start"]
    timed = answering.events[next(place for place, (_, event) in enumerate(answering.events) if event == "end") :]
    starts = [place for place, (_, event) in enumerate(timed) if event == "start"]
    assert [timed[place + 1][1] for place in starts] == ["suspend"] * 6
    assert [picture for _, picture in answering.pictures] == [0] * 6 + [1] * 3
    assert answering.order("start").count("a") == answering.order("end").count("a") == 3


def test_a_race_has_the_orders_of_its_seed(make_setup, make_entrant, answering):
    """Starts and rounds come in the same order for a seed, and in another for another."""

    def happened(seed):
        answering.events.clear()
        run_race(make_setup(*(make_entrant(key=key) for key in "abcd"), launches=3, seed=seed), 3)
        return list(answering.events)

    assert happened(1) == happened(1) != happened(2)


def test_who_fails_at_the_start_before_the_race_takes_no_part(make_setup, make_entrant, answering):
    """A contender whose first start goes wrong is out before anything is timed, though another might go well."""
    tried = []

    def start(entrant, picture):
        tried.append(entrant.key)
        if entrant.key == "a" and tried.count("a") == 1:
            raise WorkerCrashed("at once")
        return start_of(entrant, picture)

    answering.start = start
    measured = run_race(make_setup(make_entrant(key="a"), make_entrant(key="b")), 1)
    assert str(measured.failures["a"]) == "at once"
    assert (measured.records["a"], len(measured.records["b"])) == ((), 2)
    assert [key for key, _ in answering.pictures].count("a") == 0


def test_a_race_of_workers_that_live_begins_with_its_launches(make_setup, make_entrant, answering):
    """Where every entrant's worker was kept, none is started once before; a race can have another name."""
    setup = make_setup(make_entrant(), launches=1)
    ended = []
    kept = ExitStack()
    kept.callback(ended.append, "kept")
    setup.workers.keep("fake", kept)
    run_race(setup, 1, name="further rounds")
    assert setup.progress.parts == ["further rounds"]
    assert (ended, answering.order("start")) == (["kept"], ["fake"])


def test_a_race_ends_at_a_look_that_finds_enough(make_setup, make_entrant, answering):
    """What is enough is asked after each look's launches, and without being told, the first look is."""
    entrants = [make_entrant()]
    for enough, expected in ((None, 1), (lambda race: len(race.records["fake"]) > 1, 3), (lambda race: False, 4)):
        settings = [] if enough is None else [enough]
        assert len(run_race(make_setup(*entrants, looks=(1, 3, 4)), 1, *settings).records["fake"]) == expected


def test_a_race_stops_in_time(make_setup, make_entrant, answering, monkeypatch):
    """The setup's deadline holds for the race."""
    clock = Clock()
    monkeypatch.setattr(launches, "time", clock)
    answering.start = lambda entrant, picture: setattr(clock, "now", clock.now + 10**9) or start_of(entrant, picture)
    measured = run_race(make_setup(make_entrant(), launches=9, deadline=3.5), 1)
    assert (len(measured.records["fake"]), measured.out_of_time) == (2, True)
