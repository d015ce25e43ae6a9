"""What a line of waiting queries comes to: pure functions of numbers, each with the source of its formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ARRIVALS = 100_000
BISECTIONS = 24


@dataclass(frozen=True, eq=False)
class Line:
    """A long line of queries at one server, who come by chance and are served one by one in their order.

    ``gaps`` are the times between arrivals at a load of one query a second, ``services`` what serving each takes.
    """

    gaps: NDArray[np.float64]
    services: NDArray[np.float64]

    def quantile(self, load: float, quantile: float) -> float:
        """Give a quantile of the seconds from arrival to answer at a load in queries per second.

        A query waits max(0, W + S - T) where the one before it waited W, took S, and came T earlier (Lindley, "The
        Theory of Queues with a Single Server", Proceedings of the Cambridge Philosophical Society 48, 1952); unrolled,
        that is a walk less its lowest point so far.
        """
        steps = self.services[:-1] - self.gaps[1:] / load
        walk = np.concatenate([[0.0], np.cumsum(steps)])
        waits = walk - np.minimum.accumulate(walk)
        return float(np.quantile(waits + self.services, quantile))


def make_line(services: Sequence[float], seed: int) -> Line:
    """Make a long line of Poisson arrivals, each served in one of the times that were measured, drawn by chance."""
    random = np.random.default_rng(seed)
    gaps = random.exponential(1.0, ARRIVALS)
    return Line(gaps, random.choice(np.asarray(services, dtype=np.float64), ARRIVALS))


def highest_load(services: Sequence[float], bound: float, quantile: float, seed: int) -> float | None:
    """Give the highest load, in queries per second, at which a quantile of the latency keeps a bound in seconds.

    ``services`` are measured seconds of serving one query. The load is found by bisection: with the same arrivals,
    faster or slower, a higher load never makes any query wait less. None where serving alone breaks the bound.

    Trying loads by short runs can't find it: simulated, the load at which as many runs of 60 queries keep a 99th
    percentile as break it is up to 1.3 times the one that a long line keeps, since long waits come together and most
    short runs have none.
    """
    if float(np.quantile(services, quantile)) >= bound:
        return None
    line = make_line(services, seed)
    low, high = 0.0, 1 / float(np.mean(services))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if line.quantile(middle, quantile) <= bound:
            low = middle
        else:
            high = middle
    return low or None
