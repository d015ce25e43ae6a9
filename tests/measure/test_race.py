"""The race: interleaved in random order by a seed, and one that fails costs itself alone."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import psutil
import pytest

from runoff.errors import ThreadsNotHeld, WorkerCrashed, WorkerKilled, WorkerTimedOut
from runoff.measure import entrant, rotation
from runoff.measure import race as racing
from runoff.measure.launches import deadline_after
from runoff.measure.race import Race, run_race
from tests.conftest import started_worker
from tests.fakes.fake import MEBIBYTE
from tests.waiting import hurry

pytestmark = pytest.mark.long


@pytest.fixture
def race(make_setup):
    """Run a race of fakes."""

    def run(entrants, rounds=4, enough=lambda race: False, **settings) -> Race:
        return run_race(make_setup(*entrants, **settings), rounds, enough)

    return run


@pytest.fixture
def imagined(workshop):
    """Race imagined workers, where what is seen is the race itself and no process."""
    answers = {
        "time": {"nanoseconds": 1_000_000, "cpu_nanoseconds": 1_000_000},
        "report": {"peak": 50, "anonymous": 40, "involuntary_switches": 0},
    }
    workshop.answer = lambda entrant, message: answers[message["do"]]


def test_every_entrant_gets_every_launch_and_round(make_entrant, make_setup, tmp_path):
    """K launches of R rounds give every entrant K records of R values, and the journal holds them as they came."""
    setup = make_setup(make_entrant(), make_entrant(key="control"), launches=3)
    finished, progress = run_race(setup, 4), setup.progress
    assert {key: [len(record.rounds) for record in records] for key, records in finished.records.items()} == {
        "fake": [4, 4, 4],
        "control": [4, 4, 4],
    }
    assert progress.steps == progress.promised == 2 + 3 * (2 + 4)
    assert progress.parts == ["starting each once", "racing"]
    written = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [line["launch"] for line in written] == [0, 1, 2]
    assert tuple(written[1]["records"]["fake"]["rounds"]) == finished.records["fake"][1].rounds


def test_anonymous_memory_sees_an_allocation(make_entrant, race):
    """What a launch keeps in memory beside mapped files rises by the injected 100 MiB."""
    finished = race([make_entrant(), make_entrant("hungry")], launches=3, rounds=2)
    plain, hungry = (
        statistics.median(record.anonymous for record in finished.records[key]) for key in ("fake", "fake-hungry")
    )
    assert abs((hungry - plain) / MEBIBYTE - 100) < 3


@pytest.mark.usefixtures("imagined")
def test_rounds_are_interleaved_in_a_random_order_of_the_seed(make_entrant, race, monkeypatch):
    """Within a round every entrant runs once, rounds differ in order, and a seed gives the same orders again."""
    order: list[str] = []
    measure = racing.time_one

    def watched(worker):
        order.append(worker.entrant.key)
        return measure(worker)

    monkeypatch.setattr(racing, "time_one", watched)
    entrants = [make_entrant(key=key) for key in ("a", "b", "c")]

    def orders(seed: int) -> list[tuple[str, ...]]:
        order.clear()
        race(entrants, launches=1, rounds=6, seed=seed)
        return [tuple(order[start : start + 3]) for start in range(0, 18, 3)]

    first, again, other = orders(1), orders(1), orders(2)
    assert all(Counter(round_) == Counter("abc") for round_ in first)
    assert len(set(first)) > 2
    assert first == again
    assert first != other


def test_a_worker_ends_when_its_successor_starts(make_entrant, race, monkeypatch):
    """Every launch has fresh processes, one an entrant is alive at a time, and none when the race is over."""
    pids: list[int] = []
    alive: list[int] = []
    starting = rotation.started_worker

    @contextmanager
    def watched(*arguments, **named):
        with starting(*arguments, **named) as process:
            pids.append(process.popen.pid)
            alive.append(sum(psutil.pid_exists(pid) for pid in pids))
            yield process

    monkeypatch.setattr(rotation, "started_worker", watched)
    race([make_entrant(key=key) for key in ("a", "b")], launches=3, rounds=1)
    assert len(set(pids)) == 2 * (1 + 3)
    assert max(alive) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_living_worker_stands_for_the_start_that_is_not_measured(make_entrant, make_setup, picture, tmp_path):
    """An entrant whose suspended worker is kept is not started once before; it ends as the race goes on."""
    setup = make_setup(*(make_entrant(key=key) for key in ("a", "b", "control")))
    processes = []
    for key in ("a", "b"):
        with ExitStack() as worker:
            process, _ = worker.enter_context(started_worker(make_entrant(key=key), picture, tmp_path / f"{key}.log"))
            process.suspend()
            setup.workers.keep(key, worker.pop_all())
            processes.append(process)
    finished = run_race(setup, 3)
    assert [len(finished.records[key]) for key in ("a", "b", "control")] == [2, 2, 2]
    assert setup.progress.steps == setup.progress.promised == 1 + 2 * (3 + 3)
    assert not any(key in setup.workers for key in ("a", "b", "control"))
    assert not any(psutil.pid_exists(process.popen.pid) for process in processes)


@pytest.mark.parametrize(
    ("variant", "error"),
    [("crashes", WorkerCrashed), ("killed", WorkerKilled), ("lies", ThreadsNotHeld), ("dies-late", WorkerCrashed)],
)
def test_a_failure_costs_its_contender_alone(make_entrant, race, variant, error):
    """A contender that breaks down is out with its error, and the others are measured to the end."""
    finished = race([make_entrant(), make_entrant(variant)])
    assert isinstance(finished.failures[f"fake-{variant}"], error)
    assert len(finished.records["fake"]) == 2
    assert finished.records[f"fake-{variant}"] == ()


def test_a_hang_costs_its_contender_alone(make_entrant, race, monkeypatch):
    """A contender that hangs is ended at its time-out, and the others are measured to the end."""
    hurry(monkeypatch, "fake-hangs", entrant.START_TIMEOUT)
    finished = race([make_entrant(), make_entrant("hangs")])
    assert isinstance(finished.failures["fake-hangs"], WorkerTimedOut)
    assert len(finished.records["fake"]) == 2


def test_another_first_output_than_checked_is_out(make_entrant, race):
    """A session whose first output names another class than the checked one is not timed."""
    finished = race([make_entrant(), make_entrant("wrong")])
    assert "does not give the same answer twice" in str(finished.failures["fake-wrong"])


def test_only_one_worker_runs_at_a_time(make_entrant, race, monkeypatch):
    """While one entrant is timed, every other worker is suspended."""
    seen: list[list[str]] = []
    pids: dict[str, int] = {}
    measure, starting = racing.time_one, rotation.started_worker

    @contextmanager
    def remember(entrant, *arguments, **named):
        with starting(entrant, *arguments, **named) as process:
            pids[entrant.key] = process.popen.pid
            yield process

    def watched(worker):
        seen.append([psutil.Process(pid).status() for key, pid in pids.items() if key != worker.entrant.key])
        return measure(worker)

    monkeypatch.setattr(rotation, "started_worker", remember)
    monkeypatch.setattr(racing, "time_one", watched)
    race([make_entrant(key=key) for key in ("a", "b", "c")], launches=1, rounds=3)
    assert len(seen) == 9
    assert {status for others in seen for status in others} == {psutil.STATUS_STOPPED}


@pytest.mark.usefixtures("imagined")
def test_a_full_disk_costs_the_journal_alone(make_entrant, make_setup):
    """Where the journal can't be written, the race goes on and says so."""
    setup = dataclasses.replace(make_setup(make_entrant(), launches=1), journal=Path("/dev/full"))
    finished = run_race(setup, 1)
    assert len(finished.records["fake"]) == 1
    assert finished.unwritten == "/dev/full: No space left on device"


@pytest.mark.usefixtures("imagined")
def test_a_race_ends_at_the_first_look_that_finds_enough(make_entrant, make_setup):
    """Looks come after their launches, see all that was measured so far, and the first that is satisfied ends it."""
    seen: list[tuple[int, int]] = []

    def enough(so_far: Race) -> bool:
        seen.append((so_far.look, len(so_far.records["fake"])))
        return len(seen) == 2

    setup = make_setup(make_entrant(), looks=(1, 3, 6))
    finished = run_race(setup, 1, enough)
    assert seen == [(0, 1), (1, 3)]
    assert (finished.look, len(finished.records["fake"]), finished.out_of_time) == (1, 3, False)
    assert setup.progress.steps == setup.progress.promised


@pytest.mark.usefixtures("imagined")
def test_the_last_look_ends_a_race_that_never_had_enough(make_entrant, race):
    """Where no look is satisfied, the race ends with the launches of the last."""
    finished = race([make_entrant()], rounds=1, looks=(1, 2, 3))
    assert (finished.look, len(finished.records["fake"])) == (2, 3)


@pytest.mark.usefixtures("imagined")
def test_a_race_out_of_time_keeps_what_it_measured(make_entrant, race):
    """No launch but the first begins that would not end in time, and the look that was next is the one that counts."""
    for looks, look in (((2, 50), 0), ((1, 50), 1)):
        finished = race([make_entrant()], rounds=1, looks=looks, deadline=deadline_after(1e-6))
        assert finished.out_of_time
        assert (finished.look, len(finished.records["fake"])) == (look, 1)


def test_workers_that_are_left_end_with_the_block(make_entrant, make_setup):
    """Whatever goes wrong between launches, leaving the owner's block ends every worker."""
    setup = make_setup(make_entrant(key="a"), make_entrant(key="b"))
    processes: list[int] = []

    def go_wrong() -> None:
        with setup.workers:
            rotation = setup.start(0, setup.entrants, Random(1), timed=True)
            processes.extend(worker.process.popen.pid for worker in rotation.workers.values())
            assert {psutil.Process(process).status() for process in processes} == {psutil.STATUS_STOPPED}
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        go_wrong()
    assert len(processes) == 2
    assert not any(psutil.pid_exists(process) for process in processes)
