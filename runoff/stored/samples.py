"""How two contenders of a stored run compare, from the raw values behind its figures where that takes them."""

from __future__ import annotations

from collections.abc import Sequence

from runoff.judge.ratios import FASTER, SLOWER, Ratio, launch_log_ratio
from runoff.judge.standings import Rules, judge
from runoff.stored.rounds import by_launch
from runoff.stored.run import StoredRun

INFERENCE = "inference"


def launches(run: StoredRun, group: str, contender: str) -> list[Sequence[float]]:
    """Return the values of a metric by launch; empty where they can't be told apart."""
    measure = run.measures.get((group, contender))
    return by_launch(measure.data, measure.ratio) if measure else []


def compare_contenders(
    run: StoredRun, group: str, contender: str, base: str, words: tuple[str, str] = (FASTER, SLOWER)
) -> Ratio | None:
    """Compare two contenders in a metric, None where the run does not say how they compare.

    Against the reference it is the stored ratio. Between two others it is computed from the rounds that they had side
    by side, in the same way and by the rules of the run; for that the raw values have to be stored with the run. The
    control stands for inferences alone.
    """
    if not {contender, base} <= set(run.stratum.contenders):
        return None
    if base == run.stratum.reference:
        measure = run.measures.get((group, contender))
        return measure.ratio if measure and measure.verdict else None
    pairs = list(zip(launches(run, group, contender), launches(run, group, base), strict=False))
    if not pairs or any(len(times) != len(others) for times, others in pairs):
        return None
    compared = {contender: [launch_log_ratio(times, others) for times, others in pairs]}
    control = run.info.control if group == INFERENCE else None
    return judge(compared, Rules(run.info.margin, error_share(run)), words, control)[contender]


def error_share(run: StoredRun) -> float:
    """Return the share of the error that the look which the run stopped at may spend; 1 where there was one look."""
    ratios = (row.ratio for row in run.rows if row.ratio and row.contender != run.stratum.reference)
    shares = ((1 - ratio.nominal_confidence) / (1 - ratio.confidence) for ratio in ratios)
    return min(1.0, *shares, 1.0)
