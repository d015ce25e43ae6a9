"""Small races made by hand, for the tests of what is said about a race."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runoff.errors import RunoffError
from runoff.measure.launches import CONTROL
from runoff.measure.race import LaunchRecord, Race

SECONDS = 0.020
ROUNDS = 6


def launch(
    seconds: Sequence[float], *, peak: int | None = 200_000_000, switches: int = 0, busy: float = 2.0
) -> LaunchRecord:
    """Make a launch's record with these rounds."""
    return LaunchRecord(
        durations={"interpreter start": 0.1, "import": 0.5, "load": 0.2, "first inference": 0.05},
        peaks={"import": 90_000_000, "steady inference": peak},
        rounds=tuple(seconds),
        busy_threads=busy,
        anonymous=peak and peak // 2,
        involuntary_switches=switches,
        high_priority=True,
    )


def launches(factor: float, count: int = 8, *, seed: int = 0, switches: int = 0) -> tuple[LaunchRecord, ...]:
    """Make launches of an entrant that takes this many times the usual seconds, with half a percent of noise."""
    random = np.random.default_rng(seed)
    return tuple(
        launch((factor * SECONDS * np.exp(random.normal(0.0, 0.005, ROUNDS))).tolist(), switches=switches)
        for _ in range(count)
    )


def make_race(
    failures: dict[str, RunoffError] | None = None,
    stolen: float | None = 0.0,
    frequencies: tuple[float | None, ...] = (),
    out_of_time: bool = False,
    **records: tuple[LaunchRecord, ...],
) -> Race:
    """Make a race of a reference, its control, and further entrants by name."""
    entrants = {"pytorch": launches(1.0, seed=1), CONTROL: launches(1.0, seed=2)} | records
    kept = {key: value for key, value in entrants.items() if value is not None}
    return Race(kept, failures or {}, stolen, out_of_time=out_of_time, frequencies=frequencies)


STEADY = tuple(launch([SECONDS] * ROUNDS) for _ in range(8))
