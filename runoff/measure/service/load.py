"""Latency under load, by MLCommons LoadGen: one query after another, and Poisson arrivals at the highest load."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from runoff.contract import NoAnswer
from runoff.measure.launch import NANOSECONDS
from runoff.measure.race import Measured
from runoff.measure.service.launches import Course, run_exercise
from runoff.measure.service.loadgen import SERVER, SINGLE_STREAM
from runoff.measure.turns import Lane, Turns
from runoff.queueing import highest_load

QUANTILE = 0.99
QUERIES = 60
"""So many from each of five launches bound the 99th percentile together (runoff.diagnostics.samples_needed)."""
LEAST_SECONDS = 1.0
MOST_SECONDS = 5.0
PICTURES = 64


@dataclass(frozen=True)
class Answered:
    """A run of LoadGen, in seconds by query: from when each was due to its answer, and what serving it alone took.

    ``load`` is in queries per second, None for a single stream.
    """

    load: float | None
    latencies: tuple[float, ...]
    services: tuple[float, ...]


@dataclass(frozen=True)
class LoadRecord:
    """What one launch yields: a single stream, and the loads that were tried.

    ``highest`` is the one of these that was found to be the highest within the bound, None where there is no such load.
    """

    single_stream: Answered
    tried: tuple[Answered, ...]
    highest: Answered | None


def measure_load(course: Course, bound: float) -> Measured[LoadRecord]:
    """Put every contender under a single stream, and then under the highest load that keeps the bound, in seconds.

    That load is computed from what serving a query takes (runoff.queueing): first alone, then, since a server that has
    idled or been busy may be another, as measured under the load first found. All contenders have the same arrivals
    in a launch, faster or slower.
    """

    def exercise(turns: Turns, launch: int) -> dict[str, LoadRecord]:
        alone: dict[str, Answered] = {}
        first: dict[str, Answered | None] = {}
        second: dict[str, Answered | None] = {}
        seed = course.seed + launch

        def single(lane: Lane) -> None:
            alone[lane.entrant.key] = run_single_stream(course, lane, seed)

        def try_first(lane: Lane) -> None:
            typical = statistics.median(alone[lane.entrant.key].services)
            first[lane.entrant.key] = run_highest(course, lane, [typical], bound, seed)

        def try_again(lane: Lane) -> None:
            before = first[lane.entrant.key]
            services = [*alone[lane.entrant.key].services, *before.services] if before else []
            second[lane.entrant.key] = run_highest(course, lane, services, bound, seed) if services else None

        for unit in (single, try_first, try_again):
            turns.everyone(unit)
            course.progress.step()
        return {
            key: LoadRecord(
                alone[key], tuple(each for each in (first[key], second[key]) if each is not None), second[key]
            )
            for key in turns.running()
        }

    return run_exercise(course, exercise, name="load", steps=3)


def run_highest(course: Course, lane: Lane, services: Sequence[float], bound: float, seed: int) -> Answered | None:
    """Put a worker under the highest load that these service times allow within the bound; None where there is none."""
    load = highest_load(services, bound, QUANTILE, seed)
    return run_server(course, lane, seed, load, bound) if load is not None else None


def run_single_stream(course: Course, lane: Lane, seed: int) -> Answered:
    """Let queries come when the one before is answered."""
    settings = {"queries": QUERIES, "seconds": LEAST_SECONDS, "most_seconds": 0}
    return run_scenario(course, lane, seed, SINGLE_STREAM, None, settings)


def run_server(course: Course, lane: Lane, seed: int, load: float, bound: float) -> Answered:
    """Let queries arrive by chance (Poisson), so many a second."""
    settings = {
        "queries": QUERIES,
        "seconds": LEAST_SECONDS,
        "most_seconds": MOST_SECONDS,
        "queries_per_second": load,
        "bound": bound,
        "quantile": QUANTILE,
    }
    return run_scenario(course, lane, seed, SERVER, load, settings)


def run_scenario(
    course: Course, lane: Lane, seed: int, scenario: str, load: float | None, settings: dict[str, float]
) -> Answered:
    """Run one of LoadGen's scenarios; its logs go into the run's own folder."""
    folder = f"{lane.entrant.key}-seed-{seed}-{scenario}" + (f"-{load:.3f}" if load else "")
    command = {
        "do": "load",
        "scenario": scenario,
        "images": str(course.images),
        "pictures": PICTURES,
        "seed": seed,
        "logs": str(course.working / "loadgen" / folder),
        **settings,
    }
    answer = lane.ask(command, course.timeouts.load)
    latencies, services = (tuple(each * NANOSECONDS for each in answer[name]) for name in ("latencies", "services"))
    return Answered(load, latencies, services)


def describe_load(bound: float) -> dict[str, float]:
    """Give the settings of the scenarios: the bound in seconds, its quantile, and how much of each load there is."""
    return {
        "bound": bound,
        "quantile": QUANTILE,
        "queries": QUERIES,
        "least_seconds": LEAST_SECONDS,
        "most_seconds": MOST_SECONDS,
    }


def within_bound(measured: Measured[LoadRecord], bound: float) -> Measured[LoadRecord]:
    """Leave those that have a highest load within the bound in every launch; the others have none to compare."""
    records = {
        key: found for key, found in measured.records.items() if found and all(record.highest for record in found)
    }
    failures = dict(measured.failures)
    for key, found in measured.records.items():
        if found and key not in records:
            failures[key] = NoAnswer(why_no_load(found, bound))
    return Measured(records, failures, measured.stolen, measured.look, measured.out_of_time, measured.frequencies)


def why_no_load(records: Sequence[LoadRecord], bound: float) -> str:
    """Say why a contender keeps the bound under no load."""
    without = [record for record in records if record.highest is None]
    services = [each for record in without for run in (record.single_stream, *record.tried) for each in run.services]
    over = sum(each >= bound for each in services)
    launches = f"{len(without)} of {len(records)} launches"
    return (
        f"no load keeps {QUANTILE * 100:g} of 100 queries within {bound * 1e3:g} ms in {launches}: serving one takes "
        f"{statistics.median(services) * 1e3:.0f} ms, and {over} of {len(services)} took the bound or more without any "
        "waiting; give --latency-bound more, or let the machine settle"
    )
