"""Latency under load: LoadGen itself on fakes whose times are known, and what is made of its runs."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import statistics
from pathlib import Path

import pytest

from runoff.contract import NoAnswer, WorkerCrashed, WorkerTimedOut
from runoff.measure.launch import Timeouts
from runoff.measure.race import CONTROL, Measured
from runoff.measure.service import load
from runoff.measure.service.load import Answered, LoadRecord, measure_load, within_bound
from runoff.measure.service.loadgen import read_trace

BOUND = 0.1

with_loadgen = pytest.mark.skipif(
    importlib.util.find_spec("mlperf_loadgen") is None,
    reason="mlcommons-loadgen is not installed (its wheels are for Linux on x86-64 alone)",
)


@pytest.fixture
def quick(monkeypatch):
    """Ask for few queries in little time."""
    monkeypatch.setattr(load, "QUERIES", 30)
    monkeypatch.setattr(load, "LEAST_SECONDS", 0.05)


def answered(rate: float | None, service: float = 0.02) -> Answered:
    """Make a run of LoadGen in which serving always takes the same."""
    return Answered(rate, (0.05,) * 60, (service,) * 60)


def test_only_who_keeps_the_bound_in_every_launch_has_a_highest_load():
    """One that serving alone keeps from it has no figure but the reason, and is no failure; errors stay errors."""
    good = LoadRecord(answered(None), (answered(30.0), answered(28.0)), answered(28.0))
    unsteady = LoadRecord(answered(None), (answered(30.0, 0.2),), None)
    slow = LoadRecord(answered(None, 0.25), (), None)
    broken = WorkerCrashed("ended")
    measured = Measured({"good": (good, good), "unsteady": (good, unsteady), "slow": (slow, slow)}, {"x": broken}, None)
    found = within_bound(measured, BOUND)
    assert set(found.records) == {"good"}
    assert found.failures["x"] is broken
    assert isinstance(found.failures["unsteady"], NoAnswer)
    assert "within 100 ms in 1 of 2 launches" in str(found.failures["unsteady"])
    assert "60 of 120 took the bound or more" in str(found.failures["unsteady"])
    assert "in 2 of 2 launches: serving one takes 250 ms" in str(found.failures["slow"])


def test_the_trace_is_read_in_the_order_of_issue():
    """Queries that were answered out of order come as they were issued; waiting is in the latency, not the service."""
    line = '{{"name":"Sample","args":{{"sample_seq":{},"sample_idx":2,"issue_start_ns":{},"complete_ns":{}}}}},'
    trace = "\n".join([line.format(10, 100, 300), '{"name":"Wait","ts":217,"dur":10104}', line.format(9, 0, 200)])
    assert read_trace(trace) == {"latencies": [200, 300], "services": [200, 200]}


@with_loadgen
def test_the_injected_delay_is_the_latency_and_bounds_the_load(make_course, make_entrant, quick):
    """A fake that takes twice as long has twice the latency alone and bears half the load or less."""
    control = dataclasses.replace(make_entrant(), key=CONTROL)
    course = make_course(make_entrant(), make_entrant("slower"), control)
    measured = within_bound(measure_load(course, BOUND), BOUND)
    assert measured.failures == {}
    assert {key: len(records) for key, records in measured.records.items()} == {"fake": 2, "fake-slower": 2, CONTROL: 2}
    for before, after in zip(measured.records["fake"], measured.records["fake-slower"], strict=True):
        alone = [statistics.median(each.single_stream.latencies) for each in (before, after)]
        assert 1.6 < alone[1] / alone[0] < 2.4
        assert 1.5 < before.highest.load / after.highest.load < 3
        assert 0.5 < before.highest.load * alone[0] < 1
        assert len(before.single_stream.latencies) >= 30
        assert len(before.highest.latencies) >= 30
    assert course.progress.steps == course.progress.promised


@with_loadgen
def test_waiting_in_line_is_in_the_latency(make_course, make_entrant, quick):
    """Under the highest load queries wait: some take longer from being due to their answer than serving them takes."""
    (record,) = measure_load(make_course(make_entrant(), launches=1), BOUND).records["fake"]
    waits = [
        latency - service for latency, service in zip(record.highest.latencies, record.highest.services, strict=True)
    ]
    assert min(waits) >= 0
    assert max(waits) > statistics.median(record.highest.services)
    alone = zip(record.single_stream.latencies, record.single_stream.services, strict=True)
    assert all(latency == service for latency, service in alone)


@with_loadgen
def test_loadgen_follows_the_seed_and_writes_into_the_runs_own_folder(make_course, make_entrant, quick, tmp_path):
    """Every launch has arrivals of its own by the run's seed, and nothing of LoadGen's is in the worker's log."""
    measure_load(make_course(make_entrant(), seed=40), BOUND)
    details = sorted((tmp_path / "working" / "loadgen").glob("fake-seed-*-Server-*/mlperf_log_detail.txt"))
    assert len(details) == 4
    assert {setting(file, "effective_schedule_rng_seed") for file in details} == {40, 41}
    assert {setting(file, "effective_sample_index_rng_seed") for file in details} == {40, 41}
    assert "MLPerf" not in (tmp_path / "logs" / "fake.log").read_text()


def setting(file: Path, name: str) -> int:
    """Read a setting from LoadGen's detailed log."""
    lines = (json.loads(line.removeprefix(":::MLLOG ")) for line in file.read_text().splitlines())
    return next(line["value"] for line in lines if line["key"] == name)


@with_loadgen
@pytest.mark.parametrize(
    ("variant", "error", "words"),
    [("stalls", WorkerTimedOut, "no answer within 3 s"), ("raises-late", WorkerCrashed, "thirty is too many")],
)
def test_a_session_that_breaks_under_load_costs_its_contender_alone(make_course, make_entrant, variant, error, words):
    """One that stalls is ended at its time-out, one that raises has its own error, and the others are measured."""
    course = make_course(make_entrant(), make_entrant(variant), launches=1, timeouts=Timeouts(load=3.0))
    measured = measure_load(course, BOUND)
    assert isinstance(measured.failures[f"fake-{variant}"], error)
    assert words in str(measured.failures[f"fake-{variant}"])
    assert len(measured.records["fake"]) == 1
