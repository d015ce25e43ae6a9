"""From answers on labelled pictures to what is stored of them."""

from __future__ import annotations

import base64
import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from PIL import Image

from runoff.errors import WorkerCrashed
from runoff.judge.accuracy import AS_GOOD, UNDECIDED, WORSE, Rule
from runoff.model.inputs.labelled import Calibrated, LeftOut, Unreadable
from runoff.record.accuracy import (
    MOST_PICTURES,
    THUMBNAIL,
    accuracies,
    accuracy_warnings,
    label_warnings,
    stored_accuracy,
)
from runoff.stored.accuracy import Accuracy, StoredAccuracy, pack, unpack
from runoff.stored.schema import read_record, write_record
from tests.builders.answered import CLASSES, make_answered


@pytest.fixture
def answered(tmp_path: Path):
    """Give 900 pictures on which one contender answers as golden, one loses 60, and one loses 5."""
    return make_answered(tmp_path, 900, golden=10, same=(10, 0), broken=(70, 0), near=(5, 20))


def test_every_contender_is_judged_on_the_same_pictures(answered):
    """What only golden names right is lost; one that is as golden is as good, one that loses 60 of 900 is worse."""
    found = accuracies(answered, Rule(0.01))
    assert {name: each.drop.verdict for name, each in found.items()} == {
        "same": AS_GOOD,
        "broken": WORSE,
        "near": AS_GOOD,
    }
    assert (found["broken"].drop.paired.lost, found["broken"].drop.paired.gained) == (60, 0)
    assert (found["near"].drop.paired.lost, found["near"].drop.paired.gained) == (5, 10)
    assert found["broken"].top1.value == pytest.approx(830 / 900)


def test_the_surest_wrong_answers_are_shown_first_and_no_more_than_24(answered):
    """Of all discordant pictures those are kept that a wrong answer was surest of, with a small picture of each."""
    found = accuracies(answered, Rule(0.01))
    shown = [picture for each in found.values() for picture in each.discordant]
    assert len(shown) == MOST_PICTURES
    assert found["same"].discordant == ()
    first = found["near"].discordant[0]
    assert (first.picture, first.lost, first.answer) == ("0.png", False, first.label)
    assert (first.golden, first.label) == (CLASSES[1], CLASSES[0])
    small = Image.open(io.BytesIO(base64.b64decode(first.thumbnail)))
    assert max(small.size) == THUMBNAIL
    missing = [picture for picture in shown if int(picture.picture.removesuffix(".png")) >= 30]
    assert all(picture.thumbnail == "" for picture in missing)


def test_classes_that_lost_have_names(answered):
    """All classes lost ten of 150 each, which is no class's own doing, so each is listed with its own counts."""
    losses = accuracies(answered, Rule(0.01))["broken"].losses
    assert {entry.name for entry in losses} <= set(CLASSES)
    assert sum(entry.loss.golden_right - entry.loss.right for entry in losses) == 60


def test_what_is_stored_is_read_again(answered):
    """A record survives being written as JSON values, and the bits are those of the answers."""
    known = stored_accuracy(answered, "1%")
    assert read_record(write_record(known), StoredAccuracy) == known
    for each in accuracies(answered, Rule(0.01)).values():
        assert read_record(write_record(each), Accuracy) == each
    rights = answered.golden.right(answered.pictures.labels)
    assert np.array_equal(unpack(known.outcomes, 900), rights)


def test_what_is_stored_of_a_set_says_all_that_was_left_out(answered):
    """The set has its counts of each kind, what INT8 was calibrated on, and the errors of who gave no answers."""
    answered.golden.top[0, 1] = answered.pictures.labels[0]
    whole = stored_accuracy(answered, "1%")
    assert (whole.pictures.count, whole.pictures.classes, whole.pictures.shown) == (900, 6, 6)
    assert (whole.pictures.sha256, whole.pictures.labels_sha256) == ("ab" * 32, "cd" * 32)
    assert (whole.pictures.calibrated, whole.pictures.calibration) == (0, "")
    assert (whole.top1.right, whole.top5.right, whole.rule) == (890, 891, "1%")
    left = LeftOut(unreadable=(Unreadable("a.png", "broken"),), unknown={"tree": 2, "sky": 3}, repeated=("b.png",) * 3)
    labels = np.where(answered.pictures.labels == 5, 0, answered.pictures.labels).astype(np.int32)
    calibrated = Calibrated(40, "--calibration")
    pictures = dataclasses.replace(answered.pictures, labels=labels, left_out=left, calibrated=calibrated)
    failed = dataclasses.replace(answered, pictures=pictures, failures={"gone": WorkerCrashed("by itself")})
    partly = stored_accuracy(failed, "1%")
    assert (partly.pictures.unreadable, partly.pictures.unknown, partly.pictures.repeated) == (1, 5, 3)
    assert (partly.pictures.shown, partly.pictures.calibrated) == (5, 40)
    assert partly.pictures.calibration == "--calibration"
    assert partly.failures == {"gone": "WorkerCrashed: by itself"}


def test_what_is_stored_of_a_contender(answered):
    """It has the contender's name, how often it was right at once and among five, and its own outcomes."""
    answered.answers["broken"].top[0, 1] = answered.pictures.labels[0]
    found = accuracies(answered, Rule(0.01))["broken"]
    assert (found.contender, found.top1.right, found.top5.right) == ("broken", 830, 831)
    assert unpack(found.outcomes, 900).sum() == 830
    assert [entry.name for entry in found.losses] == [CLASSES[entry.loss.label] for entry in found.losses] != []


@pytest.mark.parametrize("count", [1, 7, 8, 9, 1000])
def test_outcomes_are_a_bit_for_each_picture(count):
    """Bits come back as they were, and a string of another length is refused."""
    rights = np.random.default_rng(count).random(count) < 0.5
    assert np.array_equal(unpack(pack(rights), count), rights)
    with pytest.raises(ValueError, match="hold no"):
        unpack(pack(rights), count + 8)


def test_what_is_undecided_is_said_with_the_number_that_decides(tmp_path):
    """On 60 pictures nothing is decided, which is a warning with a number of pictures; what is decided has none."""
    few = accuracies(make_answered(tmp_path, 60, near=(1, 20)), Rule(0.01))
    assert few["near"].drop.verdict == UNDECIDED
    (warning,) = accuracy_warnings(few)
    assert warning.startswith("near is undecided: its accuracy may drop by up to ")
    assert f"about {few['near'].drop.needed:,} labelled pictures would decide" in warning
    decided = accuracies(make_answered(tmp_path, 900, same=(0, 0)), Rule(0.01))
    assert accuracy_warnings(decided) == []
    assert accuracy_warnings(decided | few) == [warning]
    hopeless = structs.replace(few["near"], drop=dataclasses.replace(few["near"].drop, needed=None))
    (warning,) = accuracy_warnings({"near": hopeless})
    assert warning.endswith(
        "; no number of pictures that can be had would decide, since its drop is close to what is allowed"
    )


def test_labels_that_golden_hardly_ever_names_are_warned_of(tmp_path):
    """Where the labels are of another order golden is right no more than by chance, and that is told."""
    assert label_warnings(make_answered(tmp_path, 60, golden=40)) == []
    assert label_warnings(make_answered(tmp_path, 60, golden=49)) == []
    assert len(label_warnings(make_answered(tmp_path, 60, golden=50))) == 1
    two = make_answered(tmp_path, 2, golden=1)
    assert len(label_warnings(two)) == 1
    assert label_warnings(make_answered(tmp_path, 1, golden=1)) == []
    (said,) = label_warnings(make_answered(tmp_path, 60, golden=55))
    assert said.startswith("golden names 5 of 60 labelled pictures right, no more than if it always answered")
    assert said.endswith(
        "commonest label: check that the labels are those of this model and of these weights (--class-map), and "
        "--preprocessing"
    )
