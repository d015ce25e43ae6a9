"""How many launches a race with ``--precision`` takes, by when it may look and what each look may spend of the error.

The criterion was fixed before the designs were compared: the mean number of launches to ``AIM``, over machines whose
launches differ by little and by much, where nearly every run gets there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from runoff.judge.precision import AIM
from runoff.judge.ratios import CONFIDENCE, GROWTH, Look, plan_looks
from runoff.measure.race import LAUNCHES
from trust.settings import Settings

SPREADS = (0.01, 0.02, 0.03, 0.05, 0.07)
"""Standard deviations of the log ratio between launches."""
TOGETHER = 3
"""How many intervals have to be narrow at once in a default run: those of two contenders, and the control's."""


def halves(count: int) -> list[float]:
    """Return shares of the error of which each is half of what is left, and the last one all of it."""
    return [0.5**number for number in range(1, count)] + [0.5 ** (count - 1)]


def falling(count: int, factor: float = 0.8) -> list[float]:
    """Return shares of the error of which each is ``factor`` times the one before."""
    powers = [factor**number for number in range(count)]
    return [power / sum(powers) for power in powers]


def equal(count: int) -> list[float]:
    """Return equal shares of the error."""
    return [1 / count] * count


def plan(growth: float, shares: Sequence[float]) -> tuple[Look, ...]:
    """Return looks of which each is after ``growth`` times the launches of the one before."""
    return tuple(Look(math.ceil(LAUNCHES * growth**number), share) for number, share in enumerate(shares))


DESIGNS: Mapping[str, tuple[Look, ...]] = {
    "each half of what is left, few looks": plan(GROWTH, halves(5)),
    "each half of what is left": plan(GROWTH, halves(8)),
    "each 0.8 times the one before": plan(GROWTH, falling(8)),
    "each 0.8 times the one before, few looks": plan(1.75, falling(6)),
    "equal, few looks": plan(2, equal(5)),
    "equal, many looks": plan(1.33, equal(11)),
    "equal": plan_looks(LAUNCHES),
}
"""Looks by how they share the error; the last design is what ``--precision`` does."""


def simulate_looks(settings: Settings, say: Callable[[str], None]) -> dict[str, Any]:
    """Simulate races whose launches differ by known spreads, and stop each at the first look that is precise.

    Returns, for each design, its looks, and by spread the mean number of launches and the share of runs that got to
    ``AIM``; for the last one also the same where ``TOGETHER`` intervals have to be narrow at once, and the share of
    runs in which all looks' intervals together hold the truth.
    """
    designs: dict[str, Any] = {}
    most = max(looks[-1].launches for looks in DESIGNS.values())
    for number, spread in enumerate(SPREADS):
        say(f"simulating looks where launches differ by {spread:.0%}")
        random = np.random.default_rng([settings.seed, number])
        ratios = random.normal(0.0, spread, (settings.simulated_looks, TOGETHER, most))
        for name, looks in DESIGNS.items():
            design = designs.setdefault(name, {"looks": [look.launches for look in looks], "spreads": {}})
            low, high = intervals(ratios, looks)
            narrow = np.exp((high - low) / 2) - 1 <= AIM
            design["spreads"][f"{spread:.0%}"] = found = stopped(narrow[:, 0], looks)
            if name == list(DESIGNS)[-1]:
                found["launches_together"] = stopped(np.all(narrow, axis=1), looks)["launches"]
                found["coverage"] = float(((low <= 0) & (high >= 0))[:, 0].all(axis=-1).mean())
    return {"runs": settings.simulated_looks, "aim": AIM, "intervals": TOGETHER, "designs": designs}


def intervals(ratios: NDArray[np.float64], looks: Sequence[Look]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of each look's interval of the mean log ratio: Student's, as ``runoff.judge.ratios`` has it.

    ``ratios`` has the launches in its last axis; the looks are in the last axis of what is returned.
    """
    lows, highs = [], []
    for look in looks:
        seen = ratios[..., : look.launches]
        quantile = special.stdtrit(look.launches - 1, 1 - (1 - CONFIDENCE) * look.error_share / 2)
        reach = quantile * seen.std(axis=-1, ddof=1) / math.sqrt(look.launches)
        lows.append(seen.mean(axis=-1) - reach)
        highs.append(seen.mean(axis=-1) + reach)
    return np.stack(lows, axis=-1), np.stack(highs, axis=-1)


def stopped(narrow: NDArray[np.bool_], looks: Sequence[Look]) -> dict[str, float]:
    """Return the mean number of launches of runs that stop at the first narrow look or the last, and who got there."""
    reached = narrow.any(axis=-1)
    at = np.where(reached, narrow.argmax(axis=-1), len(looks) - 1)
    launches = np.array([look.launches for look in looks])[at]
    return {"launches": float(launches.mean()), "reached": float(reached.mean())}
