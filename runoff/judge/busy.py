"""Whether threads were kept busy as they were given, by CPU time a second of clock: pure functions of numbers."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

SPARE_THREAD = 0.3
"""How many threads more than said may be busy: a framework's own housekeeping beside its pool."""
SHARED = 0.005
"""Seconds that an inference takes at least where fewer busy threads say anything: shorter ones share nothing."""


@dataclass(frozen=True)
class Given:
    """The threads that were given, the CPUs that there are for them, and on how many cores; None where not known."""

    threads: int
    cpus: int
    cores: int | None = None

    @property
    def possible(self) -> int:
        """How many can be busy at once."""
        return min(self.threads, self.cpus)

    @property
    def shares_cores(self) -> bool:
        """Whether fewer cores than threads are at work, since CPUs share them."""
        return self.cores is not None and self.cores < self.possible


def too_many_busy(busy: Sequence[float], threads: int) -> float | None:
    """Return how many threads were busy where that is more than were given, by the median; None where it is not."""
    found = statistics.median(busy) if busy else 0.0
    return found if found > threads + SPARE_THREAD else None


def too_few_busy(busy: Sequence[float], given: Given) -> float | None:
    """Return how many threads were busy at best where fewer would do; None where that is not so, or nothing is known.

    Of those that can be busy at once half would do, or as many as there are cores where CPUs share these: some runtimes
    count cores, others CPUs. The best is taken, since another program at work lowers some. One thread is never too few.
    """
    enough = max(given.possible / 2, given.cores or 0 if given.shares_cores else 0)
    found = max(busy, default=math.inf)
    return found if given.possible > 1 and found <= enough + SPARE_THREAD else None


def idle_words(given: Given) -> str:
    """Say what fewer busy threads mean, and what to look for."""
    if given.shares_cores:
        return (
            f"the {given.threads} threads share {given.cores} cores, which some runtimes count and others do not: the "
            f"ratios are not on equal terms: race with --threads {given.cores}"
        )
    return (
        "the ratios are not on equal terms: unset what limits threads, such as OMP_THREAD_LIMIT (python -m runoff "
        "doctor lists it), stop other programs, or give fewer --threads, as for a model that has no work to share"
    )
