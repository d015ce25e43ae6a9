"""Parallel sessions of imagined workers: who runs beside whom, and how many images a second that makes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from runoff.errors import WorkerCrashed, WorkerFailed
from runoff.measure.entrant import INFERENCE_TIMEOUT
from runoff.measure.launches import CONTROL
from runoff.measure.service import parallel
from runoff.measure.service.parallel import ParallelRecord, images_per_second, measure_parallel, run_together
from tests.builders.workers import Clock, start_of

MILLISECOND = 1_000_000
SECOND = 1_000_000_000


@pytest.fixture
def together(workshop, told, monkeypatch):
    """Let sessions run for an imagined while: one with a thread makes ten images a second, one with two fifteen."""
    clock = Clock(now=5 * SECOND)
    monkeypatch.setattr(parallel, "time", clock)

    def repeat(entrant, message):
        step = SECOND // (10 if entrant.threads == 1 else 15)
        return {"moments": [number * step for number in range(31)]}

    return told(repeat=repeat)


def test_sessions_of_one_thread_run_together_and_one_with_all_alone(make_setup, make_entrant, together, workshop):
    """There are as many sessions as threads; the control has no session with all of them."""
    setup = make_setup(make_entrant(), make_entrant(key=CONTROL), launches=1)
    measured = measure_parallel(setup)
    (own,), (twin,) = (measured.records[key] for key in ("fake", CONTROL))
    assert (own.sessions, own.together, own.alone) == (2, pytest.approx(20), pytest.approx(15))
    assert twin == ParallelRecord(2, pytest.approx(20), None)
    assert set(together) == {
        "fake",
        "fake-session-1",
        "fake-session-2",
        "control-session-1",
        "control-session-2",
    }
    assert {process.entrant.threads for process in workshop.processes if "session" in process.entrant.key} == {1}
    assert setup.progress.parts == ["parallel sessions"]
    assert setup.progress.steps == setup.progress.promised == 2 + 1 + 2


def test_a_contender_alone_takes_a_step_for_each_session_and_one_with_all(make_setup, make_entrant, together, workshop):
    """Progress is promised what is done, and what a contender needs starts two at once, as it has two threads."""
    setup = make_setup(make_entrant(), launches=2)
    measure_parallel(setup)
    assert setup.progress.steps == setup.progress.promised == 2 * (2 + 1)
    assert [event for _, event in workshop.events[:3]] == ["start", "start", "suspend"]


def test_a_contenders_sessions_have_ended_before_the_next_ones_start(make_setup, make_entrant, together, workshop):
    """One contender's processes are alive at a time, in an order that differs between launches and follows the seed."""

    def order(seed):
        workshop.events.clear()
        measure_parallel(make_setup(*(make_entrant(key=key) for key in "abc"), launches=4, seed=seed))
        alive, runs = set(), []
        for key, event in workshop.events:
            if event == "start":
                alive.add(key)
                assert len({each[0] for each in alive}) == 1
                runs += [key[0]] if runs[-1:] != [key[0]] else []
            if event == "end":
                alive.discard(key)
        assert not alive
        return runs, [event for event in workshop.events if event[1] == "repeat"]

    first, again, other = order(1), order(1), order(2)
    assert first == again != other
    groups = [key for key, event in first[1]]
    launches = [key for key in groups if len(key) == 1]
    assert len(launches) == 12
    assert len({tuple(launches[start : start + 3]) for start in range(0, 12, 3)}) > 1


def test_which_comes_first_of_the_sessions_and_the_one_alone_is_by_chance(make_setup, make_entrant, together, workshop):
    """Over launches, sometimes the sessions run first and sometimes the one with all threads."""
    measure_parallel(make_setup(make_entrant(), launches=8))
    runs = workshop.order("repeat")
    first = {runs[place] == "fake" for place in range(0, 24, 3)}
    assert first == {True, False}


def test_a_session_that_fails_is_its_contenders_failure(make_setup, make_entrant, together, workshop):
    """A contender of which one session can't be started is out; the others are measured, and nothing is left."""

    def start(entrant, picture):
        if entrant.key == "a-session-2":
            raise WorkerCrashed("no second one")
        return start_of(entrant, picture)

    workshop.start = start
    measured = measure_parallel(make_setup(make_entrant(key="a"), make_entrant(key="b")))
    assert str(measured.failures["a"]) == "no second one"
    assert (measured.records["a"], len(measured.records["b"])) == ((), 2)
    assert sorted(workshop.order("start")) == sorted(workshop.order("end"))


def test_sessions_are_resumed_before_any_is_told_to_run(make_entrant, workshop, picture, together):
    """All are awake, then all are told the same end, then all answers come, then all are suspended."""
    entrants = [make_entrant(key=key, threads=1) for key in "ab"]
    contexts = [workshop.started_worker(entrant, picture, Path("log")) for entrant in entrants]
    processes = [context.__enter__() for context in contexts]
    for process in processes:
        process.waiting.clear()
    workshop.events.clear()
    found = run_together([SimpleNamespace(process=process) for process in processes])
    assert [event for _, event in workshop.events] == ["resume"] * 2 + ["repeat"] * 2 + ["suspend"] * 2
    assert together["a"] == together["b"] == [{"do": "repeat", "until_ns": 5 * SECOND + 800 * MILLISECOND}]
    assert found == [[number * SECOND // 10 for number in range(31)]] * 2
    assert {tuple(process.timeouts) for process in processes} == {(parallel.SECONDS + INFERENCE_TIMEOUT,)}
    for context in contexts:
        context.__exit__(None, None, None)


def test_images_before_and_after_all_were_running_do_not_count():
    """However short inferences are: from 25 to 30 ns one session ends one, and the other half of one."""
    assert images_per_second([[0, 10, 20, 30], [0, 25, 30, 31]]) == pytest.approx(1.5 / 5e-9)


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([[0, 10, 20, 30]], 1 / 10),  # the first is the start
        ([[0, 10, 20, 30], [0, 10, 20, 30]], 2 / 10),
        ([[0, 10, 20, 30], [0, 20, 30, 40]], 2 / 10),  # from 20 to 30, one of each
        ([[0, 10, 20, 30, 40], [5, 15, 35, 55]], 2.5 / 25 + 1.25 / 25),  # from 15 to 40: 0.5 + 2, 1 + 0.25
    ],
)
def test_images_are_counted_while_all_are_running(moments, expected):
    """Inferences before all had begun or after one had stopped count by the share that lies within."""
    in_nanoseconds = [[moment * SECOND for moment in own] for own in moments]
    assert images_per_second(in_nanoseconds) == pytest.approx(expected)


@pytest.mark.parametrize("late", [20, 21])
def test_sessions_that_never_ran_together_have_no_figure(late):
    """Where the last begins when the first has stopped, or later, the error says what keeps them from it."""
    with pytest.raises(WorkerFailed) as caught:
        images_per_second([[0, 10, 20], [0, late, 40]])
    assert str(caught.value) == (
        "the sessions never ran at the same time; other programs kept them from it: stop those"
    )
