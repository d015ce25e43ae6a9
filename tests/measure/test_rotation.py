"""Workers in turns: each in a random order, one at a time, and every one ended whatever happens to it."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from random import Random

import pytest

from runoff.errors import WorkerCrashed, WorkerTimedOut
from runoff.measure.entrant import Example
from runoff.measure.rotation import Rotation, Workers, raise_first


@pytest.fixture
def rotate(make_setup, make_entrant, workshop):
    """Start three imagined workers and give their rotation, with only what happens from then on noted."""

    def started(seed=1, keys="abc"):
        setup = make_setup(*(make_entrant(key=key) for key in keys))
        owners.enter_context(setup.workers)
        rotation = setup.start(0, setup.entrants, Random(seed), timed=True)
        workshop.events.clear()
        return rotation

    with ExitStack() as owners:
        yield started


def work(worker):
    """Do a unit of work that gives the entrant's key."""
    worker.ask({"do": "work"}, 3.0)
    return worker.entrant.key


def test_every_unit_of_work_is_done_in_another_order_of_the_seed(rotate, workshop):
    """In a unit everyone has one turn, orders differ between units, and a seed gives the same orders again."""

    def orders(seed):
        rotate(seed).take_turns([work] * 12, lambda worker, values: values)
        turns = workshop.order("work")
        return [tuple(turns[first : first + 3]) for first in range(0, 36, 3)]

    first, again, other = orders(1), orders(1), orders(2)
    assert all(Counter(order) == Counter("abc") for order in first)
    assert len(set(first)) > 2
    assert first == again
    assert first != other


def test_one_worker_runs_at_a_time_and_only_for_its_request(rotate, workshop):
    """A worker is resumed before each request and suspended after its answer, before anyone else is."""
    rotate().take_turns([work] * 4, lambda worker, values: worker.ask({"do": "report"}, 3.0))
    turns = [workshop.events[first : first + 3] for first in range(0, len(workshop.events), 3)]
    assert len(turns) == 3 * (4 + 1)
    for turn in turns:
        assert len({key for key, _ in turn}) == 1
        assert [event for _, event in turn] in (["resume", "work", "suspend"], ["resume", "report", "suspend"])


def test_an_answer_is_waited_for_as_long_as_is_asked(rotate, workshop):
    """A request's time-out reaches the worker's process, and its answer comes back."""
    workshop.answer = lambda entrant, message: {"found": message["do"]}
    (worker,) = rotate(keys="a").workers.values()
    assert worker.ask({"do": "work"}, 4.5) == {"found": "work"}
    assert worker.process.timeouts[-1] == 4.5


def test_records_are_made_of_the_values_in_their_order(rotate):
    """Each entrant's record is made of what its units gave, in the order of the units; every unit is a step."""
    rotation = rotate()
    units = [lambda worker, number=number: (worker.entrant.key, number) for number in range(3)]
    ticks = []
    rotation.tick = lambda: ticks.append(1)
    records = rotation.take_turns(units, lambda worker, values: (worker.entrant.key, values))
    assert records == {key: (key, [(key, number) for number in range(3)]) for key in "abc"}
    assert len(ticks) == 3


def test_who_fails_in_a_turn_has_no_further_one(rotate, workshop):
    """A worker that fails is ended at once and has neither turns nor a record; the others go on."""
    error = WorkerTimedOut("no answer")
    turns = []

    def fail(worker):
        turns.append(worker.entrant.key)
        if worker.entrant.key == "b":
            raise error

    rotation = rotate()
    records = rotation.take_turns([fail] * 2, lambda worker, values: len(values))
    assert Counter(turns) == {"a": 2, "b": 1, "c": 2}
    assert records == {"a": 2, "c": 2}
    assert rotation.failures == {"b": error}
    assert rotation.running == ["a", "c"]
    assert workshop.order("end") == ["b"]


def test_who_fails_at_its_record_has_none(rotate, workshop):
    """A worker that breaks when it is asked for its figures is out, and the others have theirs."""

    def record(worker, values):
        if worker.entrant.key == "c":
            raise WorkerCrashed("at the end")
        return len(values)

    rotation = rotate()
    assert rotation.take_turns([work], record) == {"a": 1, "b": 1}
    assert (rotation.running, workshop.order("end")) == (["a", "b"], ["c"])


def test_an_error_of_ours_is_nobodys_failure(rotate):
    """What is not one of Runoff's errors ends the launch instead of costing a contender."""
    rotation = rotate()
    with pytest.raises(ZeroDivisionError):
        rotation.take_turns([lambda worker: 1 // 0], lambda worker, values: values)
    assert rotation.failures == {}


def test_a_successor_starts_when_its_predecessor_has_ended(make_entrant, workshop, picture, tmp_path):
    """A key has one worker: the one that is alive is ended before the next starts, and all are at the block's end."""
    with Workers(tmp_path / "logs") as owner:
        for key in ("a", "b", "a"):
            process = owner.succeed(make_entrant(key=key), picture)
            assert process is workshop.processes[-1]
            assert key in owner
        assert workshop.events == [("a", "start"), ("b", "start"), ("a", "end"), ("a", "start")]
        owner.end("a")
        owner.end("nobody")
        assert ("a" in owner, "b" in owner) == (False, True)
    assert workshop.events[4:] == [("a", "end"), ("b", "end")]
    assert "b" not in owner


def test_a_worker_that_was_kept_ends_with_the_others(tmp_path):
    """A worker that was started elsewhere belongs to its owner from then on."""
    ended = []
    worker = ExitStack()
    worker.callback(ended.append, "a")
    with Workers(tmp_path) as owner:
        owner.keep("a", worker)
        assert "a" in owner
        assert ended == []
    assert ended == ["a"]


def test_a_block_can_be_entered_again(make_entrant, workshop, picture, tmp_path):
    """An owner whose block was left starts workers again, and ends them too."""
    owner = Workers(tmp_path)
    for _ in range(2):
        with owner as entered:
            assert entered is owner
            owner.succeed(make_entrant(key="a"), picture)
    assert workshop.events == [("a", "start"), ("a", "end")] * 2


@pytest.mark.parametrize("high_priority", [True, False])
def test_workers_have_the_owners_priority_and_logs_by_their_keys(
    make_entrant, workshop, tmp_path, picture, high_priority
):
    """What a worker prints is in a file of its key, and its priority and picture are those that were asked for."""
    with Workers(tmp_path / "logs", high_priority=high_priority) as owner:
        owner.succeed(make_entrant(key="a"), Example(picture.files, 2))
    assert workshop.logs == [tmp_path / "logs" / "a.log"]
    assert workshop.priorities == [high_priority]
    assert workshop.pictures == [("a", 2)]


def test_workers_have_a_high_priority_unless_it_is_not_wanted(tmp_path):
    """Who says nothing of the priority has workers that go before other programs."""
    assert Workers(tmp_path).high_priority


def test_the_first_failure_is_raised_where_everyone_is_needed(tmp_path):
    """Of several failures the first is raised, and of none nothing is."""
    first = WorkerCrashed("first")
    with pytest.raises(WorkerCrashed) as caught:
        raise_first({"a": first, "b": WorkerTimedOut("second")})
    assert caught.value is first
    raise_first({})


def test_a_rotation_begins_with_nobody_and_no_failure(tmp_path):
    """Who has not been started has no turn, and no other rotation's failure."""
    rotation = Rotation(Workers(tmp_path), Random(1), lambda: None)
    rotation.failures["a"] = WorkerCrashed("x")
    assert Rotation(Workers(tmp_path), Random(1), lambda: None).failures == {}
    assert rotation.take_turns([work], lambda worker, values: values) == {}
