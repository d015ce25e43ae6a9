"""Latency under load by imagined workers: at which load each is put, with which arrivals, and what comes of it."""

from __future__ import annotations

import dataclasses
from collections import defaultdict

import pytest

from runoff.errors import NoAnswer, WorkerCrashed
from runoff.measure.entrant import texts
from runoff.measure.launches import Measured
from runoff.measure.service import load
from runoff.measure.service.load import (
    QUANTILE,
    SERVER_BLOCKS,
    SINGLE_BLOCKS,
    Answered,
    HighestLoadRecord,
    LoadRecord,
    describe_load,
    highest_loads,
    make_record,
    measure_load,
    why_no_load,
)

BOUND = 0.1
BLOCKS = SINGLE_BLOCKS + SERVER_BLOCKS


def answered(rate, service=0.02, count=60):
    """Make a run of LoadGen in which serving always takes the same."""
    return Answered(rate, (0.05,) * count, (service,) * count)


def imagined_load(services, bound, quantile):
    """Return half of what the server could bear, where serving keeps the bound."""
    assert (bound, quantile) == (BOUND, QUANTILE)
    return None if max(services) > bound else len(services) / sum(services) / 2


def imagined_loads(launches, bound, quantile):
    """Return each launch's own load, where all launches have one."""
    loads = [imagined_load(services, bound, quantile) for services in launches]
    return None if None in loads or not loads else loads


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Compute loads in no time."""
    monkeypatch.setattr(load, "highest_load", imagined_load)
    monkeypatch.setattr(load, "highest_loads_by_launch", imagined_loads)


@pytest.fixture
def told(workshop):
    """Let a query take 20 ms, those of "slow" more than the bound, and double the latency under load."""
    kept = defaultdict(list)

    def answer(entrant, message):
        kept[entrant.key].append(message)
        service = 200_000_000 if entrant.key == "slow" else 20_000_000 + 1_000_000 * len(kept[entrant.key])
        waiting = 1 if message["scenario"] == "SingleStream" else 2
        return {"latencies": [waiting * service] * 10, "services": [service] * 10}

    workshop.answer = answer
    return kept


def test_a_single_stream_comes_first_and_has_no_load(make_setup, make_entrant, told, workshop, tmp_path):
    """Its settings say how many queries in which least time, and every run of a launch has its own seed."""
    setup = make_setup(make_entrant(key="a"), make_entrant(key="b"), launches=2, seed=40)
    measure_load(setup, BOUND, tmp_path)
    assert len(told["a"]) == 2 * BLOCKS
    assert [message["seed"] for message in told["a"]] == list(range(40 + 0, 40 + 2 * BLOCKS))
    assert [message["seed"] for message in told["b"]] == [message["seed"] for message in told["a"]]
    assert told["a"][1] == {
        "do": "load",
        "inputs": texts(setup.files),
        "examples": load.EXAMPLES,
        "logs": str(tmp_path / "a-seed-41-SingleStream"),
        "seed": 41,
        "scenario": "SingleStream",
        "queries": load.SINGLE_QUERIES,
        "seconds": load.LEAST_SECONDS,
        "most_seconds": 0,
    }
    scenarios = [message["scenario"] for message in told["a"]]
    assert scenarios == (["SingleStream"] * SINGLE_BLOCKS + ["Server"] * SERVER_BLOCKS) * 2
    assert workshop.processes[0].timeouts[1:] == [load.TIMEOUT] * BLOCKS
    assert setup.progress.parts == ["load"]
    assert setup.progress.steps == setup.progress.promised == 2 * (2 + BLOCKS)


def test_the_load_is_that_which_all_services_so_far_allow(make_setup, make_entrant, told, tmp_path):
    """Each server run is at the highest load by what serving took before it, alone and under load, in all launches."""
    measure_load(make_setup(make_entrant(key="a"), seed=40), BOUND, tmp_path)
    services = []
    for message in told["a"]:
        if message["scenario"] == "Server":
            expected = imagined_load(services, BOUND, QUANTILE)
            assert message == {
                "do": "load",
                "inputs": message["inputs"],
                "examples": load.EXAMPLES,
                "logs": str(tmp_path / f"a-seed-{message['seed']}-Server-{expected:.3f}"),
                "seed": message["seed"],
                "scenario": "Server",
                "queries": load.SERVER_QUERIES,
                "seconds": load.LEAST_SECONDS,
                "most_seconds": load.MOST_SECONDS,
                "queries_per_second": pytest.approx(expected),
                "bound": BOUND,
                "quantile": QUANTILE,
            }
        number = 1 + told["a"].index(message)
        services += [(20_000_000 + 1_000_000 * number) * 1e-9] * 10


def test_who_bears_no_load_is_put_under_none(make_setup, make_entrant, told, tmp_path):
    """A contender whose serving alone breaks the bound has its single stream and no loaded run."""
    setup = make_setup(make_entrant(key="slow"), make_entrant(key="a"), launches=1)
    measured = measure_load(setup, BOUND, tmp_path)
    assert len(told["slow"]) == SINGLE_BLOCKS
    (record,) = measured.records["slow"]
    assert record.loaded == ()
    assert record.single_stream.services == pytest.approx((0.2,) * 10 * SINGLE_BLOCKS)
    (other,) = measured.records["a"]
    assert len(other.loaded) == SERVER_BLOCKS
    assert other.loaded[0].latencies == pytest.approx(tuple(2 * each for each in other.loaded[0].services))
    assert setup.progress.steps == setup.progress.promised


def test_runs_of_a_single_stream_are_put_together():
    """Queries of a single stream are one answer, those under load stay apart, and what was not run is left out."""
    first, second = Answered(None, (0.1, 0.2), (0.3,)), Answered(None, (0.4,), (0.5, 0.6))
    loaded = [answered(30.0), answered(28.0)]
    record = make_record(None, [first, None, loaded[0], second, loaded[1]])
    assert record == LoadRecord(Answered(None, (0.1, 0.2, 0.4), (0.3, 0.5, 0.6)), tuple(loaded))
    assert record.services == [0.3, 0.5, 0.6, *[0.02] * 120]


def test_what_the_scenarios_are_is_described():
    """The settings that decide a result are stored with it."""
    assert describe_load(0.1) == {
        "bound": 0.1,
        "quantile": 0.99,
        "single_stream": {"runs": 3, "queries": 20},
        "server": {"runs": 4, "queries": 30},
        "least_seconds": 0.5,
        "most_seconds": 2.5,
    }


def test_the_highest_load_has_a_figure_for_each_launch():
    """Launches of other services say other loads, and keep the runs near it."""
    records = (
        LoadRecord(answered(None), (answered(30.0),)),
        LoadRecord(answered(None, 0.03), (answered(28.0, 0.031), answered(27.0))),
    )
    measured = Measured({"a": records}, {}, 0.1, 2, True, (2000.0, None), "a full disk")
    told = {"broken_off": "SIGINT", "sleeps": (7.0,), "others": {"cc1plus": 0.5}}
    found = highest_loads(dataclasses.replace(measured, **told), BOUND)
    expected = imagined_loads([record.services for record in records], BOUND, QUANTILE)
    assert expected[0] != expected[1]
    assert found.records["a"] == tuple(
        HighestLoadRecord(each, record.loaded) for each, record in zip(expected, records, strict=True)
    )
    assert found.failures == {}
    assert (found.stolen, found.out_of_time, found.frequencies) == (0.1, True, (2000.0, None))
    assert {name: getattr(found, name) for name in told} == told


def test_who_keeps_the_bound_under_no_load_has_a_reason_and_no_figure():
    """A slow launch leaves its contender without an answer, an error stays, and without launches there is nothing."""
    good, slow = LoadRecord(answered(None), (answered(30.0),)), LoadRecord(answered(None, 0.25), ())
    broken = WorkerCrashed("ended")
    failures = {"x": broken}
    measured = Measured({"unsteady": (good, slow), "x": (), "y": ()}, failures, None)
    found = highest_loads(measured, BOUND)
    assert found.records == {}
    assert set(found.failures) == {"unsteady", "x"}
    assert found.failures["x"] is broken
    assert isinstance(found.failures["unsteady"], NoAnswer)
    assert str(found.failures["unsteady"]) == why_no_load((good, slow), BOUND)
    assert failures == {"x": broken}


def test_the_reason_counts_the_services_that_take_the_bound_or_more():
    """It names the quantile, the bound, the median of serving and how many took the bound by themselves."""
    records = [LoadRecord(answered(None, 0.02, 5), (answered(30.0, 0.1, 2),)), LoadRecord(answered(None, 0.3, 1), ())]
    assert why_no_load(records, BOUND) == (
        "no load can be told that keeps 99 of 100 queries within 100 ms in every launch: serving one takes 20 ms, and "
        "3 of 8 took the bound or more without any waiting; give --latency-bound more, or let the machine settle"
    )
    assert "serving one takes 600 ms, and 5 of 5" in why_no_load([LoadRecord(answered(None, 0.6, 5), ())], BOUND)
