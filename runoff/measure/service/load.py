"""Latency under load, by MLCommons LoadGen: one query after another, and Poisson arrivals at the highest load."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from runoff.errors import NoAnswer
from runoff.judge.queueing import highest_load, highest_loads_by_launch
from runoff.measure.entrant import NANOSECONDS, texts
from runoff.measure.launches import Measured, Setup, run_exercise
from runoff.measure.loadgen import SERVER, SINGLE_STREAM
from runoff.measure.rotation import Rotation, RunningWorker

TIMEOUT = 120.0
"""How long a worker may take for one run of LoadGen, in seconds."""
QUANTILE = 0.99
SINGLE_BLOCKS, SINGLE_QUERIES = 3, 20
SERVER_BLOCKS, SERVER_QUERIES = 4, 30
"""A launch's runs of LoadGen for each scenario, and the queries in each: many short ones in random order, so that what
slows the machine for seconds slows all contenders. Those of five launches bound the 99th percentile together
(runoff.judge.diagnostics.samples_needed)."""
LEAST_SECONDS = 0.5
MOST_SECONDS = 2.5
EXAMPLES = 64


@dataclass(frozen=True)
class Answered:
    """Runs of LoadGen, in seconds by query: from when each was due to its answer, and what serving it alone took.

    ``load`` is in queries per second, None for a single stream.
    """

    load: float | None
    latencies: tuple[float, ...]
    services: tuple[float, ...]


@dataclass(frozen=True)
class LoadRecord:
    """What one launch yields: a single stream, and runs at the highest load that the services so far allowed."""

    single_stream: Answered
    loaded: tuple[Answered, ...]

    @property
    def services(self) -> list[float]:
        """What serving each query took, in seconds, by itself and under load."""
        return [service for run in (self.single_stream, *self.loaded) for service in run.services]


@dataclass(frozen=True)
class HighestLoadRecord:
    """What one launch says of the highest load within the bound, in queries per second, and its runs near it."""

    load: float
    loaded: tuple[Answered, ...]


def measure_load(setup: Setup, bound: float, folder: Path) -> Measured[LoadRecord]:
    """Put every contender under a single stream, and then under the highest load that keeps the bound, in seconds.

    That load is computed from what serving a query took in all runs so far (runoff.judge.queueing), under load
    among them: a server that has idled or been busy may be another. All contenders have the same arrivals, faster or
    slower. LoadGen's logs go into a ``folder``.
    """
    services: dict[str, list[float]] = {entrant.key: [] for entrant in setup.entrants}

    def single(worker: RunningWorker, seed: int) -> Answered | None:
        return run(worker, seed, None)

    def server(worker: RunningWorker, seed: int) -> Answered | None:
        load = highest_load(services[worker.entrant.key], bound, QUANTILE)
        return None if load is None else run(worker, seed, load)

    def run(worker: RunningWorker, seed: int, load: float | None) -> Answered:
        shown = {"inputs": texts(setup.files), "examples": EXAMPLES}
        answered = run_scenario(worker, folder, {**shown, **scenario_settings(seed, load, bound)}, load)
        services[worker.entrant.key] += answered.services
        return answered

    def exercise(rotation: Rotation, launch: int) -> dict[str, LoadRecord]:
        units = [single] * SINGLE_BLOCKS + [server] * SERVER_BLOCKS
        seeded = enumerate(units, setup.seed + launch * len(units))
        return rotation.take_turns([partial(unit, seed=seed) for seed, unit in seeded], make_record)

    return run_exercise(setup, exercise, name="load", steps=SINGLE_BLOCKS + SERVER_BLOCKS)


def make_record(worker: RunningWorker, answers: Sequence[Answered | None]) -> LoadRecord:
    """Make a launch's record of a worker's runs, those of a single stream put together; None are left out."""
    alone = [run for run in answers if run and run.load is None]
    latencies = tuple(latency for run in alone for latency in run.latencies)
    services = tuple(service for run in alone for service in run.services)
    return LoadRecord(Answered(None, latencies, services), tuple(run for run in answers if run and run.load))


def scenario_settings(seed: int, load: float | None, bound: float) -> dict[str, Any]:
    """Return the settings by which queries arrive by chance (Poisson), so many a second.

    Without a load each comes when the one before is answered.
    """
    settings = {"seed": seed, "seconds": LEAST_SECONDS}
    if load is None:
        return {**settings, "scenario": SINGLE_STREAM, "queries": SINGLE_QUERIES, "most_seconds": 0}
    return {
        **settings,
        "scenario": SERVER,
        "queries": SERVER_QUERIES,
        "most_seconds": MOST_SECONDS,
        "queries_per_second": load,
        "bound": bound,
        "quantile": QUANTILE,
    }


def run_scenario(worker: RunningWorker, folder: Path, settings: Mapping[str, Any], load: float | None) -> Answered:
    """Run one of LoadGen's scenarios with these settings, at a load where it has one."""
    name = f"{worker.entrant.key}-seed-{settings['seed']}-{settings['scenario']}" + (f"-{load:.3f}" if load else "")
    answer = worker.ask({"do": "load", "logs": str(folder / name), **settings}, TIMEOUT)
    latencies, services = (
        tuple(nanoseconds * NANOSECONDS for nanoseconds in answer[name]) for name in ("latencies", "services")
    )
    return Answered(load, latencies, services)


def describe_load(bound: float) -> dict[str, Any]:
    """Return the settings of the scenarios: the bound in seconds, its quantile, and how much of each load there is."""
    return {
        "bound": bound,
        "quantile": QUANTILE,
        "single_stream": {"runs": SINGLE_BLOCKS, "queries": SINGLE_QUERIES},
        "server": {"runs": SERVER_BLOCKS, "queries": SERVER_QUERIES},
        "least_seconds": LEAST_SECONDS,
        "most_seconds": MOST_SECONDS,
    }


def highest_loads(measured: Measured[LoadRecord], bound: float) -> Measured[HighestLoadRecord]:
    """Find the highest load within the bound of every contender, and what each launch says of it.

    A contender that has none, whichever launch is left out, has no answer.
    """
    records: dict[str, tuple[HighestLoadRecord, ...]] = {}
    failures = dict(measured.failures)
    for key, launches in measured.records.items():
        loads = highest_loads_by_launch([record.services for record in launches], bound, QUANTILE)
        if loads is not None:
            records[key] = tuple(
                HighestLoadRecord(load, record.loaded) for load, record in zip(loads, launches, strict=True)
            )
        elif launches:
            failures[key] = NoAnswer(why_no_load(launches, bound))
    return Measured(
        records,
        failures,
        measured.stolen,
        out_of_time=measured.out_of_time,
        frequencies=measured.frequencies,
        broken_off=measured.broken_off,
        sleeps=measured.sleeps,
        others=measured.others,
    )


def why_no_load(records: Sequence[LoadRecord], bound: float) -> str:
    """Say why a contender keeps the bound under no load that can be told."""
    services = [service for record in records for service in record.services]
    over = sum(service >= bound for service in services)
    return (
        f"no load can be told that keeps {QUANTILE * 100:g} of 100 queries within {bound * 1e3:g} ms in every launch: "
        f"serving one takes {statistics.median(services) * 1e3:.0f} ms, and {over} of {len(services)} took the bound "
        "or more without any waiting; give --latency-bound more, or let the machine settle"
    )
