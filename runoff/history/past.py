"""What a history needs of a stored run, and no more: who ran where, on which commit, three metrics, and accuracies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from runoff.files.names import shown
from runoff.stored.accuracy import Accuracy, unpack
from runoff.stored.finding import fingerprint
from runoff.stored.info import DIGITS, Commit
from runoff.stored.rows import Measure
from runoff.stored.run import StoredRun
from runoff.stored.samples import INFERENCE
from runoff.stored.schema import StoredRunBroken
from runoff.stored.stratum import Stratum

COLD_START, PEAK_MEMORY = "cold-start", "peak-memory"
DRAWN_GROUPS = (INFERENCE, COLD_START, PEAK_MEMORY)
"""The groups whose metrics a history draws; ten thousand runs with all of theirs take half a gigabyte."""
LABELLED = "labelled pictures"
"""What a run's set of labelled pictures is called, with their labels."""


class Value(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A metric's value in a run, with its interval over launches where it has one: small, since there are many."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class PastRun:
    """A stored run as a history sees it; ``circumstances`` are what it ran in that is no part of the stratum.

    ``values`` are by group and contender: in INFERENCE the ratio to the reference, else the median in seconds or bytes.
    ``accuracies`` are those of its contenders on labelled pictures, without single pictures and classes.
    """

    file: str
    moment: datetime
    commit: Commit | None
    stratum: Stratum
    circumstances: Mapping[str, str]
    valid: bool
    values: Mapping[tuple[str, str], Value]
    accuracies: Mapping[str, Accuracy]
    fingerprint: str

    @property
    def order(self) -> tuple[datetime, datetime]:
        """Commits come in the order of their times, runs of one commit in that of theirs."""
        return (self.commit.time if self.commit and self.commit.time else self.moment, self.moment)


def past_run(file: str, run: StoredRun) -> PastRun:
    """Return what a history needs of a stored run."""
    raced = run.stratum.contenders
    return PastRun(
        file=shown(file),
        moment=run.moment,
        commit=run.commit,
        stratum=run.stratum,
        circumstances=circumstances(run),
        valid=run.is_valid,
        values={
            key: value
            for key, measure in run.measures.items()
            if key[0] in DRAWN_GROUPS and key[1] in raced and (value := value_of(key[0], measure))
        },
        accuracies=accuracies_of(run),
        fingerprint=fingerprint(run),
    )


def value_of(group: str, measure: Measure) -> Value | None:
    """Return what a history draws of what was measured, None where that has no ratio."""
    if group != INFERENCE:
        return Value(measure.median)
    ratio = measure.ratio
    return Value(ratio.value, ratio.low, ratio.high) if ratio else None


def accuracies_of(run: StoredRun) -> dict[str, Accuracy]:
    """Return what a history needs of a run's accuracies; raise StoredRunBroken where answers are not as many."""
    known = run.info.accuracy
    accuracies = {}
    for found in run.accuracy if known else ():
        try:
            unpack(found.outcomes, found.top1.pictures)
        except ValueError as error:
            raise StoredRunBroken(f"the outcomes of labelled pictures are broken: {error}") from error
        if found.contender in run.stratum.contenders:
            accuracies[found.contender] = msgspec.structs.replace(found, losses=(), discordant=())
    return accuracies


def circumstances(run: StoredRun) -> dict[str, str]:
    """Return what a run ran in and a step may come from, though runs that differ in it are comparable."""
    machine, images = run.machine, run.stratum.images
    first = run.info.workers_go_first
    labelled = run.info.accuracy and run.info.accuracy.pictures
    values = {
        "machine": machine.node,
        "system": " ".join(filter(None, (machine.system, machine.release))),
        "Python of the suite": machine.python_version,
        "pictures": images and images.sha256[:DIGITS],
        LABELLED: labelled and f"{labelled.count} {labelled.labels_sha256[:DIGITS]}",
        "launches": str(run.info.launches),
        "rounds": str(run.info.rounds),
        "workers go first": None if first is None else "yes" if first else "no",
    }
    return {name: value for name, value in values.items() if value}
