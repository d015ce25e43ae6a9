"""From answers on labelled pictures to what is stored: accuracies, drops by the rule, classes, and single pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from runoff.errors import RunoffError
from runoff.judge.accuracy import UNDECIDED, Rule, accuracy_of, class_losses, judge_drops
from runoff.measure.accuracy import Answered, Answers
from runoff.model.inputs.decoding import decode
from runoff.model.inputs.labelled import PictureSet
from runoff.stored.accuracy import Accuracy, Discordant, NamedLoss, StoredAccuracy, StoredPictureSet, pack
from runoff.text import numbers

TOP = 5
MOST_CLASSES = 10
MOST_PICTURES = 24
"""How many classes of a contender, and how many discordant pictures of a run, are stored."""
THUMBNAIL = 96
"""Pixels, the longer side."""


def stored_accuracy(answered: Answered, rule_text: str) -> StoredAccuracy:
    """Say which pictures there were, and what golden named right on them."""
    pictures, golden = answered.pictures, answered.golden
    first = golden.right(pictures.labels)
    return StoredAccuracy(
        stored_set(pictures),
        rule_text,
        accuracy_of(first),
        accuracy_of(golden.right(pictures.labels, TOP)),
        pack(first),
        {name: f"{type(error).__name__}: {error}" for name, error in answered.failures.items()},
    )


def stored_set(pictures: PictureSet) -> StoredPictureSet:
    """Name the pictures by their contents, and count what was left out."""
    left, calibrated = pictures.left_out, pictures.calibrated
    return StoredPictureSet(
        count=len(pictures),
        sha256=pictures.sha256,
        labels_sha256=pictures.labels_sha256,
        classes=len(pictures.classes),
        shown=len(np.unique(pictures.labels)),
        unreadable=len(left.unreadable),
        unknown=sum(left.unknown.values()),
        repeated=len(left.repeated),
        calibrated=calibrated.count if calibrated else 0,
        calibration=calibrated.source if calibrated else "",
    )


def accuracies(answered: Answered, rule: Rule) -> dict[str, Accuracy]:
    """Judge every contender that answered, all of them as one suite, and choose the pictures that are shown."""
    pictures, labels = answered.pictures, answered.pictures.labels
    golden = answered.golden.right(labels)
    rights = {name: answers.right(labels) for name, answers in answered.answers.items()}
    drops = judge_drops(golden, rights, rule)
    shown = most_confident(answered)
    return {
        name: Accuracy(
            contender=name,
            top1=accuracy_of(rights[name]),
            top5=accuracy_of(answers.right(labels, TOP)),
            drop=drops[name],
            outcomes=pack(rights[name]),
            losses=tuple(
                NamedLoss(pictures.classes[loss.label], loss)
                for loss in class_losses(labels, golden, rights[name], MOST_CLASSES)
            ),
            discordant=tuple(describe(pictures, place, answered.golden, answers) for place in shown.get(name, ())),
        )
        for name, answers in answered.answers.items()
    }


def most_confident(answered: Answered) -> Mapping[str, list[int]]:
    """Choose the discordant pictures that are shown, by contender: those on which a wrong answer is surest first."""
    labels, golden = answered.pictures.labels, answered.golden
    told = golden.right(labels)
    found = []
    for name, answers in answered.answers.items():
        for place in np.flatnonzero(told != answers.right(labels)).tolist():
            wrong = answers if told[place] else golden
            found.append((-float(wrong.confidence[place]), place, name))
    chosen: dict[str, list[int]] = {}
    for _, place, name in sorted(found)[:MOST_PICTURES]:
        chosen.setdefault(name, []).append(place)
    return chosen


def describe(pictures: PictureSet, place: int, golden: Answers, answers: Answers) -> Discordant:
    """Say what both named on a picture."""
    label, told = int(pictures.labels[place]), int(golden.top[place, 0])
    lost = told == label
    return Discordant(
        picture=pictures.names[place],
        label=pictures.classes[label],
        golden=pictures.classes[told],
        answer=pictures.classes[int(answers.top[place, 0])],
        confidence=float((answers if lost else golden).confidence[place]),
        lost=lost,
        thumbnail=thumbnail(pictures, place),
    )


def thumbnail(pictures: PictureSet, place: int) -> str:
    """Draw a picture small, as JPEG in base64; empty where it can't be read any more."""
    try:
        small = decode(pictures.file(place))
    except RunoffError:
        return ""
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    small.save(written, "JPEG", quality=80)
    return base64.b64encode(written.getvalue()).decode()


def label_warnings(answered: Answered) -> list[str]:
    """Say where golden is hardly ever right, so that the labels may be of another model or in another order."""
    labels = answered.pictures.labels
    right, commonest = int(answered.golden.right(labels).sum()), int(np.bincount(labels).max())
    if right > commonest or len(np.unique(labels)) == 1:
        return []
    return [
        f"golden names {right:,} of {len(labels):,} labelled pictures right, no more than if it always answered the "
        "commonest label: check that the labels are those of this model and of these weights (--class-map), and "
        "--preprocessing"
    ]


def accuracy_warnings(found: Mapping[str, Accuracy]) -> list[str]:
    """Name the contenders of which the pictures don't show whether they are as good, and say what would."""
    warnings = []
    for name, accuracy in found.items():
        drop = accuracy.drop
        if drop.verdict != UNDECIDED:
            continue
        advice = "no number of pictures that can be had would decide, since its drop is close to what is allowed"
        if drop.needed is not None:
            advice = f"about {drop.needed:,} labelled pictures would decide"
        warnings.append(
            f"{name} is undecided: its accuracy may drop by up to {numbers.points(drop.high)} points, where "
            f"{numbers.points(drop.allowed)} are allowed (--max-drop); {advice}"
        )
    return warnings
