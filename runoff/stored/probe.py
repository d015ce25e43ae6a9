"""What a probe found in a run's rounds, as it is stored, and how that is said in one sentence."""

from __future__ import annotations

from msgspec import Struct

from runoff.judge.disturbance import CONTINUUM, LEVELS, ONE_LEVEL, Disturbance
from runoff.stored.schema import Amount, Number
from runoff.text import numbers

ARITHMETIC, MEMORY = "arithmetic", "memory"
WORK = {ARITHMETIC: "arithmetic in the L1 cache", MEMORY: "random reads in 16 MB"}


class ProbedLaunch(Struct, frozen=True):
    """The readings of one launch as columns; of work, one for each processor."""

    rounds: tuple[int, ...]
    """The rounds that began with a reading (no unit)."""
    moments: tuple[Number, ...]
    """When each was made, since the probe's start (seconds)."""
    arithmetic: tuple[tuple[Amount, ...], ...]
    """What arithmetic in the L1 cache took, by processor (seconds)."""
    memory: tuple[tuple[Amount, ...], ...]
    """What random reads of memory took, by processor (seconds)."""
    switches: tuple[int, ...]
    """How often something else had a processor during the reading (count)."""
    stolen: tuple[Number | None, ...]
    """What the host gave to other machines since the reading before (seconds); none where that is not known."""


class StoredProbe(Struct, frozen=True):
    """What a probe read in the rounds of a run."""

    processors: tuple[int, ...]
    """The processors that it measured, as the system numbers them (no unit)."""
    launches: tuple[ProbedLaunch, ...]
    """The readings of each launch."""
    found: Disturbance | None
    """How disturbed the machine was; none without readings."""
    reason: str | None
    """Why there are no readings, or not of all rounds; none where there are."""


def work_times(launches: tuple[ProbedLaunch, ...]) -> dict[str, list[float]]:
    """Return what each kind of work took, one time a reading in their order: the mean over processors."""
    return {
        kind: [sum(times) / len(times) for launch in launches for times in zip(*getattr(launch, kind), strict=True)]
        for kind in WORK
    }


def probe_line(probe: StoredProbe | None) -> str | None:
    """Say in a sentence how disturbed the machine was, None for a run without a probe."""
    return None if probe is None else f"Probe: {found_words(probe.found, probe.reason)}"


def found_words(found: Disturbance | None, reason: str | None) -> str:
    """Say in a sentence how disturbed the machine was; the reason is why the probe gave nothing, or not all."""
    if found is None:
        return f"there was none, since {reason}; how disturbed the machine was is not known."
    quiet = f"{numbers.percent(found.quiet_share)} of the rounds were quiet"
    work, times = WORK.get(found.kind, found.kind), f"{found.times:.2f} times as long"
    stopped = f" It did not see all rounds: {reason}." if reason else ""
    said = {
        ONE_LEVEL: f"the machine was steady; {quiet}.",
        LEVELS: f"the machine had two levels; {quiet}, and in the others {work} took {times}.",
        CONTINUUM: (
            f"the machine was disturbed by changing degrees; {quiet}, and in the slowest tenth {work} took at "
            f"least {times} as in the fastest."
        ),
    }
    return said.get(found.pattern, f"too few rounds to say how disturbed the machine was; {quiet}.") + stopped
