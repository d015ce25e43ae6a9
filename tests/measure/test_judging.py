"""Is a contender right? What is compared with golden, on which pictures, and what comes of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from runoff.contract import OTHER, Variant
from runoff.environments.contenders import Contender
from runoff.judge.accuracy import UNDECIDED
from runoff.measure.entrant import Prediction
from runoff.measure.preparation import FAILED, READY, WRONG, Outcome, ReferenceOutputs, judge
from tests.builders.outputs import (
    IMAGES,
    MODEL,
    ROUNDING,
    expected_outputs,
    further_images,
    golden_of,
    image_set,
    logits_of,
)


@pytest.fixture
def judged(make_entrant):
    """Judge the logits of a variant."""

    def outcome(logits, expected=None, further=None, threads=2, **variant):
        entrant = make_entrant()
        entrant = dataclasses.replace(entrant, contender=Contender("fake", Variant(**variant)))
        made = Outcome(entrant.contender, READY, {"numpy": "1"}, note="a note")
        return judge(
            made,
            entrant,
            expected or expected_outputs(),
            Prediction({"logits": logits}, threads),
            further if further is None else {"logits": further},
        ), entrant

    return outcome


def test_what_agrees_is_ready_with_all_that_it_is_timed_with(judged):
    """A contender that agrees on every picture has its entrant, agreement and prediction, and no reason."""
    logits = logits_of(0, 1, 0, 1)
    outcome, entrant = judged(logits)
    assert (outcome.status, outcome.reason, outcome.stage) == (READY, None, None)
    assert outcome.entrant is entrant
    assert outcome.agreement.share == 1
    assert outcome.agreement.images == 4
    assert outcome.agreement.noise == pytest.approx(100 * ROUNDING)
    assert np.array_equal(outcome.prediction.outputs["logits"], logits)
    assert (outcome.quantisation, outcome.note) == (None, "a note")
    assert outcome.judged_by is outcome.agreement


def test_one_other_class_is_wrong_in_float32(judged):
    """A float32 contender must agree on every picture; the one that differs is named."""
    outcome, _ = judged(logits_of(0, 1, 1, 1))
    assert (outcome.status, outcome.stage) == (WRONG, "check")
    assert outcome.reason.startswith("Top-1 differs from golden's on 1 of 4 images that golden is sure of (c);")
    assert outcome.agreement.disagreeing == ("c",)


def test_the_right_class_is_not_enough_in_float32(judged):
    """Logits that are further from golden's than rounding explains are wrong in float32, and right in bfloat16."""
    logits = (logits_of(0, 1, 0, 1) * 0.9).astype(np.float32)
    outcome, _ = judged(logits)
    assert (outcome.status, outcome.agreement.share) == (WRONG, 1)
    assert outcome.reason.endswith("declare its true precision in its variant")
    assert judged(logits, precision="bfloat16")[0].status == READY


def test_another_shape_than_goldens_is_wrong(judged):
    """Logits of another number of classes are compared with nothing."""
    logits = np.zeros((4, 3), np.float32)
    outcome, _ = judged(logits)
    assert (outcome.status, outcome.stage) == (WRONG, "check")
    assert outcome.reason == "gives logits of shape (4, 3), golden's are (4, 2)"
    assert outcome.prediction.outputs["logits"] is logits
    assert (outcome.agreement, outcome.entrant) == (None, None)


def test_other_threads_than_asked_are_a_failure_whatever_it_answers(judged):
    """A contender that does not hold its threads has failed, and its agreement is known all the same."""
    outcome, _ = judged(logits_of(0, 1, 0, 1), threads=3)
    assert (outcome.status, outcome.stage) == (FAILED, "check")
    assert outcome.reason.startswith("ThreadsNotHeld: fake: asked for 2 threads, its framework reports 3;")
    assert outcome.agreement.share == 1


def test_reduced_precision_is_judged_on_what_it_was_not_calibrated_on(judged):
    """A calibrated INT8 contender that is wrong only on its calibration pictures is ready, and one beside them not."""
    int8 = {"precision": "int8", "calibrated": True}
    ready, _ = judged(logits_of(1, 1, 0, 1), **int8)
    assert (ready.status, ready.agreement.share, ready.quantisation.share) == (READY, 0.75, 1)
    assert ready.judged_by is ready.quantisation
    wrong, _ = judged(logits_of(0, 1, 1, 1), **int8)
    assert (wrong.status, wrong.quantisation.share, wrong.quantisation.disagreeing) == (WRONG, 0.5, ("c",))


def test_reduced_precision_without_calibration_is_judged_on_all_pictures(judged):
    """A variant that looks at no pictures has none that it knows already."""
    outcome, _ = judged(logits_of(1, 1, 0, 1), precision="bfloat16")
    assert (outcome.status, outcome.quantisation.images) == (WRONG, 4)
    assert outcome.quantisation.disagreeing == ("a",)


@pytest.mark.parametrize(("probabilities", "decided"), [(False, 0), (True, 4)], ids=["logits", "probabilities"])
def test_an_output_that_is_a_probability_leads_by_it(judged, probabilities, decided):
    """INT8 is judged by a picture whose probabilities lead by 0.16; as logits these would lead by less than 0.1."""
    shares = np.array([[0.58, 0.42], [0.42, 0.58]] * 2, np.float32)
    output = dataclasses.replace(MODEL.outputs[0], probabilities=probabilities)
    model = dataclasses.replace(MODEL, outputs=(output,))
    expected = dataclasses.replace(expected_outputs(), model=model, golden=golden_of(shares))
    for variant in ({"precision": "int8", "calibrated": True}, {"precision": "bfloat16"}):
        outcome, _ = judged(shares, expected, **variant)
        assert (outcome.status, outcome.agreement.decided) == (READY, decided)
        assert (outcome.quantisation.decided > 0) == probabilities


def test_further_pictures_count_for_reduced_precision(judged):
    """Further pictures are judged beside the first ones, with the larger of both roundings, and named as such."""
    int8 = {"precision": "int8", "calibrated": True}
    for rounding, largest in ((ROUNDING / 2, ROUNDING), (3 * ROUNDING, 3 * ROUNDING)):
        expected = expected_outputs(further_images(rounding))
        outcome, _ = judged(logits_of(0, 1, 0, 1), expected, logits_of(1, 0), **int8)
        assert (outcome.quantisation.images, outcome.quantisation.share) == (4, 0.75)
        assert outcome.quantisation.disagreeing == ("further y",)
        assert outcome.quantisation.noise == pytest.approx(100 * largest)
        assert outcome.status == WRONG
        assert outcome.agreement.images == 4


def test_further_pictures_that_a_contender_was_not_given_count_for_nothing(judged):
    """Where it answered for the first pictures alone, it is judged on those that it was not calibrated on."""
    expected = expected_outputs(further_images())
    outcome, _ = judged(logits_of(0, 1, 0, 1), expected, None, precision="int8", calibrated=True)
    assert (outcome.status, outcome.quantisation.images) == (READY, 2)


def test_pictures_that_golden_is_unsure_of_count_in_float32_alone(judged):
    """Where golden has no clear Top-1, another answer is wrong in float32 and says nothing in INT8."""
    golden = golden_of(np.array([[0.0, 0.05], [0.0, 4.0]], np.float32))
    expected = ReferenceOutputs(MODEL, image_set("unsure", "sure"), IMAGES, golden, (0, 1))
    logits = np.array([[0.05, 0.0], [0.0, 4.0]], np.float32)
    assert judged(logits, expected)[0].status == WRONG
    outcome, _ = judged(logits, expected, precision="int8")
    assert (outcome.status, outcome.quantisation.decided, outcome.agreement.decided) == (READY, 1, 1)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_where_golden_is_sure_of_nothing_a_contender_is_undecided_not_wrong(judged, precision):
    """It is timed all the same, unless agreement is required, and then the reason says what to do."""
    golden = golden_of(np.array([[0.0, 1e-7], [1e-7, 0.0]], np.float32))
    expected = ReferenceOutputs(MODEL, image_set("one", "other"), IMAGES, golden, (0, 1))
    logits = np.array([[1e-7, 0.0], [0.0, 1e-7]], np.float32)
    assert judged(logits, expected, precision=precision)[0].status == READY
    outcome, _ = judged(logits, dataclasses.replace(expected, require_agreement=True), precision=precision)
    assert (outcome.status, outcome.stage) == (UNDECIDED, "check")
    assert outcome.reason.startswith("golden is sure of none of 2 pictures")
    assert "--images" in outcome.reason


def test_numbers_are_judged_on_what_a_variant_was_not_calibrated_on(judged):
    """Of a model that is no classifier, too, no picture judges a contender that was calibrated on it."""
    expected = expected_outputs()
    other = dataclasses.replace(expected, model=dataclasses.replace(MODEL, task=OTHER), tolerance=0.01)
    logits = logits_of(0, 1, 0, 1)
    logits[:2] *= 2
    ready, _ = judged(logits, other, precision="int8", calibrated=True)
    assert (ready.status, ready.agreement.images, ready.agreement.share) == (READY, 2, 1)
    assert judged(logits, other, precision="bfloat16")[0].status == WRONG


def test_reduced_precision_without_a_tolerance_is_only_shown(judged):
    """Of a model that is no classifier it is ready with its differences; no share is said to agree, and no name."""
    other = dataclasses.replace(expected_outputs(), model=dataclasses.replace(MODEL, task=OTHER))
    logits = logits_of(0, 1, 0, 1)
    logits[0] *= 2
    shown = judged(logits, other, precision="int8")[0]
    assert shown.status == READY
    found = shown.judged_by
    assert (found.share, found.decided_share, found.disagreeing, found.images) == (None, None, (), 4)
    assert found.outputs[0].relative_rms > 0
    loose = judged(logits, dataclasses.replace(other, tolerance=2.0), precision="int8")[0]
    assert (loose.status, loose.judged_by.share) == (READY, 1)
    strict = judged(logits, dataclasses.replace(other, tolerance=0.01), precision="int8")[0]
    assert (strict.status, len(strict.judged_by.disagreeing)) == (WRONG, 1)
    assert "--tolerance allows 1.00 %" in strict.reason
