"""What changed in accuracy between two runs, picture by picture; only where both have the same labelled pictures."""

from __future__ import annotations

from dataclasses import dataclass

from runoff.judge.accuracy import pair
from runoff.judge.paired import Paired, drop_interval, mcnemar_p_value
from runoff.judge.ratios import CONFIDENCE, holm
from runoff.stored.accuracy import unpack
from runoff.stored.run import StoredRun
from runoff.stored.schema import StoredRunBroken

GIVE_THE_SAME = "give both the same --images and labels"


@dataclass(frozen=True)
class AccuracyChange:
    """How a contender's answers changed from base to head: what head lost and gained, the drop's interval, and a claim.

    ``p_value`` is McNemar's with Holm's adjustment over all contenders of both runs.
    """

    contender: str
    paired: Paired
    low: float
    high: float
    p_value: float

    @property
    def is_worse(self) -> bool:
        """Whether head is shown to be right less often."""
        return self.paired.drop > 0 and self.p_value < 1 - CONFIDENCE


def why_not_compared(base: StoredRun, head: StoredRun) -> str | None:
    """Say why accuracy is not compared, None where it is, or where neither run has labelled pictures."""
    before, after = base.info.accuracy, head.info.accuracy
    if before is None and after is None:
        return None
    if before is None or after is None:
        return f"is not compared: {'base' if before is None else 'head'} has no labelled pictures; {GIVE_THE_SAME}"
    if before.pictures.sha256 != after.pictures.sha256:
        return (
            f"is not compared: the runs have other labelled pictures ({before.pictures.count:,} and "
            f"{after.pictures.count:,}); {GIVE_THE_SAME}, and --calibration, without which calibrated contenders take "
            "a share of them"
        )
    if before.pictures.labels_sha256 != after.pictures.labels_sha256:
        return f"is not compared: the pictures are the same, their labels are not; {GIVE_THE_SAME}"
    return None


def accuracy_changes(base: StoredRun, head: StoredRun) -> tuple[AccuracyChange, ...]:
    """Compare every contender that answered in both runs, paired by picture; nothing where that can't be done.

    Raises StoredRunBroken where the outcomes of a run are not as many as its pictures.
    """
    known = base.info.accuracy
    if known is None or head.info.accuracy is None or why_not_compared(base, head):
        return ()
    before, after = ({found.contender: found.outcomes for found in run.accuracy} for run in (base, head))
    count = known.pictures.count
    try:
        pairs = {
            name: pair(unpack(before[name], count), unpack(outcomes, count))
            for name, outcomes in after.items()
            if name in before
        }
    except ValueError as error:
        raise StoredRunBroken(f"the outcomes of labelled pictures are broken: {error}") from error
    together = holm({name: mcnemar_p_value(paired) for name, paired in pairs.items()})
    return tuple(
        AccuracyChange(name, paired, *drop_interval(paired), together[name]) for name, paired in sorted(pairs.items())
    )
