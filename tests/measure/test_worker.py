"""The worker: what a launch of one contender yields, measured on a fake that does one known thing."""

from __future__ import annotations

import base64
import statistics
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from runoff.errors import ContractBroken, ThreadsNotHeld, WorkerCrashed, WorkerKilled, WorkerTimedOut
from runoff.measure import entrant as entrants
from runoff.measure.entrant import Example, Start, predicting, receive_start, start_request
from runoff.measure.preparation import MemoryCurve, watching
from runoff.processes.process import started
from tests.conftest import SIGNATURE, MakeEntrant, started_worker
from tests.fakes.fake import MEBIBYTE, SECONDS_PER_INFERENCE, SECONDS_PER_SLOW_LOAD, TICK, true_logits

LAUNCHES = 5


def cold_start(make_entrant: MakeEntrant, variant: str, picture: Example, log: Path) -> Start:
    """Start a fake once."""
    with started_worker(make_entrant(variant), picture, log) as (_, start):
        return start


def test_a_start_has_every_stage_in_order(make_entrant, picture, tmp_path):
    """A cold start reports its four stages, with durations above zero and peaks that never fall."""
    start = cold_start(make_entrant, "", picture, tmp_path / "log")
    assert list(start.durations) == ["interpreter", "import", "load", "first inference"]
    assert all(duration > 0 for duration in start.durations.values())
    assert list(start.peaks.values()) == sorted(start.peaks.values())


def test_the_first_output_arrives_bit_by_bit(make_entrant, picture, images, tmp_path):
    """The logits of the first inference are those that the session gave."""
    start = cold_start(make_entrant, "", picture, tmp_path / "log")
    assert np.array_equal(start.outputs["logits"], true_logits(images)[1])


@pytest.mark.usefixtures("fake_clock")
def test_what_loading_takes_is_in_its_stage(make_entrant, picture, tmp_path):
    """200 ms that pass at load are in the stage "load", and in no other."""
    plain = cold_start(make_entrant, "", picture, tmp_path / "log").durations
    slow = cold_start(make_entrant, "slow-load", picture, tmp_path / "log").durations
    assert slow["load"] - plain["load"] == pytest.approx(SECONDS_PER_SLOW_LOAD)
    assert slow["first inference"] == plain["first inference"] == pytest.approx(SECONDS_PER_INFERENCE + TICK * 1e-9)


@pytest.mark.long
def test_allocation_is_seen_in_the_peak(make_entrant, picture, tmp_path):
    """An injected 100 MiB appear as 100 ± 3 MiB, at the stage where they were allocated."""

    def peaks(variant: str) -> dict[str, float]:
        starts = [cold_start(make_entrant, variant, picture, tmp_path / "log") for _ in range(LAUNCHES)]
        return {
            stage: statistics.median(start.peaks[stage] for start in starts) / MEBIBYTE for stage in starts[0].peaks
        }

    plain, hungry = peaks(""), peaks("hungry")
    assert abs(hungry["load"] - plain["load"] - 100) < 3
    assert abs(hungry["import"] - plain["import"]) < 3


@pytest.mark.long
def test_a_big_parent_does_not_move_the_peak(make_entrant, picture, tmp_path):
    """A parent of 500 MB moves a worker's peak by less than 2 MiB: ru_maxrss would show all of it."""

    def peak() -> float:
        starts = [cold_start(make_entrant, "", picture, tmp_path / "log") for _ in range(LAUNCHES)]
        return statistics.median(start.peaks["first inference"] for start in starts) / MEBIBYTE

    before = peak()
    ballast = np.ones(500_000_000, dtype=np.uint8)
    after = peak()
    assert ballast[-1] == 1
    assert abs(after - before) < 2


def test_what_a_framework_prints_is_no_answer(make_entrant, picture, tmp_path):
    """Lines printed to stdout, one of them shaped like an answer, land in the log."""
    log = tmp_path / "log"
    with started_worker(make_entrant("prints"), picture, log) as (process, _):
        assert process.ask({"do": "time"}, 10)["nanoseconds"] > 1000
    assert "progress: 100 %" in log.read_text()


@pytest.mark.usefixtures("fake_clock")
@pytest.mark.parametrize(("variant", "inferences"), [("", 1), ("slower", 2)])
def test_a_round_is_one_inference(make_entrant, picture, tmp_path, variant, inferences):
    """The clock is read just before and just after one inference, and the unmeasured one before it is not in it."""
    with started_worker(make_entrant(variant), picture, tmp_path / "log") as (process, _):
        rounds = [process.ask({"do": "time"}, 10)["nanoseconds"] for _ in range(3)]
    assert rounds == [inferences * SECONDS_PER_INFERENCE * 1e9 + TICK] * 3


@pytest.mark.parametrize(
    ("variant", "error", "words"),
    [
        ("crashes", WorkerCrashed, "exit code 3"),
        ("raises", WorkerCrashed, "IndexError: pop from empty list"),
        ("killed", WorkerKilled, "memory runs out"),
        ("lies", ThreadsNotHeld, "asked for 2 threads, its framework reports 3"),
        ("double", ContractBroken, "float64"),
    ],
)
def test_misbehaviour_has_a_name(make_entrant, picture, tmp_path, variant, error, words):
    """What goes wrong in a worker arrives as a named error that says what was found."""
    with pytest.raises(error, match=words):
        cold_start(make_entrant, variant, picture, tmp_path / "log")


def test_a_hang_ends_at_its_time_out(make_entrant, picture, tmp_path, monkeypatch):
    """A worker that never answers becomes WorkerTimedOut, and its process is gone."""
    monkeypatch.setattr(entrants, "START_TIMEOUT", 0.5)
    worker = started_worker(make_entrant("hangs"), picture, tmp_path / "log")
    with pytest.raises(WorkerTimedOut, match=r"no answer within 0\.5 s"), worker:
        pytest.fail("it answered")


def test_a_picture_that_comes_with_the_command_is_run(make_entrant, picture, images, tmp_path):
    """A picture in base64 gives its own logits and the time of one inference, whatever the launch's own image."""
    pixels = base64.b64encode(images[2:].tobytes()).decode()
    with started_worker(make_entrant(), picture, tmp_path / "log") as (process, _):
        answer = process.ask({"do": "picture", "pixels": pixels}, 10)
    logits = np.frombuffer(base64.b64decode(answer["logits"]), np.float32)
    assert np.array_equal(logits, true_logits(images)[2])
    assert answer["nanoseconds"] > 1000


def test_a_worker_imports_before_its_artifact_is_named(make_entrant, picture, images, tmp_path):
    """A start request without an artifact is followed by a message with the rest of it, and answered after that."""
    with started("runoff.measure.worker", label="x", log=tmp_path / "log") as process:
        request = start_request(make_entrant(), picture)
        rest = {name: request.pop(name) for name in ("artifact", "signature", "threads", "inputs", "example")}
        process.send_first(request)
        process.send(rest)
        start = receive_start(process, SIGNATURE)
    assert np.array_equal(start.outputs["logits"], true_logits(images)[1])
    assert start.threads == 2


@pytest.mark.usefixtures("fake_clock")
@pytest.mark.parametrize(("variant", "threads"), [("", 2), ("idle", 0)])
def test_cpu_time_tells_sleep_from_work(make_entrant, picture, tmp_path, variant, threads):
    """A fake that works keeps two threads busy and one that sleeps none, whatever they report of their threads."""
    with started_worker(make_entrant(variant), picture, tmp_path / "log") as (process, _):
        answer = process.ask({"do": "time"}, 10)
    assert answer["cpu_nanoseconds"] == threads * SECONDS_PER_INFERENCE * 1e9 + TICK


def test_predict_gives_every_image(make_entrant, picture, images, tmp_path):
    """The check pass runs every image and reports the session's thread count."""
    check = predicting(
        make_entrant(),
        files=picture.files,
        destination=tmp_path / "outputs.npz",
        log=tmp_path / "log",
    )
    with check as (_, prediction):
        pass
    assert prediction.threads == 2
    assert np.array_equal(prediction.outputs["logits"], true_logits(images))


@pytest.mark.long
def test_the_memory_curve_sees_an_allocation(make_entrant, picture, tmp_path):
    """memory-profiler's curve, taken from outside, rises by the injected 100 MiB, with time that goes forward."""

    def watched(variant: str) -> MemoryCurve:
        curve, before = MemoryCurve(), threading.active_count()
        with predicting(
            make_entrant(variant),
            files=picture.files,
            destination=tmp_path / "outputs.npz",
            log=tmp_path / "log",
            watch=partial(watching, curve),
        ):
            assert threading.active_count() == before  # it is watched until its logits are there
        return curve

    plain, hungry = watched(""), watched("hungry")
    assert abs((max(hungry.sizes) - max(plain.sizes)) / MEBIBYTE - 100) < 5
    assert list(hungry.seconds) == sorted(hungry.seconds)
    assert len(hungry.seconds) == len(hungry.sizes)


def test_a_process_that_ends_while_it_is_watched_does_no_harm(make_entrant, picture, tmp_path):
    """A worker that ends at load is its own named error, whoever watches it."""
    check = predicting(
        make_entrant("crashes"),
        files=picture.files,
        destination=tmp_path / "outputs.npz",
        log=tmp_path / "log",
        watch=partial(watching, MemoryCurve()),
    )
    with pytest.raises(WorkerCrashed, match="exit code 3"), check:
        pass
