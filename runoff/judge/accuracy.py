"""Is a contender still right on labelled pictures? A rule that is fixed beforehand, and what it says. Pure functions.

The drop in accuracy against golden has an interval (``paired.py``), and a contender may lose so much and no more. It is
``as good`` where the whole interval lies below that, ``worse`` where it lies above, else ``undecided``: each error has
a chance of 2.5 % at most. That is a non-inferiority test: G. Piaggio and others, "Reporting of Noninferiority and
Equivalence Randomized Trials", JAMA 308 (2012), 2594-2604, whose figure 1 has these three.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from runoff.judge.paired import (
    CORRECTION,
    Paired,
    drop_interval,
    mcnemar_p_value,
    restricted_variance,
)
from runoff.judge.ratios import CONFIDENCE, Name, holm
from runoff.judge.shares import blaker_interval, exact_interval

AS_GOOD = "as good"
WORSE = "worse"
UNDECIDED = "undecided"

POWER = 0.9
"""How likely so many pictures as are said to be needed decide, where a contender is golden's equal."""
CAUTION = 0.75
"""How sure it is that no more pictures are discordant than pictures needed are found by.

By what was seen alone too few would be asked for where few pictures are discordant, and in half of the other runs: they
would decide in 47 to 90 % (docs/accuracy.md).
"""
MOST_PICTURES = 10_000_000
"""More pictures than these are no advice."""

Rights = NDArray[np.bool_]
"""Of each picture whether it was named right, in the order of the picture set."""
Indices = NDArray[np.int32]


@dataclass(frozen=True)
class Rule:
    """How much accuracy a contender may lose: a share of all pictures, or ``of_golden``, a share of golden's accuracy.

    The second is MLPerf's rule, which asks for 99 % or 99.9 % of the reference's accuracy (MLPerf Inference Rules,
    "Benchmarks"); MLPerf compares two numbers, here the interval has to lie within.
    """

    most: float
    of_golden: bool = False

    def allowed(self, golden: float) -> float:
        """Return the drop that is allowed, where golden has this accuracy on the pictures."""
        return self.most * golden if self.of_golden else self.most


MLPERF = {"mlperf-99": Rule(0.01, of_golden=True), "mlperf-99.9": Rule(0.001, of_golden=True)}
"""MLPerf's two rules, by their names here."""


@dataclass(frozen=True)
class Share:
    """How many pictures were named right, and the interval of the accuracy."""

    right: int
    """The pictures that were named right (pictures)."""
    pictures: int
    """All of them (pictures)."""
    low: float
    """The lower end of the 95 % interval (share)."""
    high: float
    """The upper end of the 95 % interval (share)."""

    @property
    def value(self) -> float:
        """The accuracy."""
        return self.right / self.pictures


@dataclass(frozen=True)
class Drop:
    """What golden and a contender show on the same pictures."""

    paired: Paired
    """How many pictures only one of both names right."""
    low: float
    """The lower end of the drop's interval (share)."""
    high: float
    """The upper end of the drop's interval (share)."""
    p_value: float
    """McNemar's for no drop (share)."""
    together: float
    """The same where all contenders count as one suite, by Holm (share)."""
    allowed: float
    """The drop that the rule allows (share)."""
    verdict: str
    """What the rule says of the interval."""
    needed: int | None = None
    """How many pictures would probably decide (pictures); none where it is decided, or no number would."""


def accuracy_of(rights: Rights) -> Share:
    """Return the accuracy of answers with its 95 % interval."""
    right, pictures = int(rights.sum()), len(rights)
    return Share(right, pictures, *blaker_interval(right, pictures))


def pair(golden: Rights, contender: Rights) -> Paired:
    """Count what only one of both names right; raises ValueError for other numbers of pictures."""
    if len(golden) != len(contender):
        raise ValueError(f"pictures must be paired: {len(golden)} against {len(contender)}")
    return Paired(len(golden), int((golden & ~contender).sum()), int((contender & ~golden).sum()))


def judge_drops(golden: Rights, contenders: Mapping[Name, Rights], rule: Rule) -> dict[Name, Drop]:
    """Judge the drop in accuracy of every contender by the rule."""
    allowed = rule.allowed(float(golden.mean()))
    pairs = {name: pair(golden, rights) for name, rights in contenders.items()}
    together = holm({name: mcnemar_p_value(paired) for name, paired in pairs.items()})
    return {name: judge_drop(paired, allowed, together[name]) for name, paired in pairs.items()}


def judge_drop(paired: Paired, allowed: float, together: float) -> Drop:
    """Judge one drop by what is allowed; ``together`` is its p-value among all contenders."""
    low, high = drop_interval(paired)
    verdict = AS_GOOD if high < allowed else WORSE if low > allowed else UNDECIDED
    needed = pictures_needed(paired, allowed) if verdict == UNDECIDED else None
    return Drop(paired, low, high, mcnemar_p_value(paired), together, allowed, verdict, needed)


def pictures_needed(paired: Paired, allowed: float) -> int | None:
    """Return how many pictures would decide with a chance of ``POWER`` at least.

    It is what a contender needs that loses as many as it gains, with as many discordant pictures as there may be by
    what was seen. Where that is no more than there are, the drop that was seen is taken, since the true one is near
    what is allowed. None where it would take more than ``MOST_PICTURES``, as it does where the drop is just what is
    allowed.
    """
    # The end of a two-sided interval of 50 % is that of a one-sided one of 75 %.
    discordance = exact_interval(paired.lost + paired.gained, paired.pictures, 2 * CAUTION - 1)[1]
    for drop in (0.0, paired.drop):
        needed = sample_size(drop, discordance, allowed)
        if needed > paired.pictures:
            return math.ceil(needed) if needed <= MOST_PICTURES else None
    return None


def sample_size(drop: float, discordance: float, allowed: float) -> float:
    """Return on how many pictures the score test tells a true drop from the one allowed with a chance of ``POWER``.

    It is the n of n × distance - correction = √n × (z √(variance if allowed) + z' √(variance if true)), as for any
    normal test whose variance differs between both: J. L. Fleiss, "Statistical Methods for Rates and Proportions",
    chapter 4. Infinite where both are the same drop.
    """
    distance = abs(allowed - drop)
    if distance == 0:
        return math.inf
    lost, gained = (discordance + drop) / 2, (discordance - drop) / 2
    rejecting = float(special.ndtri((1 + CONFIDENCE) / 2)) * math.sqrt(
        float(restricted_variance(lost, gained, 1, allowed))
    )
    powerful = float(special.ndtri(POWER)) * math.sqrt(max(0.0, discordance - drop * drop))
    reach = rejecting + powerful
    return ((reach + math.sqrt(reach * reach + 4 * distance * CORRECTION)) / (2 * distance)) ** 2


@dataclass(frozen=True)
class ClassLoss:
    """A class on whose pictures a contender is less often right than golden.

    Intervals are as wide as many classes looked at together take (Bonferroni), so that of all the classes none is shown
    by chance in 95 of 100 runs.
    """

    label: int
    """The number of the class, from 0 (no unit)."""
    pictures: int
    """The pictures of this class (pictures)."""
    golden_right: int
    """Those that golden names right (pictures)."""
    right: int
    """Those that the contender names right (pictures)."""
    low: float
    """The lower end of the drop's interval (share)."""
    high: float
    """The upper end of the drop's interval (share)."""
    shown: bool
    """Whether the whole interval is above zero."""


def class_losses(labels: Indices, golden: Rights, contender: Rights, most: int) -> Sequence[ClassLoss]:
    """Return the classes that lost most of their pictures, at most so many, those that are shown to first."""
    classes = [int(label) for label in np.unique(labels)]
    losses = []
    for label in classes:
        own = labels == label
        paired = pair(golden[own], contender[own])
        if paired.lost > paired.gained:
            low, high = drop_interval(paired, 1 - (1 - CONFIDENCE) / len(classes))
            rights = int(golden[own].sum()), int(contender[own].sum())
            losses.append(ClassLoss(label, paired.pictures, *rights, low, high, shown=low > 0))
    losses.sort(key=lambda loss: (not loss.shown, (loss.right - loss.golden_right) / loss.pictures, loss.label))
    return losses[:most]
