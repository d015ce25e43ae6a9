"""Injected slow-downs of a real contender: how often each is found, on the quiet machine and beside a neighbour."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from runoff.judge.ratios import FASTER, INVALID, SLOWER
from runoff.measure.launches import CONTROL
from runoff.measure.race import LaunchRecord
from runoff.record.race import Judged, inferences
from trust import slowed
from trust.field import REFERENCE, Field, make_setup, race_of
from trust.settings import Settings


def detect(field: Field) -> dict[str, Any]:
    """Race ONNX Runtime with itself slowed down by known shares, three times over, and count what is found.

    The third is beside a neighbour as for a user who may not give workers a high priority.
    """
    burning, settings = burning_one_core, field.settings
    conditions = {
        "quiet": Condition("quiet", settings.pool_launches),
        "neighbour": Condition("neighbour", settings.neighbour_launches, burning),
        "neighbour, workers not first": Condition("unprivileged", settings.unprivileged_launches, burning, False),
    }
    return {"conditions": {name: pool_and_draw(field, how) for name, how in conditions.items()}}


@dataclass(frozen=True)
class Condition:
    """How a pool is measured: its launches, beside what, and whether its workers have a high priority."""

    name: str
    launches: int
    disturbance: Callable[[], AbstractContextManager[None]] = nullcontext
    high_priority: bool = True


@contextmanager
def burning_one_core() -> Iterator[None]:
    """Keep one core busy until the block is left; the process ends by itself when this one is gone."""
    code = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(100000))"
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as burner:
        try:
            yield
        finally:
            burner.kill()


def pool_and_draw(field: Field, how: Condition) -> dict[str, Any]:
    """Measure a pool of launches, draw runs of the default budget from it, and judge each as a real run is judged."""
    field.say(f"racing slowed contenders, {how.name}: {how.launches} launches")
    plain = field.entrants["slowed-0"]
    entrants = [dataclasses.replace(plain, key=key) for key in (REFERENCE, CONTROL)]
    entrants += [entrant for entrant in field.entrants.values() if entrant.backend is plain.backend]
    setup = make_setup(field, entrants, how.launches, how.name, high_priority=how.high_priority)
    with how.disturbance():
        pool = race_of(setup, field.settings.rounds)
    records = pool.race.records[REFERENCE]
    return {
        "launches": how.launches,
        "went_first": all(record.high_priority for record in records),
        "reference_median_ms": 1e3 * float(np.median([record.rounds for record in records])),
        "drawn_runs": field.settings.drawn_runs,
        "shares": judge_shares(pool, field.settings),
    }


def judge_shares(pool: Judged[LaunchRecord], settings: Settings) -> list[dict[str, Any]]:
    """Say for each injected share what it came out as, and in what share of drawn runs it was called slower or faster.

    A drawn run is ``settings.launches`` launches of the pool, drawn without replacement.
    """
    random = Random(settings.seed)
    records = pool.race.records
    names = {f"slowed-{variant.name}": variant.load_options["share"] for variant in slowed.VARIANTS}
    verdicts: dict[str, list[str]] = {name: [] for name in names}
    for _ in range(settings.drawn_runs):
        chosen = sorted(random.sample(range(len(records[REFERENCE])), settings.launches))
        drawn = {key: tuple(launches[place] for place in chosen) for key, launches in records.items()}
        run = dataclasses.replace(pool, race=dataclasses.replace(pool.race, records=drawn))
        standings = run.standings(inferences)
        for name in names:
            verdicts[name].append(standings[name].verdict)
    pooled, ratios = pool.log_ratios(inferences), pool.standings(inferences)
    return [
        {
            "injected": share,
            "measured": ratios[name].value,
            "interval": (ratios[name].low, ratios[name].high),
            "launch_spread": float(np.std(pooled[name], ddof=1)),
            "slower": verdicts[name].count(SLOWER) / settings.drawn_runs,
            "faster": verdicts[name].count(FASTER) / settings.drawn_runs,
            "invalid": verdicts[name].count(INVALID) / settings.drawn_runs,
        }
        for name, share in names.items()
    ]
