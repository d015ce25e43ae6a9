"""The raw values behind a run's figures, read from its JSON when a chart or a claim asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runoff.judge.ratios import (
    CONFIDENCE,
    FASTER,
    SLOWER,
    Ratio,
    claim_p_values,
    difference_p_value,
    estimate,
    launch_log_ratio,
    ratio_over_launches,
    verdict,
)
from runoff.stored.run import StoredRun, read_groups

INFERENCE = "inference"


@dataclass(frozen=True)
class Shown:
    """How one contender compares with another in a metric, and what that shows."""

    ratio: Ratio
    verdict: str


def samples(run: StoredRun, group: str, contender: str) -> list[float]:
    """Give all values of a metric, launch after launch; empty where none were stored with the run.

    Raises StoredRunBroken with the field.
    """
    benchmark = read_groups(run.source["benchmarks"]).get(group, {}).get(contender)
    data = benchmark["stats"].get("data") if benchmark else None
    return [value.amount() for value in data.items()] if data else []


def launches(run: StoredRun, group: str, contender: str) -> list[list[float]]:
    """Give the values of a metric by launch; empty where they can't be told apart."""
    measure = run.measures.get((group, contender))
    values = samples(run, group, contender)
    count = measure.ratio.launches if measure and measure.ratio else 0
    if not values or not count or len(values) % count:
        return []
    each = len(values) // count
    return [values[begin : begin + each] for begin in range(0, len(values), each)]


def compare_contenders(
    run: StoredRun, group: str, contender: str, base: str, words: tuple[str, str] = (FASTER, SLOWER)
) -> Shown | None:
    """Compare two contenders in a metric, None where the run does not say how they compare.

    Against the reference it is the stored ratio. Between two others it is computed from the rounds that they had side
    by side, in the same way; for that the raw values have to be stored with the run.
    """
    if not {contender, base} <= set(run.stratum.contenders):
        return None
    if base == run.stratum.reference:
        measure = run.measures.get((group, contender))
        return Shown(measure.ratio, measure.verdict) if measure and measure.ratio and measure.verdict else None
    pairs = list(zip(launches(run, group, contender), launches(run, group, base), strict=False))
    if not pairs or any(len(times) != len(others) for times, others in pairs):
        return None
    return judge([launch_log_ratio(times, others) for times, others in pairs], run, group, words)


def judge(log_ratios: Sequence[float], run: StoredRun, group: str, words: tuple[str, str]) -> Shown:
    """Judge the log-ratios of launches by the rules of the run; the control stands for inferences alone."""
    share = error_share(run)
    ratio = ratio_over_launches(log_ratios, CONFIDENCE, share)
    claim = claim_p_values({"": difference_p_value(estimate(log_ratios))}, share)[""]
    control = run.control.ratio if run.control and group == INFERENCE else None
    return Shown(ratio, verdict(ratio, claim, control=control, margin=run.margin, words=words))


def error_share(run: StoredRun) -> float:
    """Give the share of the error that the look which the run stopped at may spend; 1 where there was one look."""
    ratios = (row.ratio for row in run.rows if row.ratio and row.contender != run.stratum.reference)
    shares = ((1 - ratio.nominal) / (1 - ratio.confidence) for ratio in ratios)
    return min(1.0, *shares, 1.0)
