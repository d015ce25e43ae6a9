"""Equals raced by Runoff and benchmarked by plain pytest-benchmark, in turns and for the same time."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from runoff.errors import WorkerCrashed
from runoff.judge.ratios import (
    CONFIDENCE,
    FASTER,
    SLOWER,
    Ratio,
    change_estimate,
    claim_p_values,
    difference_p_value,
    estimate,
)
from runoff.judge.standings import Rules
from runoff.measure.launches import CONTROL
from runoff.measure.race import Race
from runoff.processes.process import ROOT
from runoff.record.race import log_ratios, standings
from trust.field import Field, race_of
from trust.settings import Settings

SUITE_TIMEOUT = 900


def compare_side_by_side(field: Field, settings: Settings, tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure twins of one contender by both ways in turns; every ratio between twins should be 1.

    Gives, for each way: the spread of the logarithms of all pairs' ratios, the share of pairs that are off by more than
    2 and 5 %, and how often it would have called twins different.
    """
    races: list[Race] = []
    plain: list[list[list[float]]] = []
    for block in range(settings.blocks):
        tell(f"twins side by side, block {block + 1} of {settings.blocks}")
        begin = time.monotonic()
        races.append(race_twins(field, settings, block))
        plain.append(benchmark_twins(field, settings, time.monotonic() - begin))
    ours = [ratio for race in races for ratio in pair_log_ratios(race)]
    theirs = [float(np.log(np.median(one) / np.median(other))) for run in plain for one, other in pairs(run)]
    return {
        "blocks": settings.blocks,
        "twins": settings.twins,
        "runoff": spread(ours) | {"false_alarms": claimed(races), **between_runs(races)},
        "plain": spread(theirs) | {"false_alarms": t_test_alarms(plain)},
        "spread_ratio": float(np.std(theirs) / np.std(ours)),
    }


def race_twins(field: Field, settings: Settings, block: int) -> Race:
    """Race as many twins as asked for, the first being the reference and the second the control."""
    twin = field.entrants["slowed-0"]
    keys = ["reference", CONTROL, *(f"twin{number}" for number in range(2, settings.twins))]
    entrants = [dataclasses.replace(twin, key=key) for key in keys]
    seed = settings.seed + block
    return race_of(field, entrants, settings.launches, rounds=settings.rounds, seed=seed, name=f"twins{block}")


def benchmark_twins(field: Field, settings: Settings, seconds: float) -> list[list[float]]:
    """Run the plain suite for about as many seconds and give every twin's raw times.

    Raises WorkerCrashed where it fails.
    """
    entrant = field.entrants["slowed-0"]
    result = field.place.working / "plain.json"
    command = [sys.executable, "-m", "pytest", "-q", "--noconftest", "-c", os.devnull, "--rootdir", str(ROOT / "trust")]
    command += ["-p", "no:cacheprovider", str(ROOT / "trust" / "plain_suite.py")]
    command += [f"--benchmark-json={result}", "--benchmark-save-data", f"--benchmark-storage={field.place.working}"]
    command += [f"--benchmark-max-time={seconds / settings.twins}"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "RUNOFF_TRUST_ARTIFACT": str(entrant.artifact),
            "RUNOFF_TRUST_IMAGES": str(field.images),
            "RUNOFF_TRUST_THREADS": str(entrant.threads),
            "RUNOFF_TRUST_TWINS": str(settings.twins),
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
    """Give all pairs of different twins."""
    return list(itertools.combinations(values, 2))


def pair_log_ratios(race: Race) -> list[float]:
    """Give the log-ratio of every pair of twins in a race."""
    keys = list(race.records)
    return [
        estimate(values).mean
        for place, first in enumerate(keys)
        for other, values in log_ratios(race, first, lambda record: record.rounds).items()
        if keys.index(other) > place
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


def judged_twins(race: Race) -> dict[str, Ratio]:
    """Judge every twin but the reference and its control as a user's run is judged."""
    judged = standings(race, "reference", lambda record: record.rounds, Rules())
    return {key: standing for key, standing in judged.items() if key not in ("reference", CONTROL)}


def claimed(races: Sequence[Race]) -> float:
    """Give the share of twins that Runoff called faster or slower than the reference."""
    verdicts = [standing.verdict for race in races for standing in judged_twins(race).values()]
    return sum(verdict in (FASTER, SLOWER) for verdict in verdicts) / len(verdicts)


def between_runs(races: Sequence[Race]) -> dict[str, float | int]:
    """Compare every run with every later one, as `runoff compare` does, and count changes claimed of equals."""
    alarms = comparisons = 0
    for base, head in pairs([judged_twins(race) for race in races]):
        changes = {key: difference_p_value(change_estimate(base[key], head[key])) for key in base}
        alarms += sum(claim < 1 - CONFIDENCE for claim in claim_p_values(changes).values())
        comparisons += len(changes)
    return {"comparisons_between_runs": comparisons, "false_alarms_between_runs": alarms / max(1, comparisons)}


def t_test_alarms(runs: Sequence[Sequence[Sequence[float]]]) -> float:
    """Give the share of pairs that Welch's t test over raw rounds, as is commonly done, calls different at 5 %."""
    found = [stats.ttest_ind(one, other, equal_var=False).pvalue < 0.05 for run in runs for one, other in pairs(run)]
    return float(np.mean(found))
