"""Latency under load: LoadGen itself on fakes whose times are known, and what is made of its runs."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import statistics
from pathlib import Path

import pytest

from runoff.errors import NoAnswer, WorkerCrashed, WorkerTimedOut
from runoff.measure.launches import CONTROL, Measured
from runoff.measure.service import load
from runoff.measure.service.load import Answered, LoadRecord, highest_loads, measure_load
from tests.waiting import hurry

pytestmark = pytest.mark.long

BOUND = 0.1

with_loadgen = pytest.mark.skipif(
    importlib.util.find_spec("mlperf_loadgen") is None,
    reason="mlcommons-loadgen is not installed (its wheels are for Linux on x86-64 alone)",
)


@pytest.fixture
def quick(monkeypatch):
    """Ask for few queries in little time."""
    monkeypatch.setattr(load, "SERVER_BLOCKS", 2)
    monkeypatch.setattr(load, "LEAST_SECONDS", 0.05)


def answered(rate: float | None, service: float = 0.02) -> Answered:
    """Make a run of LoadGen in which serving always takes the same."""
    return Answered(rate, (0.05,) * 60, (service,) * 60)


def test_only_who_keeps_the_bound_whichever_launch_is_left_out_has_a_highest_load():
    """One that serving alone keeps from it has no figure but the reason, and is no failure; errors stay errors."""
    good = LoadRecord(answered(None), (answered(30.0), answered(28.0)))
    slow = LoadRecord(answered(None, 0.25), ())
    broken = WorkerCrashed("ended")
    records = {"good": (good, good), "unsteady": (good, slow), "slow": (slow, slow), "x": ()}
    found = highest_loads(Measured(records, {"x": broken}, None), BOUND)
    assert set(found.records) == {"good"}
    assert found.records["good"][0].load == found.records["good"][1].load > 10
    assert found.records["good"][0].loaded == good.loaded
    assert found.failures["x"] is broken
    assert isinstance(found.failures["unsteady"], NoAnswer)
    assert "60 of 240 took the bound or more" in str(found.failures["unsteady"])
    assert "serving one takes 250 ms, and 120 of 120" in str(found.failures["slow"])


@pytest.mark.alone
@with_loadgen
def test_the_injected_delay_is_the_latency_and_bounds_the_load(make_setup, make_entrant, quick, tmp_path):
    """A fake that takes twice as long has twice the latency alone and bears half the load or less."""
    control = dataclasses.replace(make_entrant(), key=CONTROL)
    setup = make_setup(make_entrant(), make_entrant("slower"), control)
    measured = measure_load(setup, BOUND, tmp_path / "loadgen")
    highest = highest_loads(measured, BOUND)
    assert highest.failures == {}
    assert {key: len(records) for key, records in measured.records.items()} == {"fake": 2, "fake-slower": 2, CONTROL: 2}
    for before, after in zip(measured.records["fake"], measured.records["fake-slower"], strict=True):
        alone = [statistics.median(each.single_stream.latencies) for each in (before, after)]
        assert 1.6 < alone[1] / alone[0] < 2.4
        assert len(before.single_stream.latencies) >= 60
        assert all(len(run.latencies) >= 30 for run in before.loaded)
    for before, after in zip(highest.records["fake"], highest.records["fake-slower"], strict=True):
        assert 1.5 < before.load / after.load < 3
    assert setup.progress.steps == setup.progress.promised


@pytest.mark.alone
@with_loadgen
def test_waiting_in_line_is_in_the_latency(make_setup, make_entrant, quick, tmp_path):
    """Under the highest load queries wait: some take longer from being due to their answer than serving them takes."""
    (record,) = measure_load(make_setup(make_entrant(), launches=1), BOUND, tmp_path / "loadgen").records["fake"]
    queries = [pair for run in record.loaded for pair in zip(run.latencies, run.services, strict=True)]
    waits = [latency - service for latency, service in queries]
    assert min(waits) >= 0
    assert max(waits) > statistics.median(service for _, service in queries)
    alone = zip(record.single_stream.latencies, record.single_stream.services, strict=True)
    assert all(latency == service for latency, service in alone)


@with_loadgen
def test_loadgen_follows_the_seed_and_writes_into_the_runs_own_folder(make_setup, make_entrant, quick, tmp_path):
    """Every launch has separate arrivals by the run's seed, and nothing of LoadGen's is in the worker's log."""
    measure_load(make_setup(make_entrant(), seed=40), BOUND, tmp_path / "loadgen")
    details = sorted((tmp_path / "loadgen").glob("fake-seed-*-Server-*/mlperf_log_detail.txt"))
    seeds = {43, 44, 48, 49}  # after three runs of a single stream in each of two launches
    assert len(details) == len(seeds)
    assert {setting(file, "effective_schedule_rng_seed") for file in details} == seeds
    assert {setting(file, "effective_sample_index_rng_seed") for file in details} == seeds
    assert "MLPerf" not in (tmp_path / "logs" / "fake.log").read_text()


def setting(file: Path, name: str) -> int:
    """Read a setting from LoadGen's detailed log."""
    lines = (json.loads(line.removeprefix(":::MLLOG ")) for line in file.read_text().splitlines())
    return next(line["value"] for line in lines if line["key"] == name)


@pytest.mark.full
@with_loadgen
@pytest.mark.parametrize(
    ("variant", "error", "words"),
    [("stalls", WorkerTimedOut, "no answer within 0.5 s"), ("raises-late", WorkerCrashed, "thirty is too many")],
)
def test_a_session_that_breaks_under_load_costs_its_contender_alone(
    make_setup, make_entrant, variant, error, words, monkeypatch, tmp_path
):
    """One that stalls is ended at its time-out, one that raises has its own error, and the others are measured."""
    hurry(monkeypatch, "fake-stalls", load.TIMEOUT)
    setup = make_setup(make_entrant(), make_entrant(variant), launches=1)
    measured = measure_load(setup, BOUND, tmp_path / "loadgen")
    assert isinstance(measured.failures[f"fake-{variant}"], error)
    assert words in str(measured.failures[f"fake-{variant}"])
    assert len(measured.records["fake"]) == 1
