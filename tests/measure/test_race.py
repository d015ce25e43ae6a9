"""The race: interleaved in random order by a seed, and one that fails costs itself alone."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from contextlib import ExitStack

import psutil
import pytest

from runoff.errors import ThreadsNotHeld, WorkerCrashed, WorkerKilled, WorkerTimedOut
from runoff.measure import launch
from runoff.measure.launch import Timeouts, started_worker
from runoff.measure.race import Journal, Race, Schedule, run_race
from tests.conftest import Counted
from tests.fakes.fake import MEBIBYTE, true_logits


@pytest.fixture
def race(images, picture, tmp_path):
    """Run a race of fakes."""

    def run(
        entrants,
        launches=2,
        rounds=4,
        seed=1,
        progress=None,
        timeouts=None,
        looks=None,
        most_seconds=None,
        enough=None,
        predecessors=None,
    ) -> Race:
        return run_race(
            entrants,
            Schedule(looks or (launches,), rounds, seed, most_seconds),
            images=picture.images,
            predictions={entrant.key: true_logits(images) for entrant in entrants},
            logs=tmp_path / "logs",
            journal=Journal(tmp_path / "journal.jsonl"),
            progress=progress or Counted(),
            timeouts=timeouts or Timeouts(),
            enough=enough or (lambda race: False),
            predecessors=predecessors,
        )

    return run


def test_every_entrant_gets_every_launch_and_round(make_entrant, race, tmp_path):
    """K launches of R rounds give every entrant K records of R values, and the journal holds them as they came."""
    progress = Counted()
    finished = race([make_entrant(), make_entrant(key="control")], launches=3, rounds=4, progress=progress)
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


def test_rounds_are_interleaved_in_a_random_order_of_the_seed(make_entrant, race, monkeypatch):
    """Within a round every entrant runs once, rounds differ in order, and a seed gives the same orders again."""
    order: list[str] = []
    measure = launch.time_one

    def watched(lane, timeouts):
        order.append(lane.entrant.key)
        measure(lane, timeouts)

    monkeypatch.setattr(launch, "time_one", watched)
    entrants = [make_entrant(key=key) for key in ("a", "b", "c")]

    def orders(seed: int) -> list[tuple[str, ...]]:
        order.clear()
        race(entrants, launches=1, rounds=12, seed=seed)
        return [tuple(order[start : start + 3]) for start in range(0, 36, 3)]

    first, again, other = orders(1), orders(1), orders(2)
    assert all(Counter(round_) == Counter("abc") for round_ in first)
    assert len(set(first)) > 2
    assert first == again
    assert first != other


def test_a_worker_ends_when_its_successor_starts(make_entrant, race, monkeypatch):
    """Every launch has fresh processes, one an entrant is alive at a time, and none when the race is over."""
    pids: list[int] = []
    alive: list[int] = []
    starting = launch.start_request

    def watched(entrant, process, first):
        pids.append(process.popen.pid)
        alive.append(sum(psutil.pid_exists(pid) for pid in pids))
        return starting(entrant, process, first)

    monkeypatch.setattr(launch, "start_request", watched)
    race([make_entrant(key=key) for key in ("a", "b")], launches=3, rounds=1)
    assert len(set(pids)) == 2 * (1 + 3)
    assert max(alive) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_predecessor_stands_for_the_start_that_is_not_measured(make_entrant, race, picture, tmp_path):
    """An entrant whose suspended worker is handed over is not started once before; it ends as the race goes on."""
    held = {"a": ExitStack(), "b": ExitStack()}
    processes = []
    for key, stack in held.items():
        worker = started_worker(make_entrant(key=key), picture, tmp_path / f"{key}.log", Timeouts())
        process, _ = stack.enter_context(worker)
        process.suspend()
        processes.append(process)
    progress = Counted()
    entrants = [make_entrant(key=key) for key in ("a", "b", "control")]
    finished = race(entrants, launches=2, rounds=3, progress=progress, predecessors=held)
    assert [len(finished.records[key]) for key in ("a", "b", "control")] == [2, 2, 2]
    assert progress.steps == progress.promised == 1 + 2 * (3 + 3)
    assert held == {}
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


def test_a_hang_costs_its_contender_alone(make_entrant, race):
    """A contender that hangs is ended at its time-out, and the others are measured to the end."""
    finished = race([make_entrant(), make_entrant("hangs")], timeouts=Timeouts(start=1.5))
    assert isinstance(finished.failures["fake-hangs"], WorkerTimedOut)
    assert len(finished.records["fake"]) == 2


def test_another_first_output_than_checked_is_out(make_entrant, race):
    """A session whose first output names another class than the checked one is not timed."""
    finished = race([make_entrant(), make_entrant("wrong")])
    assert "does not give the same answer twice" in str(finished.failures["fake-wrong"])


def test_only_one_worker_runs_at_a_time(make_entrant, race, monkeypatch):
    """While one entrant is timed, every other worker is suspended."""
    seen: list[list[str]] = []
    workers: dict[str, int] = {}
    measure, starting = launch.time_one, launch.start_request

    def remember(entrant, process, first):
        workers[entrant.key] = process.popen.pid
        return starting(entrant, process, first)

    def watched(lane, timeouts):
        seen.append([psutil.Process(pid).status() for key, pid in workers.items() if key != lane.entrant.key])
        measure(lane, timeouts)

    monkeypatch.setattr(launch, "start_request", remember)
    monkeypatch.setattr(launch, "time_one", watched)
    race([make_entrant(key=key) for key in ("a", "b", "c")], launches=1, rounds=3)
    assert len(seen) == 9
    assert {status for others in seen for status in others} == {psutil.STATUS_STOPPED}


def test_a_full_disk_costs_the_journal_alone(make_entrant, race, monkeypatch):
    """Where the journal can't be written, the race goes on and the journal says so."""
    journal = Journal(type(make_entrant().artifact)("/dev/full"))
    journal.write(0, {})
    assert "No space left" in journal.problem


def test_a_race_ends_at_the_first_look_that_finds_enough(make_entrant, race):
    """Looks come after their launches, see all that was measured so far, and the first that is satisfied ends it."""
    seen: list[tuple[int, int]] = []

    def enough(so_far: Race) -> bool:
        seen.append((so_far.look, len(so_far.records["fake"])))
        return len(seen) == 2

    progress = Counted()
    finished = race([make_entrant()], rounds=1, looks=(1, 3, 6), enough=enough, progress=progress)
    assert seen == [(0, 1), (1, 3)]
    assert (finished.look, len(finished.records["fake"]), finished.out_of_time) == (1, 3, False)
    assert progress.steps == progress.promised


def test_the_last_look_ends_a_race_that_never_had_enough(make_entrant, race):
    """Where no look is satisfied, the race ends with the launches of the last."""
    finished = race([make_entrant()], rounds=1, looks=(1, 2, 3))
    assert (finished.look, len(finished.records["fake"])) == (2, 3)


def test_a_race_out_of_time_keeps_what_it_measured(make_entrant, race):
    """No launch but the first begins that would not end in time, and the look that was next is the one that counts."""
    finished = race([make_entrant()], rounds=1, looks=(2, 50), most_seconds=1e-6)
    assert finished.out_of_time
    assert (finished.look, len(finished.records["fake"])) == (0, 1)
