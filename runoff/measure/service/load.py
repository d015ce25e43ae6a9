"""Latency under load, by MLCommons LoadGen: one query after another, and Poisson arrivals up to the highest load."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from runoff.contract import NoAnswer
from runoff.measure.launch import NANOSECONDS
from runoff.measure.race import Measured
from runoff.measure.service.launches import Course, run_exercise
from runoff.measure.service.loadgen import SERVER, SINGLE_STREAM
from runoff.measure.turns import Lane, Turns

QUANTILE = 0.99
SINGLE_STREAM_QUERIES = 60
"""So many from each of five launches bound the 99th percentile together (runoff.diagnostics.samples_needed)."""
SERVER_QUERIES = 60
"""With so many, a load at which the 99th percentile just keeps the bound is as often found to keep it as not: the
largest of 60 lies below their common 99th percentile with probability 0.99^60 = 0.55."""
LEAST_SECONDS = 1.0
MOST_SECONDS = 5.0
SEARCH_STEPS = 3
LOWEST_SHARE = 0.2
HIGHEST_SHARES = (0.95, 1.1)
"""The search is between these shares of what the single stream would allow; its upper end is drawn by chance in every
launch, so that the steps of the search are no common grid that contenders could fall on one side of."""
PICTURES = 64


@dataclass(frozen=True)
class LoadStep:
    """One load that was tried: queries per second, the latency of each query in seconds, and whether the bound held."""

    queries_per_second: float
    latencies: tuple[float, ...]
    kept: bool


@dataclass(frozen=True)
class LoadRecord:
    """What one launch yields: the latencies of a single stream in seconds, and the loads tried in their order."""

    single_stream: tuple[float, ...]
    steps: tuple[LoadStep, ...]

    @property
    def highest(self) -> LoadStep | None:
        """The highest load that kept the bound, None where none did."""
        kept = [step for step in self.steps if step.kept]
        return max(kept, key=lambda step: step.queries_per_second, default=None)


@dataclass
class Search:
    """One worker's search within a launch: where it looks, and what it found so far."""

    single_stream: tuple[float, ...]
    low: float
    high: float
    steps: list[LoadStep] = field(default_factory=list)


def measure_load(course: Course, bound: float) -> Measured[LoadRecord]:
    """Put every contender under a single stream and then under loads, a bisection for the highest that keeps the bound.

    ``bound`` is in seconds. Within a launch all loads have the same arrivals, faster or slower.
    """
    random = Random(course.seed)

    def exercise(turns: Turns, launch: int) -> dict[str, LoadRecord]:
        searches: dict[str, Search] = {}

        def single(lane: Lane) -> None:
            latencies = run_single_stream(course, lane, launch)
            highest = random.uniform(*HIGHEST_SHARES) / statistics.median(latencies)
            searches[lane.entrant.key] = Search(latencies, LOWEST_SHARE * highest, highest)

        def search(lane: Lane) -> None:
            found = searches[lane.entrant.key]
            tried = [(step.queries_per_second, step.kept) for step in found.steps]
            load = next_load(found.low, found.high, tried)
            if load is not None and statistics.median(found.single_stream) < bound:
                found.steps.append(run_server(course, lane, launch, load, bound))

        turns.everyone(single)
        course.progress.step()
        for _ in range(SEARCH_STEPS + 1):
            turns.everyone(search)
            course.progress.step()
        return {key: LoadRecord(searches[key].single_stream, tuple(searches[key].steps)) for key in turns.running()}

    return run_exercise(course, exercise, name="load", steps=SEARCH_STEPS + 2)


def next_load(low: float, high: float, tried: Sequence[tuple[float, bool]]) -> float | None:
    """Give the next load of a bisection between two loads, None where it is at its end.

    ``tried`` are the loads so far, each with whether it kept the bound. Where none of a whole bisection did, the lowest
    is tried last.
    """
    lowest = low
    for load, kept in tried:
        low, high = (load, high) if kept else (low, load)
    if len(tried) < SEARCH_STEPS:
        return (low + high) / 2
    if len(tried) == SEARCH_STEPS and not any(kept for _, kept in tried):
        return lowest
    return None


def keeps(latencies: Sequence[float], bound: float) -> bool:
    """Tell whether the 99th percentile keeps the bound, by LoadGen's own rule.

    It takes the latency at index ⌊n × 0.99⌋ of n in ascending order (results.cc, ProcessLatencies).
    """
    return sorted(latencies)[math.floor(len(latencies) * QUANTILE)] <= bound


def run_single_stream(course: Course, lane: Lane, launch: int) -> tuple[float, ...]:
    """Give the latencies of queries that each come when the one before is answered."""
    settings = {"queries": SINGLE_STREAM_QUERIES, "seconds": LEAST_SECONDS, "most_seconds": 0}
    return run_scenario(course, lane, launch, SINGLE_STREAM, "single-stream", settings)


def run_server(course: Course, lane: Lane, launch: int, load: float, bound: float) -> LoadStep:
    """Give the latencies of queries that arrive by chance (Poisson), so many a second."""
    settings = {
        "queries": SERVER_QUERIES,
        "seconds": LEAST_SECONDS,
        "most_seconds": MOST_SECONDS,
        "queries_per_second": load,
        "bound": bound,
        "quantile": QUANTILE,
    }
    latencies = run_scenario(course, lane, launch, SERVER, f"server-{load:.3f}", settings)
    return LoadStep(load, latencies, keeps(latencies, bound))


def run_scenario(
    course: Course, lane: Lane, launch: int, scenario: str, folder: str, settings: dict[str, float]
) -> tuple[float, ...]:
    """Give the latencies of one of LoadGen's scenarios in seconds; its logs go into the run's own folder."""
    command = {
        "do": "load",
        "scenario": scenario,
        "images": str(course.images),
        "pictures": PICTURES,
        "seed": course.seed + launch,
        "logs": str(course.working / "loadgen" / f"{lane.entrant.key}-launch-{launch}-{folder}"),
        **settings,
    }
    answer = lane.ask(command, course.timeouts.load)
    return tuple(latency * NANOSECONDS for latency in answer["latencies"])


def describe_load(bound: float) -> dict[str, float]:
    """Give the settings of the scenarios: the bound in seconds, its quantile, and how much of each load there is."""
    return {
        "bound": bound,
        "quantile": QUANTILE,
        "single_stream_queries": SINGLE_STREAM_QUERIES,
        "server_queries": SERVER_QUERIES,
        "least_seconds": LEAST_SECONDS,
        "most_seconds": MOST_SECONDS,
        "search_steps": SEARCH_STEPS,
    }


def kept_bound(load: Measured[LoadRecord], bound: float) -> Measured[LoadRecord]:
    """Leave those that kept the bound under some load in every launch; the others have no highest load."""
    records = {key: found for key, found in load.records.items() if found and all(record.highest for record in found)}
    failures = dict(load.failures)
    for key, found in load.records.items():
        if found and key not in records:
            failures[key] = NoAnswer(why_no_load(key, found, bound))
    return Measured(records, failures, load.stolen, load.look, load.out_of_time, load.frequencies)


def why_no_load(key: str, records: Sequence[LoadRecord], bound: float) -> str:
    """Say how far a contender is from keeping the bound under any load."""
    without = [record for record in records if record.highest is None]
    limit = f"{bound * 1e3:g} ms for {QUANTILE * 100:g} of 100 queries"
    if not any(record.steps for record in without):
        alone = statistics.median(latency for record in without for latency in record.single_stream)
        return f"can't keep {limit}: one query alone takes {alone * 1e3:.0f} ms; give --latency-bound more"
    lowest = min(step.queries_per_second for record in without for step in record.steps)
    launches = f"{len(without)} of {len(records)} launches"
    return f"did not keep {limit} in {launches}, at {lowest:.2g} queries a second either; give --latency-bound more"
