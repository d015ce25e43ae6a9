"""What is not asked of a model that can't answer it, and why."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from runoff.arrays import Input
from runoff.contract import OTHER
from runoff.measure.service.batches import why_one_size
from runoff.measure.service.end_to_end import why_no_answer
from runoff.model.sources.architecture import FILE
from tests.builders.models import resnet18

MODEL = resnet18("any", Path("none.npz"), "0" * 64, ("cat", "dog"), FILE)


def test_throughput_is_asked_of_a_model_that_takes_any_batch():
    """A model of one batch alone has one size, which says nothing of others."""
    assert why_one_size(MODEL) is None
    assert why_one_size(dataclasses.replace(MODEL, batch=1)) == (
        "resnet18 takes batches of 1 alone; make it with a batch of any size to ask for throughput"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": OTHER}, "resnet18 is no classifier, and the answer to a picture is its five most likely classes"),
        ({"preprocessing": None}, "how pictures become the input of resnet18 is unknown (--preprocessing imagenet or"),
        ({"inputs": (Input("a", (3,)), Input("b", (3,)))}, "resnet18 takes 2 inputs, and pictures are one"),
    ],
)
def test_a_picture_is_answered_by_a_classifier_of_pictures(changes, words):
    """Anything else is told why end to end is not asked of it."""
    assert why_no_answer(MODEL) is None
    assert (why_no_answer(dataclasses.replace(MODEL, **changes)) or "").startswith(words)
