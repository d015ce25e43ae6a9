"""How many launches an interval as narrow as asked for takes, from the spread between the launches that there are."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace

from runoff.judge.ratios import FEWEST_LAUNCHES, Estimate, Ratio, estimate_behind, half_width, interval, plan_looks

AIM = 0.02
"""How far to each side, as a share, a run's intervals should reach at most; it says what would take it there."""
MOST_LAUNCHES = 1_000_000


@dataclass(frozen=True)
class Longer:
    """What a run would have to be for all of its intervals to reach ``AIM`` at most: of so many ``launches``.

    ``widest`` names the interval that reaches furthest, ``reach`` how far as a share, and ``measured`` how many
    launches it is from. ``first`` is the number of launches to plan looks from (``plan_looks``) so that one of the
    looks is expected to be narrow enough.
    """

    widest: str
    reach: float
    measured: int
    launches: int
    first: int


def expected(ratio: Ratio, launches: int, error_share: float | None = None) -> Ratio:
    """Return the ratio with the interval that so many launches can expect, from the spread between those measured.

    A mean's standard error shrinks with the square root of the number of launches, and Student's t has one degree of
    freedom less than there are launches (Student, "The Probable Error of a Mean", Biometrika 6, 1908). Without an
    interval where one launch tells no spread. ``error_share`` is that of a look, as in ``ratio_over_launches``; without
    it the interval is at the level of the one measured.
    """
    found = estimate_behind(ratio)
    error = found.error * math.sqrt(ratio.launches / launches)
    nominal = ratio.nominal_confidence if error_share is None else 1 - (1 - ratio.confidence) * error_share
    low, high = interval(Estimate(found.mean, error, launches - 1 if found.degrees else 0), nominal) or (None, None)
    return replace(ratio, low=low, high=high, launches=launches, nominal_confidence=nominal)


def launches_for(ratio: Ratio, reach: float) -> int:
    """Return the fewest launches, two at least, whose interval is expected to reach so far to each side at most.

    Where even ``MOST_LAUNCHES`` are not expected to, it is those.
    """
    numbers = range(2, MOST_LAUNCHES)
    return 2 + bisect_left(numbers, True, key=lambda launches: half_width(expected(ratio, launches)) <= reach)


def what_it_takes(ratios: Mapping[str, Ratio], planned: int) -> Longer | None:
    """Say what would make all of a run's intervals narrow enough, None where they are.

    ``planned`` is how many launches it was to have. A ratio of fewer launches than a verdict takes is left out: its
    spread is not known well enough to tell.
    """
    wide = {
        name: ratio for name, ratio in ratios.items() if ratio.launches >= FEWEST_LAUNCHES and half_width(ratio) > AIM
    }
    if not wide:
        return None
    widest = max(wide, key=lambda name: half_width(wide[name]))
    launches = max(launches_for(ratio, AIM) for ratio in wide.values())
    return Longer(
        widest=widest,
        reach=half_width(wide[widest]),
        measured=wide[widest].launches,
        launches=launches,
        first=planned if all(looks_reach(ratio, planned) for ratio in wide.values()) else launches,
    )


def looks_reach(ratio: Ratio, first: int) -> bool:
    """Whether one of the looks that are planned from so many launches is expected to be narrow enough."""
    return any(half_width(expected(ratio, look.launches, look.error_share)) <= AIM for look in plan_looks(first))
