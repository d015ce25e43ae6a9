"""How numbers and their intervals are written, the same in every text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

MEGABYTE = 1e6
NOTHING = "–"
"""What stands for a figure that there is not."""
MINUTE, HOUR = 60, 3600
"""In seconds."""


class HasInterval(Protocol):
    """A value with the ends of its interval; None where it has none."""

    @property
    def value(self) -> float:
        """The estimate."""

    @property
    def low(self) -> float | None:
        """The lower end."""

    @property
    def high(self) -> float | None:
        """The upper end."""


def with_interval(estimate: HasInterval, write: Callable[[float], str], unit: str = "") -> str:
    """Write a value in its unit with its interval, where it has one: ``+1.2 % [+0.8, +1.6]``."""
    bare = f"{write(estimate.value)}{unit}"
    if estimate.low is None or estimate.high is None:
        return bare
    return f"{bare} [{write(estimate.low)}, {write(estimate.high)}]"


def ratio(estimate: HasInterval | None) -> str:
    """Write a ratio with its interval; the reference's own is 1 and has none."""
    if estimate is None:
        return NOTHING
    if estimate.value == estimate.low == estimate.high == 1:
        return "1"
    return with_interval(estimate, lambda value: f"{value:.3f}")


def ratio_with_reach(estimate: HasInterval | None) -> str:
    """Write a ratio with how far its interval reaches to each side, which takes less room: ``0.743 ±0.8 %``."""
    if estimate is None or estimate.low is None or estimate.high is None or estimate.low == estimate.high:
        return ratio(estimate)
    return f"{estimate.value:.3f} {reach(estimate.low, estimate.high)}"


def reach(low: float, high: float) -> str:
    """Write how far the interval of a ratio reaches to each side."""
    return f"±{(math.sqrt(high / low) - 1) * 100:.1f} %"


def times(quotient: float, words: tuple[str, str] = ("faster", "slower")) -> str:
    """Write how much a ratio is, always above one: ``1.46× faster``."""
    return f"{1 / quotient:.2f}× {words[0]}" if quotient < 1 else f"{quotient:.2f}× {words[1]}"


def growth(quotient: float) -> str:
    """Write by how many per cent a quotient is above or below 1; what rounds to nothing has no sign."""
    written = f"{(quotient - 1) * 100:+.1f}"
    return "0.0" if float(written) == 0 else written


def growth_with_interval(quotient: HasInterval) -> str:
    """Write a growth with its interval: ``+10.2 % [+8.1, +12.4]``."""
    return with_interval(quotient, growth, " %")


def growth_with_reach(quotient: HasInterval | None) -> str:
    """Write a growth with how far its interval reaches to each side: ``+10.2 % ±2.0 %``."""
    if quotient is None:
        return NOTHING
    bare = f"{growth(quotient.value)} %"
    return bare if quotient.low is None or quotient.high is None else f"{bare} {reach(quotient.low, quotient.high)}"


def milliseconds(duration: float | None) -> str:
    """Write a duration in seconds as milliseconds."""
    if duration is None:
        return NOTHING
    return f"{duration * 1e3:.1f}" if duration >= 0.01 else f"{duration * 1e3:.2f}"


def seconds(duration: float | None) -> str:
    """Write a duration in seconds."""
    return NOTHING if duration is None else f"{duration:.2f}"


def span(duration: float) -> str:
    """Write how long something takes as people say it: ``45 s``, ``2 min 5 s``, ``1 h 3 min``."""
    whole = round(duration)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def megabytes(size: float | None) -> str:
    """Write a size in megabytes of a million bytes."""
    return NOTHING if size is None else f"{size / MEGABYTE:.0f}"


def factor(times_as_much: float | None) -> str:
    """Write how many times as much something is."""
    return NOTHING if times_as_much is None else f"{times_as_much:.2f}"


def share(fraction: float | None) -> str:
    """Write a share in per cent, never rounded up to all."""
    if fraction is None:
        return NOTHING
    return "100 %" if fraction == 1.0 else f"{min(fraction, 0.999) * 100:.1f} %"


def points(difference: float) -> str:
    """Write a difference of shares in percentage points, with two digits behind the point and no sign of a zero."""
    written = f"{difference * 100:.2f}"
    return "0.00" if float(written) == 0 else written


def percent(fraction: float | None, digits: int = 0) -> str:
    """Write a share in per cent, with so many digits behind the point."""
    return NOTHING if fraction is None else f"{fraction * 100:.{digits}f} %"


def bound(fraction: float) -> str:
    """Write a share that a user gave: ``5 %``, ``0.5 %``."""
    return f"{fraction * 100:.3g} %"


def figure(value: float, unit: str) -> str:
    """Write a duration, a size, a share or a factor in the unit that the tables have it in."""
    if unit == "%":
        return share(value)
    write = {"ms": milliseconds, "s": seconds, "MB": megabytes, "×": factor}[unit]
    return f"{write(value)} {unit}"


def per_second(rate: float) -> str:
    """Write a number a second."""
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.1f}"


def count(number: int, noun: str, plural: str = "") -> str:
    """Write a number of things; without another plural it ends in s."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def listing(names: Sequence[str]) -> str:
    """List names as a sentence does."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def first_few(names: Sequence[str], most: int = 3, between: str = ", ") -> str:
    """List the first few of many, and say how many more there are."""
    more = len(names) - most
    return between.join(names[:most]) + (f" and {more} more" if more > 0 else "")
