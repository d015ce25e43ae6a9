"""What reduced precision costs and buys: a race made by hand, and logits that differ where they are made to."""

from __future__ import annotations

import json

import numpy as np
import pytest

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.judge.agreement import compare_logits
from runoff.judge.standings import Rules
from runoff.measure.preparation import READY, Outcome
from runoff.measure.race import LaunchRecord, Race
from runoff.record.quantisation import describe_quantisation, ratio_to_float32
from runoff.record.race import Judged
from runoff.stored.details import Quantisation
from runoff.stored.schema import read_record, write_record
from tests.builders.races import launches, make_race

REDUCED = Contender("engine", Variant("int8", precision="int8"))


def make_outcome() -> Outcome:
    """Make the outcome of an INT8 contender that differs from golden on one of four pictures."""
    golden = np.tile(np.array([[2.0, 0.0]], dtype=np.float32), (4, 1))
    logits = golden.copy()
    logits[0] = [0.0, 2.0]
    found = compare_logits(logits, golden, 1e-6, ("a", "b", "c", "d"), lead=0.1)
    return Outcome(REDUCED, READY, {}, quantisation=found)


def judged(race: Race, error_share: float = 1.0) -> Judged[LaunchRecord]:
    """Judge a race by the usual rules, at a look that may spend this share of the error."""
    return Judged(race, "pytorch", Rules(error_share=error_share))


def test_what_it_costs_is_told_with_the_floor_it_is_held_to() -> None:
    """Agreement, logit errors, floor and lead are stored as JSON values, with the pictures that differ."""
    written = json.dumps(write_record(describe_quantisation(make_outcome(), judged(make_race()))), allow_nan=False)
    found = read_record(json.loads(written), Quantisation)
    assert (found.images, found.decided, found.decided_agreement, found.floor) == (4, 4, 0.75, 0.99)
    assert (found.largest_difference, found.rms_difference) == (2.0, pytest.approx(1.0))
    assert (found.lead, found.disagreeing, found.ratio_to_float32) == (0.1, ("a",), None)


def test_what_it_buys_is_taken_against_the_same_backend_in_float32() -> None:
    """Of a reference of 1, a plain variant of 0.8 and an INT8 one of 0.2, the ratio bought is 0.25."""
    race = make_race(**{"engine": launches(0.8, seed=3), "engine-int8": launches(0.2, seed=4)})
    found = ratio_to_float32(REDUCED, judged(race))
    assert found is not None
    assert found.reference == "engine"
    assert found.value == pytest.approx(0.25, rel=0.01)
    assert found.low < found.value < found.high


def test_its_interval_has_the_looks_share_of_the_error() -> None:
    """Where a race stops at a look that may spend a quarter of the error, the interval is as wide as that asks for."""
    race = make_race(**{"engine": launches(0.8, seed=3), "engine-int8": launches(0.2, seed=4)})
    once, looked = (ratio_to_float32(REDUCED, judged(race, share)) for share in (1.0, 0.25))
    assert once is not None
    assert looked is not None
    assert (looked.confidence, looked.nominal_confidence) == (0.95, pytest.approx(0.9875))
    assert looked.low < once.low < once.high < looked.high


def test_another_environment_is_not_the_same_backend() -> None:
    """A contender elsewhere is held against the plain variant there, or against none."""
    race = make_race(**{"engine": launches(0.8, seed=3), "engine-int8@old": launches(0.2, seed=4)})
    assert ratio_to_float32(Contender("engine", REDUCED.variant, "old"), judged(race)) is None
