"""The service questions, asked of fakes whose times are known: injected delays come out as ratios inside one run."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from runoff.errors import ContractBroken, ThreadsNotHeld, WorkerCrashed
from runoff.measure.launches import CONTROL, Setup
from runoff.measure.service import batches
from runoff.measure.service.batches import SIZES, measure_batches
from runoff.measure.service.end_to_end import STAGES, measure_end_to_end
from runoff.measure.service.parallel import measure_parallel
from runoff.measure.service.threads import measure_threads
from runoff.model.sources.architecture import IMAGENET

pytestmark = pytest.mark.long


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Write three picture files of noise."""
    files = []
    for number in range(3):
        noise = np.random.RandomState(number).randint(0, 256, (300, 260, 3), dtype=np.uint8)
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(noise).save(files[-1])
    return files


@pytest.mark.usefixtures("fake_clock")
def test_a_batch_that_takes_as_long_as_one_image_has_its_throughput(make_setup, make_entrant):
    """Eight images in the time of one are eight times the images a second; eight in eight times are the same."""
    measured = measure_batches(make_setup(make_entrant(), make_entrant("one-by-one")))
    for key, expected in (("fake", 8), ("fake-one-by-one", 1)):
        gains = [record.seconds[1] / record.seconds[8] for record in measured.records[key]]
        assert gains == pytest.approx([expected] * 2, rel=1e-3), key
        assert all(set(record.seconds) == set(SIZES) and record.largest == 32 for record in measured.records[key])


def test_a_refused_batch_size_costs_that_size_alone(make_setup, make_entrant):
    """A session that takes one image at a time keeps that figure, and says why it has no others."""
    (record,) = measure_batches(make_setup(make_entrant("fixed-batch"), launches=1)).records["fake-fixed-batch"]
    assert (set(record.seconds), record.largest) == ({1}, 1)
    assert set(record.refused) == set(SIZES) - {1}
    assert record.refused[4] == "ValueError: expected a batch of 1, got 4"


def test_dying_at_a_batch_costs_its_contender_alone(make_setup, make_entrant):
    """A process that ends at a batch of four is out, with the size in its error; the others are measured to the end."""
    measured = measure_batches(make_setup(make_entrant(), make_entrant("dies-at-four")))
    error = measured.failures["fake-dies-at-four"]
    assert isinstance(error, WorkerCrashed)
    assert "at a batch of 4: " in str(error)
    assert len(measured.records["fake"]) == 2
    assert measured.records["fake-dies-at-four"] == ()


def test_a_session_that_refuses_every_size_is_broken(make_setup, make_entrant, monkeypatch):
    """Where no size is run, not even one, the contender is out: it ran single images before."""
    monkeypatch.setattr("runoff.measure.service.batches.SIZES", (2, 4))
    measured = measure_batches(make_setup(make_entrant("fixed-batch"), launches=1))
    assert isinstance(measured.failures["fake-fixed-batch"], ContractBroken)


def test_launches_are_fresh_written_down_and_counted(make_setup, make_entrant, tmp_path, monkeypatch):
    """Every launch has new processes, is in the journal when it ends, and leaves none; progress keeps its promise."""
    seen: list[int] = []
    starting = Setup.start

    def watched(*arguments, **named):
        rotation = starting(*arguments, **named)
        seen.extend(worker.process.popen.pid for worker in rotation.workers.values())
        return rotation

    monkeypatch.setattr(Setup, "start", watched)
    setup = make_setup(make_entrant(), make_entrant(key=CONTROL), launches=3)
    measured = measure_batches(setup)
    assert len(set(seen)) == 6
    assert not any(psutil.pid_exists(process) for process in seen)
    written = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [line["launch"] for line in written] == [0, 1, 2]
    assert written[2]["records"]["fake"]["seconds"]["8"] == measured.records["fake"][2].seconds[8]
    assert setup.progress.steps == setup.progress.promised == 3 * (2 + len(SIZES))


def test_one_works_while_the_others_are_suspended(make_setup, make_entrant, monkeypatch):
    """At every batch size each entrant has a turn, in orders of the seed, and all others are stopped meanwhile."""
    turns: list[str] = []
    states: set[str] = set()
    processes: dict[str, int] = {}
    starting, timing = Setup.start, batches.time_batches

    def started(*arguments, **named):
        rotation = starting(*arguments, **named)
        processes.update({key: worker.process.popen.pid for key, worker in rotation.workers.items()})
        return rotation

    def watched(worker, **named):
        turns.append(worker.entrant.key)
        others = (process for key, process in processes.items() if key != worker.entrant.key)
        states.update(psutil.Process(process).status() for process in others)
        return timing(worker, **named)

    def order(seed: int) -> list[tuple[str, ...]]:
        turns.clear()
        measure_batches(make_setup(*(make_entrant(key=key) for key in "abc"), launches=1, seed=seed))
        return [tuple(turns[place : place + 3]) for place in range(0, 3 * len(SIZES), 3)]

    monkeypatch.setattr(Setup, "start", started)
    monkeypatch.setattr(batches, "time_batches", watched)
    first, again, other = order(1), order(1), order(2)
    assert all(sorted(turn) == ["a", "b", "c"] for turn in first)
    assert first == again != other
    assert states == {psutil.STATUS_STOPPED}


def test_another_first_output_than_checked_is_out_of_every_question(make_setup, make_entrant):
    """A session whose first output names another class than it was checked with is not measured."""
    measured = measure_batches(make_setup(make_entrant(), make_entrant("wrong"), launches=1))
    assert "does not give the same answer twice" in str(measured.failures["fake-wrong"])
    assert len(measured.records["fake"]) == 1


@pytest.mark.full
@pytest.mark.usefixtures("fake_clock")
def test_sessions_that_do_not_hinder_each_other_give_as_many_times_the_images(make_setup, make_entrant):
    """Two sleeping sessions answer twice what one does; where two threads double one session, they gain nothing."""
    control = dataclasses.replace(make_entrant(), key=CONTROL)
    setup = make_setup(make_entrant(), make_entrant("threaded"), control)
    measured = measure_parallel(setup)
    for key, gain in (("fake", 2), ("fake-threaded", 1)):
        found = [record.together / record.alone for record in measured.records[key]]
        assert found == pytest.approx([gain] * 2, rel=0.01), key
        assert {record.sessions for record in measured.records[key]} == {2}
    ratios = [
        twin.together / own.together for twin, own in zip(*map(measured.records.get, (CONTROL, "fake")), strict=True)
    ]
    assert ratios == pytest.approx([1] * 2, rel=0.01)
    assert {record.alone for record in measured.records[CONTROL]} == {None}
    assert setup.progress.steps == setup.progress.promised


def test_a_session_that_fails_costs_its_contender_alone(make_setup, make_entrant):
    """A contender whose single-threaded session lies about its threads is out, with that error; the others are not."""
    measured = measure_parallel(make_setup(make_entrant(), make_entrant("lies"), launches=1))
    assert isinstance(measured.failures["fake-lies"], ThreadsNotHeld)
    assert len(measured.records["fake"]) == 1


@pytest.mark.full
@pytest.mark.usefixtures("fake_clock")
def test_threads_that_help_are_seen_and_threads_that_do_not_are_too(make_setup, make_entrant):
    """A fake that is twice as fast on two threads has a speed-up of two; one that sleeps regardless has none."""
    control = dataclasses.replace(make_entrant(), key=CONTROL)
    setup = make_setup(make_entrant(), make_entrant("threaded"), control)
    measured = measure_threads(setup, rounds=8)
    for key, expected in (("fake", 1), ("fake-threaded", 2)):
        for record in measured.records[key]:
            found = [one / two for one, two in zip(record.rounds[1], record.rounds[2], strict=True)]
            assert found == pytest.approx([expected] * 8, rel=1e-3), key
    assert all(set(record.rounds) == {1} for record in measured.records[CONTROL])
    assert setup.progress.steps == setup.progress.promised


def test_threads_that_are_not_held_cost_their_contender_alone(make_setup, make_entrant):
    """A contender that reports other threads than it was given is out in every number of threads, with that error."""
    measured = measure_threads(make_setup(make_entrant(), make_entrant("lies"), launches=1), rounds=2)
    assert isinstance(measured.failures["fake-lies"], ThreadsNotHeld)
    assert set(measured.records["fake"][0].rounds) == {1, 2}
    assert measured.records["fake-lies"] == ()


@pytest.mark.usefixtures("fake_clock")
def test_end_to_end_sees_the_delay_in_inference_and_nowhere_else(make_setup, make_entrant, pictures):
    """A model that takes twice as long takes that much more of the whole; decoding and preprocessing are the same."""
    setup = make_setup(make_entrant(), make_entrant("slower"))
    measured = measure_end_to_end(setup, pictures, IMAGENET, rounds=10)
    plain, slower = (measured.records[key] for key in ("fake", "fake-slower"))
    assert all(tuple(record.stages) == STAGES and len(record.rounds) == 10 for record in (*plain, *slower))
    for before, after in zip(plain, slower, strict=True):
        ratios = {stage: after.medians[stage] / before.medians[stage] for stage in STAGES}
        assert ratios == pytest.approx(dict.fromkeys(STAGES, 1) | {"inference": 2}, rel=1e-3)
        assert 0 < after.share_before == pytest.approx(before.share_before / 2, rel=1e-2)
    assert setup.progress.steps == setup.progress.promised


def test_end_to_end_gives_everyone_the_same_picture_and_takes_the_next(make_setup, make_entrant, pictures):
    """In a round all answer one picture, and pictures follow each other over rounds and launches."""
    measured = measure_end_to_end(make_setup(make_entrant(), make_entrant("slower")), pictures, IMAGENET, rounds=2)
    plain, slower = (measured.records[key] for key in ("fake", "fake-slower"))
    assert [record.classes for record in plain] == [record.classes for record in slower]
    shown = [name for record in plain for name in record.classes]
    assert len(set(shown)) == 3
    assert shown[0] == shown[3]


def test_a_broken_picture_costs_nobody_silently(make_setup, make_entrant, tmp_path):
    """A file that is no picture is each contender's failure, with the decoder's own words."""
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    measured = measure_end_to_end(make_setup(make_entrant(), launches=1), [broken], IMAGENET, rounds=1)
    assert "is not a picture in a known format" in str(measured.failures["fake"])
