"""Several ratios judged together: what each of the rules changes in the verdicts."""

from __future__ import annotations

import math

import pytest

from runoff.judge.ratios import FASTER, INVALID, LESS, MORE, NO_DIFFERENCE, Ratio, ratio_over_launches
from runoff.judge.standings import Rules, judge

SPEED = (FASTER, "slower")
JUST = [-0.03, 0.0, -0.03, 0.0, -0.025, -0.02, -0.01, -0.03]
"""Log-ratios with a p-value of 0.0058 by Student's t test: a claim at 1 %, and none at half of that."""
STEADY = [0.0, 0.001] * 4
CONTROL = Ratio(1.0, 0.995, 1.005, 0.95, 8, 0.95)


def verdicts(launches: dict[str, list[float]], rules: Rules, control: Ratio | None = None) -> dict[str, str]:
    """Return the verdict on each entrant."""
    return {name: found.verdict for name, found in judge(launches, rules, SPEED, control).items()}


@pytest.mark.parametrize(
    ("error_share", "verdict"), [(1.0, FASTER), (0.9, FASTER), (0.5, NO_DIFFERENCE), (1 / 16, NO_DIFFERENCE)]
)
def test_a_claim_has_no_more_error_than_its_look_may_spend(error_share: float, verdict: str) -> None:
    """What is significant with all of the error is not claimed where the look may spend half of it."""
    assert verdicts({"just": JUST}, Rules(error_share=error_share)) == {"just": verdict}


@pytest.mark.parametrize(("error_share", "level"), [(1.0, 0.95), (0.5, 0.975), (0.0625, 0.996875)])
def test_an_interval_is_of_the_level_that_its_look_may_spend(error_share: float, level: float) -> None:
    """At a look with a share of the 5 %, the interval is the one at 1 - share × 5 %, and promises 95 %."""
    found = Rules(error_share=error_share).ratio(JUST)
    expected = ratio_over_launches(JUST, confidence=level)
    assert (found.confidence, found.nominal_confidence) == (0.95, pytest.approx(level))
    assert (found.value, found.launches) == (expected.value, 8)
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert judge({"just": JUST}, Rules(error_share=error_share), SPEED, None)["just"].low == found.low


def test_entrants_are_judged_as_one_suite() -> None:
    """Among nine, Holm asks nine times the evidence of the clearest; alone it is enough."""
    others = {f"other {number}": STEADY for number in range(8)}
    assert verdicts({"just": JUST}, Rules())["just"] == FASTER
    assert verdicts({"just": JUST} | others, Rules())["just"] == NO_DIFFERENCE


def test_nothing_is_claimed_within_the_controls_interval() -> None:
    """A difference that two equals reached as well is none."""
    wide = Ratio(1.0, 0.97, 1.03, 0.95, 8, 0.95)
    assert verdicts({"just": JUST}, Rules(), CONTROL) == {"just": FASTER}
    assert verdicts({"just": JUST}, Rules(), wide) == {"just": NO_DIFFERENCE}


def test_the_margin_says_which_control_makes_all_invalid() -> None:
    """A control that is off by 3 % is within 5 % and beyond 1 %."""
    off = Ratio(1.03, 1.02, 1.04, 0.95, 8, 0.95)
    assert verdicts({"steady": STEADY}, Rules(), off) == {"steady": NO_DIFFERENCE}
    assert verdicts({"steady": STEADY}, Rules(margin=0.01), off) == {"steady": INVALID}


def test_the_words_are_those_of_the_metric() -> None:
    """Sizes are less or more."""
    found = judge({"small": [-0.5, -0.51] * 4, "large": [0.5, 0.51] * 4}, Rules(), (LESS, MORE), None)
    assert (found["small"].verdict, found["large"].verdict) == (LESS, MORE)
    assert found["small"].value == pytest.approx(math.exp(-0.505))
