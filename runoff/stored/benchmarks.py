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
    """Percentiles of raw values by name, the number of samples behind them, and why one is withheld."""

    samples: int
    values: dict[str, Amount]
    withheld: dict[str, str]


class Curve(Struct, frozen=True):
    """Resident memory in bytes at times in seconds since the process was started."""

    seconds: tuple[Number, ...]
    sizes: tuple[Number, ...] = field(name="bytes")

    def __post_init__(self) -> None:
        """Require pairs."""
        if len(self.seconds) != len(self.sizes):
            raise ValueError(f"Expected pairs, got {len(self.seconds)} seconds and {len(self.sizes)} bytes")


class ExtraInfo(Struct, frozen=True, omit_defaults=True):
    """What a benchmark of a contender says beside its statistics; what has a default is there where it was measured.

    ``ratio`` is the one that verdicts are given by, ``ratios`` all three of a metric that has several rounds a launch.
    """

    contender: str
    backend: str
    variant: str
    environment: str
    versions: dict[str, str]
    threads: int | None
    unit: str
    agreement: Size | None
    ratio: Ratio | None
    ratios: Ratios | None = None
    percentiles: Percentiles | None = None
    stages: dict[str, Number] | None = None
    curve: Curve | None = None


class Stats(Struct, frozen=True):
    """What is read of pytest-benchmark's statistics; ``data`` is empty where raw values were not stored."""

    median: Size
    data: tuple[Size, ...] = ()


class Benchmark(Struct, frozen=True):
    """A benchmark of one contender in one group."""

    group: str
    extra_info: ExtraInfo
    stats: Stats

    def __post_init__(self) -> None:
        """Require durations and sizes above zero."""
        if self.group not in MAY_BE_ZERO and min(self.stats.median, *self.stats.data, self.stats.median) < SMALLEST:
            raise ValueError("Expected a median and values above zero")


class AnyBenchmark(Struct, frozen=True):
    """A benchmark that may be anybody's."""

    extra_info: dict[str, Any]
    stats: dict[str, Any]
    group: str | None = None
    fullname: str = ""
