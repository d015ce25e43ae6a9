"""The benchmarks of a stored run, as pytest-benchmark has them: statistics, and what Runoff adds in ``extra_info``."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from runoff.judge.ratios import Ratio
from runoff.judge.three_ratios import Ratios
from runoff.stored.schema import SMALLEST, Amount, Number, Size

CONVERSION = "conversion"
QUANTISATION = "quantisation"
ACCURACY = "accuracy"
MAY_BE_ZERO = (QUANTISATION, ACCURACY)
"""The groups whose figure may be zero: an error of logits, and a share of wrong answers."""


class Percentiles(Struct, frozen=True):
    """Percentiles of raw values."""

    samples: int
    """The values behind them (count)."""
    values: dict[str, Amount]
    """Each that is known, by its name (seconds)."""
    withheld: dict[str, str]
    """Why each of the others is not known."""


class Curve(Struct, frozen=True):
    """Resident memory over time, as pairs."""

    seconds: tuple[Number, ...]
    """When it was read, since the process was started (seconds)."""
    sizes: tuple[Number, ...] = field(name="bytes")
    """What was resident then (bytes)."""

    def __post_init__(self) -> None:
        """Require pairs."""
        if len(self.seconds) != len(self.sizes):
            raise ValueError(f"Expected pairs, got {len(self.seconds)} seconds and {len(self.sizes)} bytes")


class ExtraInfo(Struct, frozen=True, omit_defaults=True):
    """What a benchmark of a contender stores next to its statistics; a field with a default is there if measured."""

    contender: str
    """The contender's name."""
    backend: str
    """Its backend's name."""
    variant: str
    """Its variant's name; empty for the plain one."""
    environment: str
    """The environment that it ran in."""
    versions: dict[str, str]
    """The versions of its distributions."""
    threads: int | None
    """The threads that its framework reports (threads); none where it did not run."""
    unit: str
    """The unit of the statistics, such as `seconds` or `bytes`."""
    agreement: Size | None
    """How many of the decided images agree with golden (share)."""
    ratio: Ratio | None
    """The ratio that verdicts are given by."""
    ratios: Ratios | None = None
    """All three ratios, in a metric that has several rounds a launch."""
    percentiles: Percentiles | None = None
    """Percentiles of all rounds of all launches."""
    stages: dict[str, Number] | None = None
    """The median over launches of each stage, by its name (seconds or bytes)."""
    curve: Curve | None = None
    """Resident memory over time, of one launch."""


class Stats(Struct, frozen=True):
    """What is read of pytest-benchmark's statistics."""

    median: Size
    """The median of the values (as `unit` says)."""
    data: tuple[Size, ...] = ()
    """The values, launch by launch (as `unit` says); empty where they were not stored."""


class Benchmark(Struct, frozen=True):
    """A benchmark of one contender in one group."""

    group: str
    """The metric or question."""
    extra_info: ExtraInfo
    """What Runoff stores."""
    stats: Stats
    """pytest-benchmark's statistics."""

    def __post_init__(self) -> None:
        """Require durations and sizes above zero."""
        if self.group not in MAY_BE_ZERO and min(self.stats.median, *self.stats.data, self.stats.median) < SMALLEST:
            raise ValueError("Expected a median and values above zero")


class AnyBenchmark(Struct, frozen=True):
    """A benchmark that may be anybody's."""

    extra_info: dict[str, Any]
    """What whoever made it stores."""
    stats: dict[str, Any]
    """pytest-benchmark's statistics."""
    group: str | None = None
    """The metric or question."""
    fullname: str = ""
    """The test's file and name."""
