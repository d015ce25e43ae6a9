"""The recommendation says where undisturbed ratios order two contenders differently, and only what was shown."""

from __future__ import annotations

import pytest

from runoff.answer.orders import other_order
from runoff.answer.recommendation import recommendation
from runoff.judge.ratios import Ratio
from runoff.judge.three_ratios import Ratios
from runoff.stored.run import parse_run
from runoff.stored.schema import write_record
from tests.builders.stored_runs import about, add_contender, make_stored_run, set_undisturbed

SENTENCE = (
    "Undisturbed the order is another: tensorflow (0.950 ±1.0 %) is faster than pytorch-channels-last "
    "(1.000 ±1.0 %); typically it is the other way round, so neighbours on this machine slow the one more than "
    "the other."
)


def turned(undisturbed: float = 0.95, reach: float = 0.01):
    """Make a run where tensorflow is typically the slower of two and, undisturbed, takes this ratio."""
    stored = make_stored_run()
    set_undisturbed(stored, "pytorch", 1.0, reach=0.0)
    for name, typical, quiet in (("pytorch-channels-last", 1.05, 1.0), ("tensorflow", 1.12, undisturbed)):
        add_contender(stored, name, typical, verdict="slower")
        set_undisturbed(stored, name, quiet, reach=reach)
    return stored


def test_another_order_is_one_sentence_of_the_recommendation():
    """Both contenders are named with their undisturbed ratios, and which is the faster one typically."""
    stored = turned()
    set_undisturbed(stored, "pytorch", 0.9, reach=0.0)
    assert other_order(parse_run(stored)) == SENTENCE
    assert recommendation(parse_run(stored)).endswith(SENTENCE)


def test_the_reference_is_one_of_the_two_as_well():
    """A contender that is slower than the reference typically and faster undisturbed is named beside it."""
    found = other_order(parse_run(turned()))
    assert found.startswith("Undisturbed the order is another: tensorflow (0.950 ±1.0 %) is faster than pytorch (1); ")


@pytest.mark.parametrize(
    ("undisturbed", "reach"),
    [
        pytest.param(1.1, 0.01, id="the same order"),
        pytest.param(0.99, 0.02, id="intervals that overlap"),
    ],
)
def test_what_was_not_shown_is_not_said(undisturbed: float, reach: float):
    """Where the order is the same, or the undisturbed intervals overlap, the recommendation says nothing of it."""
    run = parse_run(turned(undisturbed, reach))
    assert other_order(run) is None
    assert "Undisturbed" not in recommendation(run)


def test_a_control_that_is_off_undisturbed_orders_nothing():
    """Where two equals did not come out equal in the undisturbed ratio, nothing is said by it."""
    stored = turned()
    control = Ratio(1.2, 1.15, 1.25, 0.95, 8, 0.95, "pytorch", 20, of="undisturbed")
    about(stored)["control_ratios"] = write_record(Ratios(control, control, control))
    assert other_order(parse_run(stored)) is None


def test_many_pairs_are_told_by_the_first_two():
    """Where several pairs turn, two are named and the others counted."""
    stored = turned(0.9)
    add_contender(stored, "onnxruntime", 1.2, verdict="slower")
    set_undisturbed(stored, "onnxruntime", 0.8)
    assert " and 3 more; typically" in other_order(parse_run(stored))
