"""What a probe found in a run's rounds, as it is stored, and how that is said in one sentence."""

from __future__ import annotations

from msgspec import Struct

from runoff.judge.disturbance import CONTINUUM, LEVELS, ONE_LEVEL, Disturbance
from runoff.stored.schema import Amount, Number
from runoff.text import numbers

ARITHMETIC, MEMORY = "arithmetic", "memory"
WORK = {ARITHMETIC: "arithmetic in the L1 cache", MEMORY: "random reads in 16 MB"}


class ProbedLaunch(Struct, frozen=True):
    """The readings of one launch as columns, of work one for each processor; in seconds.

    ``rounds`` are the rounds that a reading was made at the beginning of, ``moments`` count from the probe's start,
    ``switches`` is how often something else had one of its processors while it worked, ``stolen`` what other machines
    on the host took of all processors since the reading before, None where the system does not say.
    """

    rounds: tuple[int, ...]
    moments: tuple[Number, ...]
    arithmetic: tuple[tuple[Amount, ...], ...]
    memory: tuple[tuple[Amount, ...], ...]
    switches: tuple[int, ...]
    stolen: tuple[Number | None, ...]


class StoredProbe(Struct, frozen=True):
    """All readings of a run, the processors that they are of, and how disturbed they show the machine to have been.

    ``reason`` says why there are none, or none any more.
    """

    processors: tuple[int, ...]
    launches: tuple[ProbedLaunch, ...]
    found: Disturbance | None
    reason: str | None


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
