"""How much of the machine's peak each contender uses, as a stored run has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runoff.stored.fields import Field


@dataclass(frozen=True)
class Peak:
    """The most operations a second that a library reached in a precision, and with which kernel."""

    precision: str
    operations_per_second: float
    library: str
    kernel: str


@dataclass(frozen=True)
class Bound:
    """What bounds it, memory or compute: its operations a byte, and those that the machine has time for."""

    by: str
    intensity: float
    balance: float


@dataclass(frozen=True)
class Efficiency:
    """A contender's operations a second; share and bound are None where its precision's peak is not known."""

    contender: str
    flop: float
    padding_flop: float
    operations_per_second: float
    peak: Peak | None
    share: float | None
    reason: str | None
    bound: Bound | None


def read_efficient(benchmarks: Mapping[str, Field]) -> tuple[Efficiency, ...]:
    """Read the benchmarks of the group ``efficiency``, by contender."""
    return tuple(read_one(name, benchmark["extra_info"]) for name, benchmark in benchmarks.items())


def read_one(contender: str, about: Field) -> Efficiency:
    """Read one contender's."""
    return Efficiency(
        contender=contender,
        flop=about["flop"].amount(),
        padding_flop=about.optional("padding_flop", Field.number) or 0.0,
        operations_per_second=about["operations_per_second"].amount(),
        peak=about.optional("peak", read_peak),
        share=about.optional("share", Field.amount),
        reason=about.optional("reason", Field.text),
        bound=about.optional("bound", read_bound),
    )


def read_peak(peak: Field) -> Peak:
    """Read a peak."""
    return Peak(
        precision=peak["precision"].text(),
        operations_per_second=peak["operations_per_second"].amount(),
        library=peak["library"].text(),
        kernel=peak["kernel"].text(),
    )


def read_bound(bound: Field) -> Bound:
    """Read what bounds a contender."""
    return Bound(bound["by"].text(), bound["intensity"].amount(), bound["balance"].amount())
