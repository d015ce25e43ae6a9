"""Stored rounds, read three ways: how much estimators spread between runs, what they hold, which changes they find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from runoff.errors import UsageError
from runoff.judge.ratios import (
    COMPARISON_ERROR,
    CONFIDENCE,
    Estimate,
    Ratio,
    change_estimate,
    difference_p_value,
)
from runoff.judge.three_ratios import Found, Numbers, Times, student
from runoff.stored.json_file import read_json
from runoff.stored.run import parse_run
from runoff.stored.samples import INFERENCE, launches
from trust.undisturbed.candidates import by_jackknife, covers, log_ratio, share
from trust.undisturbed.machines import LAUNCHES, ROUNDS

REFERENCE = "pytorch"
CONTROLS = ("pytorch_control",)
PROBES = ("arithmetic",)
CHANGES = (0.0, 0.03, 0.05, 0.1)
MICROSECONDS = "_us"
Run = dict[str, Times]
"""The log times of contenders, by launch and round."""
Series = Mapping[str, list[Run]]
"""Runs by what they are of: a file's name without its number."""


class NoRuns(UsageError):
    """A folder has no stored rounds of two runs or more.

    Remedy: give a folder with runs of one series, as [the experiment](undisturbed.md) takes them.
    """


def read_series(folder: Path) -> dict[str, list[Run]]:
    """Read every file of a folder that has rounds of the reference: stored runs, raw runs and raw rounds.

    A file of raw rounds is cut into runs of the usual budget. Raises NoRuns where there are none.
    """
    found: defaultdict[str, list[Run]] = defaultdict(list)
    for file in sorted(folder.glob("*.json")):
        runs = [run for run in runs_of(read_json(file)) if REFERENCE in run]
        found[file.stem.rstrip("0123456789").rstrip("-_.")].extend(runs)
    series = {name: runs for name, runs in found.items() if len(runs) > 1}
    if not series:
        raise NoRuns(f"{folder} has no two runs with rounds of {REFERENCE}; give a folder of stored runs")
    return series


def runs_of(stored: Any) -> list[Run]:
    """Read the runs of one file; none where it is something else."""
    if isinstance(stored, list):
        return cut({name: [entry[name] for entry in stored] for name in stored[0] if name.endswith(MICROSECONDS)})
    if "inference_seconds" in stored:
        count = stored["control"]["launches"]
        return [{name: by_launch(times, count) for name, times in stored["inference_seconds"].items()}]
    if "machine_info" in stored:
        run = parse_run(stored)
        times = {name: launches(run, INFERENCE, name) for name in run.stratum.contenders}
        return [{name: np.log(rounds) for name, rounds in times.items() if rounds}]
    return []


def cut(series: Mapping[str, list[Any]]) -> list[Run]:
    """Cut a long series of rounds into runs; what is no contender is left out, and the rest at the end too."""
    length = LAUNCHES * ROUNDS
    numbers = {
        who: values
        for who, values in ((name.removesuffix(MICROSECONDS), values) for name, values in series.items())
        if isinstance(values[0], (int, float)) and who not in PROBES
    }
    count = min(map(len, numbers.values())) // length
    return [
        {name: by_launch(values[place * length : (place + 1) * length], LAUNCHES) for name, values in numbers.items()}
        for place in range(count)
    ]


def by_launch(times: Iterable[float], count: int) -> Times:
    """Return log times by launch and round."""
    return np.log(np.asarray(list(times), dtype=np.float64).reshape(count, -1))


def examine(name: str, series: Series) -> dict[str, Any]:
    """Say how one estimator fares on every series."""
    return {kind: examine_one(name, runs) for kind, runs in series.items()}


def examine_one(name: str, runs: list[Run]) -> dict[str, Any]:
    """Say of each contender how its ratios spread and are held by intervals, and which changes are found."""
    contenders = [who for who in runs[0] if who != REFERENCE and who not in CONTROLS]
    reference = np.stack([run[REFERENCE] for run in runs])
    changes = [find_changes(by_jackknife(name, stack(runs, who), reference)) for who in contenders]
    equals = [twins(name, stack(runs, who)) for who in (*contenders, REFERENCE)]
    controls = [who for who in CONTROLS if who in runs[0]]
    return {
        "runs": len(runs),
        "contenders": {who: spread(name, runs, who) for who in contenders},
        "found between runs": average(changes),
        "found within a run": average([find_within(twin) for twin in equals]),
        "equals": held([*equals, *(by_jackknife(name, stack(runs, who), reference) for who in controls)]),
    }


def stack(runs: list[Run], who: str) -> Times:
    """Put one contender's runs into one array."""
    return np.stack([run[who] for run in runs])


def spread(name: str, runs: list[Run], who: str) -> dict[str, Any]:
    """Say how a contender's ratio differs between runs, and whether their intervals hold that of all rounds."""
    times, reference = stack(runs, who), stack(runs, REFERENCE)
    found = by_jackknife(name, times, reference)
    pooled = float(log_ratio(name, *(values.reshape(1, -1, values.shape[-1]) for values in (times, reference)))[0])
    return {
        "ratios": rounded(np.exp(found.value)),
        "half_widths": rounded(np.expm1(found.reach)),
        "apart": rounded(found.apart),
        "spread": float(found.value.std(ddof=1)),
        "holds_the_pooled": share(covers(found, pooled)),
        "holds_the_pooled_widened": share(covers(found.widened, pooled)),
    }


def twins(name: str, times: Times) -> Found:
    """Compare a contender with itself: its even rounds with its odd ones."""
    even = times.shape[-1] // 2 * 2
    return by_jackknife(name, times[..., 0:even:2], times[..., 1:even:2])


def held(equals: list[Found]) -> dict[str, float]:
    """Say how often the interval of two equals holds 1, and how far it reaches."""
    return {
        "hold_1": share(np.concatenate([covers(found, 0.0) for found in equals])),
        "hold_1_widened": share(np.concatenate([covers(found.widened, 0.0) for found in equals])),
        "half_width": float(np.expm1(np.median(np.concatenate([found.reach for found in equals])))),
    }


def find_within(found: Found) -> dict[str, dict[str, float]]:
    """Say how often a change that was put into one of two equals is found in their run."""
    return {
        how: {
            f"{change:.0%}": share(np.array([claims(estimate) for estimate in estimates(shown, np.log1p(change))]))
            for change in CHANGES
        }
        for how, shown in (("plain", found), ("widened", found.widened))
    }


def find_changes(found: Found) -> dict[str, dict[str, float]]:
    """Say how often a change that was put into the later of two runs is found between them, by the test of the gate."""
    kinds = {}
    for how, shown in (("plain", found), ("widened", found.widened)):
        ratios = [ratio_of(estimate) for estimate in estimates(shown)]
        kinds[how] = {
            f"{change:.0%}": share(
                np.array(
                    [
                        claims(shifted(change_estimate(before, after), float(np.log1p(change))))
                        for before, after in permutations(ratios, 2)
                    ]
                )
            )
            for change in CHANGES
        }
    return kinds


def estimates(found: Found, shift: float = 0.0) -> list[Estimate]:
    """Return each run's estimate with its standard error."""
    errors = found.reach / student(LAUNCHES)
    pairs = zip(found.value.tolist(), errors.tolist(), strict=True)
    return [Estimate(value + shift, error, LAUNCHES - 1) for value, error in pairs]


def ratio_of(found: Estimate) -> Ratio:
    """Return an estimate as a run stores it."""
    reach = found.error * student(LAUNCHES)
    low, high = np.exp([found.mean - reach, found.mean + reach]).tolist()
    return Ratio(float(np.exp(found.mean)), low, high, CONFIDENCE, LAUNCHES, CONFIDENCE)


def shifted(found: Estimate, shift: float) -> Estimate:
    """Return an estimate of what changed by so much more."""
    return Estimate(found.mean + shift, found.error, found.degrees)


def claims(found: Estimate) -> bool:
    """Whether a difference is claimed of one comparison."""
    return difference_p_value(found) < COMPARISON_ERROR


def average(found: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Return the mean over contenders of each figure."""
    return {
        how: {change: float(np.mean([one[how][change] for one in found])) for change in found[0][how]}
        for how in found[0]
    }


def rounded(values: Numbers) -> list[float]:
    """Return numbers as a table has them."""
    return [round(value, 4) for value in values.tolist()]
