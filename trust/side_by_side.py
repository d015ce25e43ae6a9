"""Equals raced by Runoff and benchmarked by plain pytest-benchmark, in turns and for the same time."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runoff.errors import WorkerCrashed
from runoff.judge.ratios import FASTER, SLOWER, Ratio, difference_p_value
from runoff.measure.entrant import Example, start_request
from runoff.measure.launches import CONTROL
from runoff.measure.race import LaunchRecord
from runoff.processes.surroundings import ROOT
from runoff.record.race import Judged, inferences
from trust.field import REFERENCE, Field, make_setup, race_of
from trust.simulated import count_claims

SUITE_TIMEOUT = 900


def compare_side_by_side(field: Field) -> dict[str, Any]:
    """Measure twins of one contender by both ways in turns; every ratio between twins should be 1.

    Returns, for each way: the spread of the logarithms of all pairs' ratios, the share of pairs that are off by more
    than 2 and 5 %, and how often it would have called twins different.
    """
    settings = field.settings
    races: list[Judged[LaunchRecord]] = []
    plain: list[list[list[float]]] = []
    for block in range(settings.blocks):
        field.say(f"twins side by side, block {block + 1} of {settings.blocks}")
        begin = time.monotonic()
        races.append(race_twins(field, block))
        plain.append(benchmark_twins(field, time.monotonic() - begin))
    ours = [ratio for race in races for ratio in pair_log_ratios(race)]
    theirs = [float(np.log(np.median(twin) / np.median(other))) for run in plain for twin, other in pairs(run)]
    return {
        "blocks": settings.blocks,
        "twins": settings.twins,
        "runoff": spread(ours) | {"false_alarms": claimed(races), **between_runs(races)},
        "plain": spread(theirs) | {"false_alarms": t_test_alarms(plain)},
        "spread_ratio": float(np.std(theirs) / np.std(ours)),
    }


def race_twins(field: Field, block: int) -> Judged[LaunchRecord]:
    """Race as many twins as asked for, the first being the reference and the second the control."""
    twin, settings = field.entrants["slowed-0"], field.settings
    keys = [REFERENCE, CONTROL, *(f"twin{number}" for number in range(2, settings.twins))]
    entrants = [dataclasses.replace(twin, key=key) for key in keys]
    setup = make_setup(field, entrants, settings.launches, f"twins{block}")
    return race_of(dataclasses.replace(setup, seed=settings.seed + block), settings.rounds)


def benchmark_twins(field: Field, seconds: float) -> list[list[float]]:
    """Run the plain suite for about as many seconds and return every twin's raw times.

    Raises WorkerCrashed where it fails.
    """
    entrant, twins = field.entrants["slowed-0"], field.settings.twins
    result = field.place.working / "plain.json"
    command = [sys.executable, "-m", "pytest", "-q", "--noconftest", "-c", os.devnull, "--rootdir", str(ROOT / "trust")]
    command += ["-p", "no:cacheprovider", str(ROOT / "trust" / "plain_suite.py")]
    command += [f"--benchmark-json={result}", "--benchmark-save-data", f"--benchmark-storage={field.place.working}"]
    command += [f"--benchmark-max-time={seconds / twins}"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "RUNOFF_TRUST_REQUEST": json.dumps(start_request(entrant, Example(field.files, 0))),
            "RUNOFF_TRUST_TWINS": str(twins),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=SUITE_TIMEOUT,
    )
    if done.returncode:
        raise WorkerCrashed(f"the plain suite ended with exit code {done.returncode}: {done.stdout[-2000:]}")
    return [benchmark["stats"]["data"] for benchmark in json.loads(Path(result).read_text())["benchmarks"]]


def pairs(values: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Return all pairs of different twins."""
    return list(itertools.combinations(values, 2))


def pair_log_ratios(race: Judged[LaunchRecord]) -> list[float]:
    """Return the log-ratio of every pair of twins in a race."""
    return [
        float(np.mean(dataclasses.replace(race, reference=twin).log_ratios(inferences)[other]))
        for twin, other in pairs(list(race.race.records))
    ]


def spread(logarithms: Sequence[float]) -> dict[str, float]:
    """Describe how far the ratios of equals are from 1."""
    off = np.abs(np.expm1(np.abs(logarithms)))
    return {
        "pairs": len(logarithms),
        "spread": float(np.std(logarithms)),
        "worst": float(off.max()),
        "off_by_2_percent": float(np.mean(off > 0.02)),
        "off_by_5_percent": float(np.mean(off > 0.05)),
    }


def judged_twins(race: Judged[LaunchRecord]) -> dict[str, Ratio]:
    """Judge every twin but the reference and its control as a user's run is judged."""
    standings = race.standings(inferences)
    return {key: standing for key, standing in standings.items() if key not in (REFERENCE, CONTROL)}


def claimed(races: Sequence[Judged[LaunchRecord]]) -> float:
    """Return the share of twins that Runoff called faster or slower than the reference."""
    verdicts = [standing.verdict for race in races for standing in judged_twins(race).values()]
    return sum(verdict in (FASTER, SLOWER) for verdict in verdicts) / len(verdicts)


def between_runs(races: Sequence[Judged[LaunchRecord]]) -> dict[str, float | int]:
    """Compare every run with every later one, as `runoff compare` does, and count changes claimed of equals."""
    compared = pairs([judged_twins(race) for race in races])
    alarms = sum(count_claims(base, head, difference_p_value) for base, head in compared)
    comparisons = sum(len(base) for base, _ in compared)
    return {"comparisons_between_runs": comparisons, "false_alarms_between_runs": alarms / max(1, comparisons)}


def t_test_alarms(runs: Sequence[Sequence[Sequence[float]]]) -> float:
    """Return the share of pairs that Welch's t test over raw rounds, as is commonly done, calls different at 5 %."""
    from scipy import stats  # takes a second, which nothing else here needs

    tests = [stats.ttest_ind(twin, other, equal_var=False) for run in runs for twin, other in pairs(run)]
    return float(np.mean([test.pvalue < 0.05 for test in tests]))
