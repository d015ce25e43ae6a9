"""What the runs of many models say together: who is the fastest how often, and whether the models agree on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from scipy.stats import rankdata

from runoff.across.journal import Entry
from runoff.answer.choice import clear_winners, winners
from runoff.answer.fastest import why_no_answer
from runoff.judge.ranks import Concordance, Interval, Numbers, concordance, kendall_tau, over_families
from runoff.judge.ratios import Ratio, holm
from runoff.judge.shares import share_interval
from runoff.stored.run import StoredRun

FEWEST_FAMILIES = 5
"""Below so many families nothing is said of models in general."""


@dataclass(frozen=True)
class Answer:
    """What one model says: ``winners`` are the fastest contender and those that are not told apart from it.

    ``ratios`` are those of all that were timed, to the reference; ``size`` is that of its weights in bytes.
    """

    model: str
    family: str
    size: int
    winners: tuple[str, ...]
    ratios: Mapping[str, Ratio]

    def behind(self, contender: str) -> float:
        """Return how many times as long as the fastest a contender takes."""
        return self.ratios[contender].value / min(ratio.value for ratio in self.ratios.values())


@dataclass(frozen=True)
class Standing:
    """One contender over the models that it was timed on.

    It was ``first`` alone on some of them, a share with its interval, and not told apart from the fastest on the
    ``tied`` ones. What taking it everywhere costs is ``behind``: the median over models, and ``worst`` with the model.
    ``tau`` says whether its ratio to the reference goes with the size of the weights, None where that can't be said.
    """

    contender: str
    models: int
    first: int
    share: Interval
    tied: int
    behind: float
    worst: tuple[float, str]
    tau: Interval | None


@dataclass(frozen=True)
class Ranking:
    """How the contenders that were all timed on the same models rank there, and whether these models agree on it."""

    mean_ranks: Mapping[str, Interval]
    families: int
    concordance: Concordance


def weights_size(run: StoredRun) -> int:
    """Return the bytes of a model's weights, as the reference stores them; 0 where it has no artifact."""
    return next((row.artifact or 0 for row in run.rows if row.contender == run.stratum.reference), 0)


def find_answers(entries: Sequence[Entry]) -> list[Answer]:
    """Return what each model says whose run can say anything, the smallest first."""
    found = [
        Answer(
            model=entry.architecture.model,
            family=entry.architecture.family,
            size=weights_size(entry.run),
            winners=winners(entry.run),
            ratios={row.contender: row.ratio for row in entry.run.timed if row.ratio},
        )
        for entry in entries
        if entry.run is not None and not why_no_answer(entry.run)
    ]
    return sorted(found, key=lambda answer: answer.size)


def standings(answers: Sequence[Answer], reference: str) -> list[Standing]:
    """Return each contender's standing, the most often fastest first."""
    names = dict.fromkeys(name for answer in answers for name in answer.ratios)
    first = clear_winners(answer.winners for answer in answers)
    found = [standing(name, first[name], answers, reference) for name in names]
    return sorted(found, key=lambda each: (-each.first, each.behind))


def standing(name: str, first: int, answers: Sequence[Answer], reference: str) -> Standing:
    """Return one contender's standing."""
    timed = [answer for answer in answers if name in answer.ratios]
    share = Interval(first / len(timed), *share_interval(first, len(timed)))
    tied = sum(name in answer.winners for answer in timed) - first
    behind = [answer.behind(name) for answer in timed]
    worst = max((answer.behind(name), answer.model) for answer in timed)
    tau = size_tau(name, timed) if name != reference else None
    return Standing(name, len(timed), first, share, tied, median(behind), worst, tau)


def by_family(answers: Sequence[Answer], rows: Sequence[Sequence[float] | Numbers]) -> list[Numbers]:
    """Return rows, one for each answer, grouped by the families of these."""
    groups: dict[str, list[Sequence[float] | Numbers]] = {}
    for answer, row in zip(answers, rows, strict=True):
        groups.setdefault(answer.family, []).append(row)
    return [np.asarray(group, dtype=np.float64) for group in groups.values()]


def size_tau(name: str, timed: Sequence[Answer]) -> Interval | None:
    """Return Kendall's tau of a contender's ratio and the size of the weights; None for few families or one value."""
    families = by_family(timed, [(answer.size, answer.ratios[name].value) for answer in timed])
    if len(families) < FEWEST_FAMILIES or np.isnan(kendall_tau(np.concatenate(families))):
        return None
    return over_families(families, kendall_tau)[0]


def rankings(answers: Sequence[Answer]) -> list[Ranking]:
    """Rank the contenders that were timed on the most models, then those on fewer models too, on what they share.

    A contender that was not tried everywhere has no rank elsewhere: each ranking is of models on which all its
    contenders were timed. The p-values are Holm's, since the rankings are several.
    """
    models = Counter(name for answer in answers for name in answer.ratios)
    found = []
    for least in sorted(set(models.values()), reverse=True):
        names = [name for name, count in models.items() if count >= least]
        shared = [answer for answer in answers if all(name in answer.ratios for name in names)]
        families = by_family(shared, [rankdata([answer.ratios[name].value for name in names]) for answer in shared])
        if len(names) > 1 and len(families) >= FEWEST_FAMILIES:
            means = over_families(families, lambda rows: rows.mean(axis=0))
            by_rank = sorted(zip(names, means, strict=True), key=lambda pair: pair[1].value)
            found.append(Ranking(dict(by_rank), len(families), concordance(np.concatenate(families))))
    adjusted = holm({place: ranking.concordance.p_value for place, ranking in enumerate(found)})
    return [
        replace(ranking, concordance=replace(ranking.concordance, p_value=adjusted[place]))
        for place, ranking in enumerate(found)
    ]


@dataclass(frozen=True)
class AcrossModels:
    """All that is shown: what came of each model, and what those that have an answer say together.

    ``first`` is any of the stored runs, whose machine and versions are those of all where no remark says otherwise.
    """

    entries: Sequence[Entry]
    answers: Sequence[Answer]
    standings: Sequence[Standing]
    rankings: Sequence[Ranking]
    first: StoredRun | None

    @property
    def runs(self) -> list[tuple[Entry, StoredRun]]:
        """The models that have a stored run, with it."""
        return [(entry, entry.run) for entry in self.entries if entry.run is not None]

    @property
    def reference(self) -> str:
        """What ratios are taken against."""
        return self.first.stratum.reference if self.first else ""

    @property
    def contenders(self) -> list[str]:
        """All that was timed on any model, the reference first, then the most often fastest."""
        others = [standing.contender for standing in self.standings if standing.contender != self.reference]
        return [self.reference, *others] if self.standings else []


def across_models(entries: Sequence[Entry]) -> AcrossModels:
    """Find all that there is to show of models."""
    answers = find_answers(entries)
    first = next((entry.run for entry in entries if entry.run is not None), None)
    reference = first.stratum.reference if first else ""
    return AcrossModels(entries, answers, standings(answers, reference), rankings(answers), first)
