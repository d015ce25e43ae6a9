"""The service questions asked of imagined workers: what each is told, and what comes of answers that are known."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest

from runoff.errors import ContractBroken, WorkerCrashed, WorkerKilled
from runoff.measure.entrant import INFERENCE_TIMEOUT
from runoff.measure.launches import CONTROL
from runoff.measure.service import batches
from runoff.measure.service.batches import SIZES, BatchesRecord, measure_batches, time_batches
from runoff.measure.service.end_to_end import EndToEndRecord, measure_end_to_end
from runoff.measure.service.threads import ThreadsRecord, measure_threads, thread_counts
from runoff.model.sources.architecture import IMAGENET
from tests.builders.workers import start_of

MILLISECOND = 1_000_000
SECOND = 1_000_000_000
PICTURES = [Path("a.png"), Path("b.png"), Path("c.png")]


def test_batches_of_every_size_are_asked_for_in_turns(make_setup, make_entrant, workshop, told):
    """Small batches are timed several times, and what an image takes is the median of a batch by its size."""
    kept = told(batch=lambda entrant, message: {"nanoseconds": [message["size"] * MILLISECOND] * 2 + [9 * SECOND]})
    setup = make_setup(make_entrant(key="a"), make_entrant(key="b"), launches=1)
    measured = measure_batches(setup)
    assert [(message["size"], message["times"]) for message in kept["a"]] == [
        (1, 4),
        (2, 2),
        (4, 1),
        (8, 1),
        (16, 1),
        (32, 1),
    ]
    assert {type(message["times"]) for message in kept["a"]} == {int}
    assert {message["inputs"]["images"] for message in kept["b"]} == {str(setup.files["images"])}
    (record,) = measured.records["a"]
    assert record.seconds == pytest.approx(dict.fromkeys(SIZES, 0.001))
    assert (record.refused, record.largest) == ({}, 32)
    assert record.seconds_per_image == record.seconds[32]
    assert workshop.processes[0].timeouts[1:] == [batches.TIMEOUT] * len(SIZES)
    assert setup.progress.parts == ["batches"]
    assert setup.progress.steps == setup.progress.promised == 2 + len(SIZES)
    turns = workshop.order("batch")
    assert [set(turns[first : first + 2]) for first in range(0, 12, 2)] == [{"a", "b"}] * 6


def test_a_batch_that_is_refused_has_its_reason_instead(make_setup, make_entrant, told):
    """Sizes that a session refuses have a reason, and the largest is the largest that was run."""
    told(batch=lambda entrant, message: {"refused": "too many"} if message["size"] > 2 else {"nanoseconds": [8]})
    (record,) = measure_batches(make_setup(make_entrant(), launches=1)).records["fake"]
    assert record.seconds == pytest.approx({1: 8e-9, 2: 4e-9})
    assert record.refused == dict.fromkeys((4, 8, 16, 32), "too many")
    assert record.largest == 2


def test_a_session_that_runs_no_batch_at_all_is_broken(make_setup, make_entrant, told):
    """Where even one image is refused, the first reason is told and the contender is out."""
    told(batch=lambda entrant, message: {"refused": f"at {message['size']}"})
    error = measure_batches(make_setup(make_entrant(), launches=1)).failures["fake"]
    assert isinstance(error, ContractBroken)
    assert str(error) == (
        "fake: its session refuses batches of every size, of one image too (at 1); mend the backend's run()"
    )


def test_a_worker_that_dies_at_a_batch_says_at_which(make_entrant):
    """The error keeps its kind and names the size."""

    def ask(command, timeout):
        raise WorkerKilled("killed")

    with pytest.raises(WorkerKilled) as caught:
        time_batches(SimpleNamespace(ask=ask), {"images": Path("images.npy")}, 8)
    assert str(caught.value) == "at a batch of 8: killed"


def test_the_largest_batch_is_that_which_was_run():
    """What an image takes is read at the largest size, in whatever order they came."""
    assert BatchesRecord({4: 0.3, 8: 0.1, 1: 0.5}, {16: "no"}).seconds_per_image == 0.1


def served(entrant, message):
    """Answer a picture: decoding takes 1 ms and the inference 10 ms, of the control twice as long; class by picture."""
    factor = 2 if entrant.key == CONTROL else 1
    stages = {"decode": MILLISECOND, "preprocess": 2 * MILLISECOND, "inference": 10 * factor * MILLISECOND}
    number = PICTURES.index(Path(message["picture"]))
    return {"durations": stages | {"top 5": 3 * MILLISECOND}, "answer": [[number, 0.9], [99, 0.1]]}


def test_pictures_follow_each_other_over_rounds_and_launches(make_setup, make_entrant, told, workshop):
    """All answer the same picture in a round; the next launch goes on where the one before ended."""
    kept = told(serve=served)
    setup = make_setup(make_entrant(), make_entrant(key=CONTROL), launches=2)
    measured = measure_end_to_end(setup, PICTURES, IMAGENET, 2)
    assert [record.classes for record in measured.records["fake"]] == [(0, 1), (2, 0)]
    assert [record.classes for record in measured.records[CONTROL]] == [(0, 1), (2, 0)]
    assert all(message["preprocessing"] == asdict(IMAGENET) for message in kept["fake"])
    assert workshop.processes[0].timeouts[1:] == [INFERENCE_TIMEOUT] * 2
    assert setup.progress.parts == ["end to end"]
    assert setup.progress.steps == setup.progress.promised == 2 * (2 + 2)
    own, twin = (measured.records[key][0].stages for key in ("fake", CONTROL))
    assert own["inference"] == pytest.approx((0.01, 0.01))
    assert twin["inference"] == pytest.approx((0.02, 0.02))
    assert twin["top 5"] == pytest.approx((0.003, 0.003))


def test_the_whole_of_a_round_is_the_sum_of_its_stages():
    """Rounds add up over stages, medians are over rounds, and what comes before the inference has a share of it all."""
    record = EndToEndRecord(
        {"decode": (1, 1, 4), "preprocess": (2, 2, 2), "inference": (5, 6, 13), "top 5": (2, 1, 1)}, (0, 1, 2)
    )
    assert record.rounds == (10, 10, 20)
    assert record.medians == {"decode": 1, "preprocess": 2, "inference": 6, "top 5": 1}
    assert record.share_before == 12 / 40


def test_each_size_of_a_batch_has_one_answer():
    """A worker that gave fewer answers than there are sizes makes no record, rather than one of the first sizes."""
    with pytest.raises(ValueError, match="shorter"):
        batches.make_record(None, [0.01] * (len(SIZES) - 1))


def test_stages_of_other_numbers_of_rounds_are_refused():
    """Rounds of which a stage is missing have no sum, rather than one over fewer stages or rounds."""
    record = EndToEndRecord({"decode": (1, 1), "preprocess": (2,)}, (0, 1))
    with pytest.raises(ValueError, match="shorter"):
        assert record.rounds


@pytest.mark.parametrize(
    ("allowed", "counts"),
    [(1, (1,)), (2, (1, 2)), (3, (1, 2, 3)), (4, (1, 2, 4)), (6, (1, 2, 4, 6)), (8, (1, 2, 4, 8))],
)
def test_thread_counts_double_and_end_with_all(allowed, counts):
    """Scaling is asked at 1, 2, 4 and so on, and always at all threads that are allowed."""
    assert thread_counts(allowed) == counts


@pytest.fixture
def scaling(told):
    """Let an inference take 12 ms by its number of threads, of which one is kept busy less."""
    return told(
        time=lambda entrant, message: {
            "nanoseconds": 12 * MILLISECOND // entrant.threads,
            "cpu_nanoseconds": 12 * MILLISECOND * (entrant.threads - 1) // entrant.threads,
        },
        report=lambda entrant, message: {"peak": 1, "anonymous": 1, "involuntary_switches": 0},
    )


def test_every_number_of_threads_has_its_rounds(make_setup, make_entrant, scaling, workshop):
    """A contender has a process for each number of threads, the control one of a single thread, all in turns."""
    setup = make_setup(make_entrant(threads=3), make_entrant(key=CONTROL, threads=3), launches=2, seed=5)
    measured = measure_threads(setup, rounds=4)
    own, twin = (measured.records[key] for key in ("fake", CONTROL))
    assert len(own) == len(twin) == 2
    assert own[0].rounds == {
        1: (pytest.approx(0.012),) * 4,
        2: (pytest.approx(0.006),) * 4,
        3: (pytest.approx(0.004),) * 4,
    }
    assert own[0].busy == {1: 0, 2: 1, 3: 2}
    assert twin[1] == ThreadsRecord({1: (pytest.approx(0.012),) * 4}, {1: 0})
    assert set(scaling) == {"fake-threads-1", "fake-threads-2", "fake-threads-3", "control-threads-1"}
    assert setup.progress.parts == ["threads"]
    assert setup.progress.steps == setup.progress.promised == 2 * (4 + 4)
    first = list(workshop.events)
    workshop.events.clear()
    measure_threads(dataclasses.replace(setup), rounds=4)
    assert workshop.events == first
    assert [event for _, event in first[:4]] == ["start", "start", "start", "suspend"]  # several start at once
    turns = workshop.order("time")
    assert [len(set(turns[start : start + 4])) for start in range(0, 32, 4)] == [4] * 8


def test_who_fails_with_any_number_of_threads_is_out(make_setup, make_entrant, scaling, workshop):
    """The first failure of a contender's processes is its error; the others keep their figures."""

    def start(entrant, picture):
        if entrant.key in ("a-threads-2", "a-threads-3"):
            raise WorkerCrashed(entrant.key)
        return start_of(entrant, picture)

    workshop.start = start
    setup = make_setup(*(make_entrant(key=key, threads=3) for key in "abc"))
    measured = measure_threads(setup, rounds=1)
    assert {key: str(error) for key, error in measured.failures.items()} == {"a": "a-threads-2"}
    assert {key: len(records) for key, records in measured.records.items()} == {"a": 0, "b": 2, "c": 2}
    assert workshop.order("start").count("a-threads-1") == 1
