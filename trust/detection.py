"""Injected slow-downs of a real contender: how often each is found, on the quiet machine and beside a neighbour."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from runoff.judge.ratios import FASTER, INVALID, SLOWER, estimate, interval
from runoff.judge.standings import Rules
from runoff.measure.launches import CONTROL
from runoff.measure.race import Race
from runoff.record.race import log_ratios, standings
from trust import slowed
from trust.field import Field, race_of
from trust.neighbour import burning_one_core
from trust.settings import Settings

REFERENCE = "reference"


def detect(field: Field, settings: Settings, tell: Callable[[str], None]) -> dict[str, Any]:
    """Race ONNX Runtime with itself slowed down by known shares, three times over, and count what is found.

    The third is beside a neighbour as for a user who may not give workers a high priority.
    """
    burning = burning_one_core
    conditions = {
        "quiet": Condition("quiet", settings.pool_launches),
        "neighbour": Condition("neighbour", settings.neighbour_launches, burning),
        "neighbour, workers not first": Condition("unprivileged", settings.unprivileged_launches, burning, False),
    }
    return {"conditions": {name: pool_and_draw(field, settings, how, tell) for name, how in conditions.items()}}


@dataclass(frozen=True)
class Condition:
    """How a pool is measured: its launches, beside what, and whether its workers have a high priority."""

    name: str
    launches: int
    disturbance: Callable[[], AbstractContextManager[None]] = nullcontext
    high_priority: bool = True


def pool_and_draw(field: Field, settings: Settings, how: Condition, tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure a pool of launches, draw runs of the default budget from it, and judge each as a real run is judged."""
    tell(f"racing slowed contenders, {how.name}: {how.launches} launches")
    plain = field.entrants["slowed-0"]
    entrants = [dataclasses.replace(plain, key=key) for key in (REFERENCE, CONTROL)]
    entrants += [entrant for entrant in field.entrants.values() if entrant.backend is plain.backend]
    with how.disturbance():
        race = race_of(
            field,
            entrants,
            how.launches,
            rounds=settings.rounds,
            seed=settings.seed,
            name=how.name,
            high_priority=how.high_priority,
        )
    return {
        "launches": how.launches,
        "went_first": all(record.high_priority for record in race.records[REFERENCE]),
        "reference_median_ms": 1e3 * float(np.median([record.rounds for record in race.records[REFERENCE]])),
        "drawn_runs": settings.drawn_runs,
        "shares": found_shares(race, settings),
    }


def found_shares(race: Race, settings: Settings) -> list[dict[str, Any]]:
    """Say for each injected share what it came out as, and in what share of drawn runs it was called slower or faster.

    A drawn run is ``settings.launches`` launches of the pool, drawn without replacement.
    """
    random = Random(settings.seed)
    launches = len(race.records[REFERENCE])
    names = {f"slowed-{variant.name}": variant.load_options["share"] for variant in slowed.VARIANTS}
    verdicts: dict[str, list[str]] = {name: [] for name in names}
    for _ in range(settings.drawn_runs):
        chosen = sorted(random.sample(range(launches), settings.launches))
        drawn = Race({key: tuple(records[place] for place in chosen) for key, records in race.records.items()}, {}, 0.0)
        judged = standings(drawn, REFERENCE, lambda record: record.rounds, Rules())
        for name, found in verdicts.items():
            found.append(judged[name].verdict)
    pooled = log_ratios(race, REFERENCE, lambda record: record.rounds)
    return [
        {
            "injected": share,
            "measured": float(np.exp(estimate(pooled[name]).mean)),
            "interval": interval(estimate(pooled[name]), 0.95),
            "launch_spread": float(np.std(pooled[name], ddof=1)),
            "slower": verdicts[name].count(SLOWER) / settings.drawn_runs,
            "faster": verdicts[name].count(FASTER) / settings.drawn_runs,
            "invalid": verdicts[name].count(INVALID) / settings.drawn_runs,
        }
        for name, share in names.items()
    ]
