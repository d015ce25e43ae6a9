"""Which contender a run's figures and limits point to, and the Pareto front; the words are in recommendation.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from runoff.answer.fastest import reaches, why_no_answer
from runoff.answer.limits import limits_of
from runoff.answer.metrics import FRONT, LATENCY, PEAK_MEMORY, Metric
from runoff.judge.accuracy import WORSE
from runoff.judge.ratios import FASTER, REFERENCE, SLOWER
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun


@dataclass(frozen=True)
class Selection:
    """What there is to choose from, the fastest first.

    ``candidates`` were timed and are right, and not shown to be worse than golden on labelled pictures; ``meeting`` are
    those of them that meet the limits. ``tied`` are the fastest of these, not told apart by latency, and the
    ``recommended`` one is the one of them with the least memory.
    The ``front`` is that of the contenders that meet the limits, of all where none does, in the ``compared`` metrics.
    In a run that can't say which is fastest nothing is recommended, and there is no front.
    """

    candidates: Sequence[Row]
    meeting: Sequence[Row]
    compared: Sequence[Metric] = ()
    tied: Sequence[Row] = ()
    recommended: Row | None = None
    front: Sequence[Row] = ()


def choose(run: StoredRun) -> Selection:
    """Find what a run recommends under its limits."""
    right = [row for row in run.timed if row.accuracy_verdict != WORSE]
    timed = [row for row in right if row.ratio] or right
    compared = [metric for metric in FRONT if all(metric.read(row) is not None for row in timed)]
    candidates = sorted(timed, key=lambda row: [standing(row, metric) for metric in compared])
    meeting = [row for row in candidates if all(limit.admits(limit.metric.read(row)) for limit in limits_of(run))]
    if why_no_answer(run):
        return Selection(candidates, meeting)
    if not meeting:
        return Selection(candidates, meeting, compared, front=pareto_front(candidates, compared, run.info.margin))
    tied = fastest(meeting)
    recommended = min(tied, key=lambda row: standing(row, PEAK_MEMORY)) if PEAK_MEMORY in compared else tied[0]
    others = [row for row in meeting if row is not recommended]
    front = pareto_front([recommended, *others], compared, run.info.margin)
    return Selection(candidates, meeting, compared, tied, recommended, front)


def winners(run: StoredRun) -> tuple[str, ...]:
    """Name the fastest contender and those that are not told apart from it; nobody where a run can't say that."""
    return tuple(row.contender for row in choose(run).tied)


def clear_winners(found: Iterable[Sequence[str]]) -> Counter[str]:
    """Count how often a contender was the fastest alone."""
    return Counter(names[0] for names in found if len(names) == 1)


def standing(row: Row, metric: Metric) -> float:
    """Return a figure so that less is better; latency by the ratio where there is one, which drift does not move."""
    if metric is LATENCY and row.ratio:
        return row.ratio.value
    value = metric.read(row)
    if value is None:
        raise ValueError(f"{row.contender} has no {metric.name} to be compared by")
    return -value if metric.more_is_better else value


def fastest(ascending: Sequence[Row]) -> list[Row]:
    """Return the fastest and those next to it that are not told apart from it.

    It ends at the first that is told apart, so that no one behind that one is called as fast.
    """
    best, *others = ascending
    return [best, *takewhile(lambda row: not are_told_apart(best, row), others)]


def are_told_apart(best: Row, row: Row) -> bool:
    """Whether a row was shown to be slower: against the reference by the verdict, else by the intervals."""
    verdicts = {best.verdict, row.verdict}
    if REFERENCE in verdicts:
        return bool(verdicts & {FASTER, SLOWER})
    return not (row.ratio and best.ratio and reaches(row.ratio, best.ratio))


def pareto_front(ordered: Sequence[Row], compared: Sequence[Metric], margin: float) -> list[Row]:
    """Return the Pareto front of rows in this order: each that is better than every one before it on the front.

    Better is: in one of the metrics at least, by more than the margin. With no margin this is the front of the textbook
    where the order is that of the first metric; with one it is thinned of those that hardly differ from one that is on
    it, an ε-Pareto set (Laumanns et al., "Combining Convergence and Diversity in Evolutionary Multiobjective
    Optimization", Evolutionary Computation 10, 2002).
    """
    front: list[Row] = []
    for row in ordered:
        if all(advantages(row, other, compared, margin) for other in front):
            front.append(row)
    return front


def advantages(row: Row, other: Row, compared: Sequence[Metric], margin: float) -> list[Metric]:
    """Return the metrics in which a row is better than another: by more than the margin, in agreement by any amount."""
    return [
        metric
        for metric in compared
        if standing(row, metric) < standing(other, metric) / (1 if metric.more_is_better else 1 + margin)
    ]
