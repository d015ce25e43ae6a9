"""The limits that a contender is chosen under, as ``--choose`` has them: ``agreement>=99%, peak_memory<300MB``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from runoff.answer.metrics import METRICS, Metric
from runoff.errors import UsageError
from runoff.stored.run import StoredRun

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
BY_NAME = {metric.name: metric for metric in METRICS}
EXAMPLE = "agreement>=99%, peak_memory<300MB, cold_start<1s"
CONDITION = re.compile(r"([^<>=!≤≥]*?)\s*([<>=!≤≥]+)\s*(.*)")
AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(.*)")


class LimitsUnreadable(UsageError):
    """Limits were given that can't be read, or that nothing can meet.

    Remedy: write them as ``--choose`` shows, such as ``peak_memory<300MB, cold_start<1s``.
    """


@dataclass(frozen=True)
class Limit:
    """One condition: a metric, an operator, and a number with its unit as they were written."""

    metric: Metric
    operator: str
    number: str
    unit: str

    @property
    def bound(self) -> float:
        """The number in the unit that rows have: seconds, bytes, or a fraction."""
        return float(Decimal(self.number) * self.metric.dimension.units[self.unit])

    @property
    def text(self) -> str:
        """The condition as ``--choose`` takes it."""
        return f"{self.metric.name}{self.operator}{self.number}{self.unit}"

    @property
    def words(self) -> str:
        """The condition as a sentence has it."""
        return f"{self.metric.words} {self.operator} {self.number} {self.unit}"

    @property
    def is_upper(self) -> bool:
        """Whether it bounds from above."""
        return self.operator.startswith("<")

    def admits(self, value: float | None) -> bool:
        """Whether a value meets it; what was not measured does not."""
        return value is not None and OPERATORS[self.operator](value, self.bound)


def limits_of(run: StoredRun) -> tuple[Limit, ...]:
    """Read the limits that a run was asked to choose under; raises LimitsUnreadable."""
    return parse_limits(run.limits) if run.limits else ()


def parse_limits(text: str) -> tuple[Limit, ...]:
    """Read conditions separated by commas.

    Raises LimitsUnreadable, which says what is valid, for anything that is no condition, for a metric that is bounded
    twice from one side, and for bounds that no value can meet.
    """
    if not text.strip():
        raise LimitsUnreadable(f"no limit is given; expected conditions such as {EXAMPLE}")
    limits = tuple(parse_limit(condition.strip(), text) for condition in text.split(","))
    for metric in METRICS:
        require_room([limit for limit in limits if limit.metric is metric])
    return limits


def parse_limit(condition: str, text: str) -> Limit:
    """Read one condition of a text.

    Raises LimitsUnreadable.
    """
    if not condition:
        raise LimitsUnreadable(f"an empty condition in {text!r}; put one comma between two, such as {EXAMPLE}")
    parts = CONDITION.fullmatch(condition)
    if parts is None:
        raise LimitsUnreadable(
            f"{condition!r} is no condition; expected a metric ({', '.join(BY_NAME)}), "
            f"an operator ({', '.join(OPERATORS)}) and a number with its unit, such as {EXAMPLE}"
        )
    name, sign, amount = parts.groups()
    metric = BY_NAME.get(name)
    if metric is None:
        raise LimitsUnreadable(f"unknown metric {name!r} in {condition!r}; the valid ones are: {', '.join(BY_NAME)}")
    if sign not in OPERATORS:
        raise LimitsUnreadable(
            f"unknown operator {sign!r} in {condition!r}; the valid ones are: {', '.join(OPERATORS)}"
        )
    units = ", ".join(metric.dimension.units)
    number = AMOUNT.fullmatch(amount)
    if number is None:
        raise LimitsUnreadable(f"{amount!r} in {condition!r} is no number of zero or more with its unit ({units})")
    if number[2] not in metric.dimension.units:
        problem = f"unknown unit {number[2]!r}" if number[2] else f"the unit of {amount} is missing"
        raise LimitsUnreadable(f"{problem} in {condition!r}; {name} is given in {units}")
    return Limit(metric, sign, number[1], number[2])


def require_room(limits: Sequence[Limit]) -> None:
    """Require that a metric is bounded once from each side at most, and that there is a value that meets its limits.

    Raises LimitsUnreadable.
    """
    lower, upper = ([limit for limit in limits if limit.is_upper is side] for side in (False, True))
    for same in (lower, upper):
        if len(same) > 1:
            raise LimitsUnreadable(
                f"{same[0].metric.name} is limited twice from one side: {same[0].text} and {same[1].text}; keep one"
            )
    for limit in limits:
        if not limit.admits(0.0 if limit.is_upper else limit.metric.dimension.most):
            raise LimitsUnreadable(f"nothing can meet {limit.text}: it is beyond what {limit.metric.name} can be")
    for low, high in zip(lower, upper, strict=False):
        if low.bound >= high.bound and not (low.admits(high.bound) and high.admits(low.bound)):
            raise LimitsUnreadable(f"{low.text} and {high.text} contradict each other: nothing can meet both")


def limits_text(limits: Sequence[Limit]) -> str:
    """Write limits as ``--choose`` takes them."""
    return ", ".join(limit.text for limit in limits)
