"""From what a probe found in a race to what is stored of it, and the warning where too few rounds were quiet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from runoff.judge.disturbance import UNKNOWN, disturbance
from runoff.judge.ratios import Ratio
from runoff.measure.probe import Probed, Reading
from runoff.stored.precision import remedy
from runoff.stored.probe import ProbedLaunch, StoredProbe, work_times
from runoff.text import numbers

FEWEST_QUIET = 0.2
"""Below this share of quiet rounds, what the machine does undisturbed is seen too rarely."""
DIGITS = 7
"""A tenth of a microsecond, of work that takes a thousand."""


def stored_probe(probed: Probed) -> StoredProbe:
    """Return what is stored of a probe, with what all of its readings together show."""
    launches = tuple(map(stored_launch, probed.launches))
    stored = StoredProbe(probed.processors, launches, None, probed.reason)
    if not any(launch.rounds for launch in launches):
        return stored if probed.reason else structs.replace(stored, reason="no round was measured")
    return structs.replace(stored, found=disturbance(work_times(launches)))


def stored_launch(readings: Sequence[Reading]) -> ProbedLaunch:
    """Turn the readings of a launch into columns."""
    return ProbedLaunch(
        rounds=tuple(reading.round for reading in readings),
        moments=tuple(round(reading.moment, 3) for reading in readings),
        arithmetic=by_processor([reading.arithmetic for reading in readings]),
        memory=by_processor([reading.memory for reading in readings]),
        switches=tuple(reading.switches for reading in readings),
        stolen=tuple(None if reading.stolen is None else round(reading.stolen, 3) for reading in readings),
    )


def by_processor(readings: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """Turn what processors took in each reading into a column for each of them, in as many digits as say anything."""
    return tuple(tuple(round(time, DIGITS) for time in times) for times in zip(*readings, strict=True))


def probe_warnings(probe: StoredProbe, ratios: Mapping[str, Ratio], planned: int) -> list[str]:
    """Say where so few rounds were quiet that the undisturbed machine was hardly seen.

    The remedy names how many launches the ``ratios`` take, of a run that was to have so many as ``planned``.
    """
    found = probe.found
    if found is None or found.pattern == UNKNOWN or found.quiet_share >= FEWEST_QUIET:
        return []
    return [
        f"the machine was seldom quiet: the probe found {numbers.percent(found.quiet_share)} of the rounds quiet, and "
        f"what disturbs the others may slow one contender more than another; {remedy(ratios, planned)}, measure at "
        "another hour, or take a dedicated machine"
    ]
