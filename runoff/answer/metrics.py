"""The metrics that contenders are chosen by: name, unit, where a row has it, how a sentence has it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from runoff.stored.rows import Row


@dataclass(frozen=True)
class Dimension:
    """What a metric is a quantity of: its units, in those that rows have, and the most that there can be of it."""

    units: Mapping[str, Decimal]
    most: float = math.inf


TIME = Dimension({"ms": Decimal("0.001"), "s": Decimal(1)})
SIZE = Dimension({"MB": Decimal(10**6), "GB": Decimal(10**9), "MiB": Decimal(2**20), "GiB": Decimal(2**30)})
SHARE = Dimension({"%": Decimal("0.01")}, most=1.0)
FACTOR = Dimension({"x": Decimal(1), "×": Decimal(1)})


@dataclass(frozen=True)
class Metric:
    """One thing that a contender can be chosen by.

    ``name`` is what ``--choose`` calls it, ``unit`` the one it is shown in, ``phrase`` how a sentence has its figure.
    ``better`` says what one that is better has over another; empty where the Pareto front leaves the metric out.
    """

    name: str
    dimension: Dimension
    unit: str
    read: Callable[[Row], float | None]
    phrase: str
    better: str = ""
    more_is_better: bool = False

    @property
    def words(self) -> str:
        """The name as a sentence has it."""
        return self.name.replace("_", " ")


LATENCY = Metric("latency", TIME, "ms", lambda row: row.median, "{} an inference", "faster")
PEAK_MEMORY = Metric("peak_memory", SIZE, "MB", lambda row: row.peak, "{} at its peak", "less memory")
COLD_START = Metric("cold_start", TIME, "s", lambda row: row.cold_start, "{} to start", "starts sooner")
AGREEMENT = Metric(
    "agreement", SHARE, "%", lambda row: row.agreement, "agreement {}", "higher agreement", more_is_better=True
)
METRICS = (
    LATENCY,
    PEAK_MEMORY,
    COLD_START,
    AGREEMENT,
    Metric("accuracy_drop", SHARE, "%", lambda row: row.accuracy_drop, "an accuracy drop of at most {}"),
    Metric("artifact", SIZE, "MB", lambda row: row.artifact, "artifact {}"),
    Metric("footprint", SIZE, "MB", lambda row: row.footprint, "{} to deploy"),
    Metric("neighbour", FACTOR, "×", lambda row: row.neighbour, "{} the time beside a neighbour"),
)
FRONT = tuple(metric for metric in METRICS if metric.better)
