"""What a line of waiting queries comes to: pure functions of numbers, each with the source of its formula.

Queries come by chance (Poisson) and are served one by one in their order by one server (M/G/1), each in one of the
times that were measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

STEPS = 1000
"""How many steps a latency bound is divided into: with 250 the load is found to 1 in 10,000."""
BISECTIONS = 30


def share_within(services: Sequence[float], load: float, bound: float) -> float:
    """Return the share of queries that are answered within a bound in seconds at a load in queries per second.

    A query waits as long as a geometric number of residual services take, by the formula of Pollaczek (1930) and
    Khinchine (1932), as in Feller, "An Introduction to Probability Theory", volume 2, XII.5; the chances of such a sum
    follow from each other (Panjer, "Recursive Evaluation of a Family of Compound Distributions", ASTIN Bulletin 12,
    1981). Nothing is simulated, so the same services give the same share.
    """
    times = np.sort(np.asarray(services, dtype=np.float64))
    busy = load * float(times.mean())
    if busy >= 1:
        return 0.0
    edges = (np.arange(STEPS + 1, dtype=np.float64) + 0.5) * (bound / STEPS)
    residual = np.diff(residual_share(times, edges), prepend=0.0)
    free = 1 - busy * residual[0]
    backwards = busy * residual[:0:-1] / free
    waits = np.empty(STEPS + 1)
    waits[0] = (1 - busy) / free
    for step in range(1, STEPS + 1):
        waits[step] = waits[:step] @ backwards[STEPS - step :]
    within = np.interp(bound - times[times <= bound], [0.0, *edges], [1 - busy, *np.cumsum(waits)])
    return float(within.sum()) / len(times)


def residual_share(times: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of arrivals at a busy server that find at most so much left of the service, E[min(S, x)] / E[S].

    ``times`` are in ascending order.
    """
    shorter = np.searchsorted(times, edges, side="right")
    longer = len(times) - shorter
    share: NDArray[np.float64] = (np.concatenate([[0.0], np.cumsum(times)])[shorter] + edges * longer) / times.sum()
    return share


def highest_load(services: Sequence[float], bound: float, quantile: float) -> float | None:
    """Return the highest load, in queries per second, at which a quantile of the latency keeps a bound in seconds.

    ``services`` are measured seconds of serving one query. None where serving alone breaks the bound.

    Trying loads by short runs can't find it: simulated, the load at which as many runs of 60 queries keep a 99th
    percentile as break it is up to 1.3 times the one that a long line keeps, since long waits come together and most
    short runs have none.
    """
    if float(np.mean(np.asarray(services) <= bound)) <= quantile:
        return None
    low, high = 0.0, 1 / float(np.mean(services))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if share_within(services, middle, bound) >= quantile else (low, middle)
    return low or None


def highest_loads_by_launch(launches: Sequence[Sequence[float]], bound: float, quantile: float) -> list[float] | None:
    """Return what each launch says of the highest load that the services of all of them allow, as its geometric mean.

    One slow query in a hundred decides the load, so a launch by itself says little of it: the services of all launches
    are put together, and a launch's part is what leaving it out changes, by the jackknife's pseudo-values of the
    logarithm (Tukey, "Bias and Confidence in Not Quite Large Samples", Annals of Mathematical Statistics 29, 1958).
    None where there are no launches, or no load with all of them or with one left out.
    """
    if not launches:
        return None
    together = highest_load(list(chain.from_iterable(launches)), bound, quantile)
    if together is None or len(launches) == 1:
        return None if together is None else [together]
    rests = [[*launches[:left], *launches[left + 1 :]] for left in range(len(launches))]
    without = [highest_load(list(chain.from_iterable(rest)), bound, quantile) for rest in rests]
    loads = [load for load in without if load is not None]
    if len(loads) < len(launches):
        return None
    return [together * (together / load) ** (len(loads) - 1) for load in loads]
