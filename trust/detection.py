"""Injected slow-downs of a real contender: how often each is found, on the quiet machine and beside a neighbour."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np

from runoff.judge.ratios import FASTER, INVALID, SLOWER, estimate, interval
from runoff.measure.launch import LaunchRecord
from runoff.measure.race import CONTROL, Race
from runoff.processes import process
from runoff.record.race import Rules, log_ratios, standings
from trust import slowed
from trust.field import Field, race_of
from trust.neighbour import burning_one_core
from trust.settings import Settings

REFERENCE = "reference"
Pool = Mapping[str, tuple[LaunchRecord, ...]]


def detect(field: Field, settings: Settings, tell: Callable[[str], None]) -> dict[str, Any]:
    """Race ONNX Runtime with itself slowed down by known shares, three times over, and count what is found."""
    conditions = {
        "quiet": pool_and_draw(field, settings, "quiet", settings.pool_launches, nullcontext(), tell),
        "neighbour": pool_and_draw(field, settings, "neighbour", settings.neighbour_launches, burning_one_core(), tell),
        "neighbour, workers not first": unprivileged(field, settings, tell),
    }
    return {"conditions": conditions}


def unprivileged(field: Field, settings: Settings, tell: Callable[[str], None]) -> dict[str, Any]:
    """Do the same beside a neighbour where workers don't go first, as for a user without that permission."""
    with patch.object(process, "raise_priority", lambda pid: False):
        return pool_and_draw(field, settings, "unprivileged", settings.unprivileged_launches, burning_one_core(), tell)


def pool_and_draw(
    field: Field,
    settings: Settings,
    name: str,
    launches: int,
    disturbance: AbstractContextManager[None],
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Measure a pool of launches, draw runs of the default budget from it, and judge each as a real run is judged."""
    tell(f"racing slowed contenders, {name}: {launches} launches")
    plain = field.entrants["slowed-0"]
    entrants = [dataclasses.replace(plain, key=key) for key in (REFERENCE, CONTROL)]
    entrants += [entrant for entrant in field.entrants.values() if entrant.backend is plain.backend]
    with disturbance:
        race = race_of(field, entrants, name, launches=launches, rounds=settings.rounds, seed=settings.seed)
    return {
        "launches": launches,
        "went_first": all(record.urgent for record in race.records[REFERENCE]),
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
    names = {f"slowed-{variant.name}": variant.options["share"] for variant in slowed.VARIANTS}
    verdicts: dict[str, list[str]] = {name: [] for name in names}
    for _ in range(settings.drawn_runs):
        chosen = sorted(random.sample(range(launches), settings.launches))
        drawn = Race({key: tuple(records[place] for place in chosen) for key, records in race.records.items()}, {}, 0.0)
        judged = standings(drawn, REFERENCE, lambda record: record.rounds, (FASTER, SLOWER), Rules())
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
