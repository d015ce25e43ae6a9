"""How many launches an interval takes: from the spread that there is, by Student's t, and what looks make of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runoff.judge.precision import AIM, expected, launches_for, looks_reach, what_it_takes
from runoff.judge.ratios import (
    CONFIDENCE,
    Ratio,
    estimate_behind,
    half_width,
    plan_looks,
    ratio_over_launches,
)

PUBLISHED = {4: 2.776445, 7: 2.364624, 22: 2.073873}
"""t(0.975) by degrees of freedom, from any table of Student's t."""


def spread(deviation: float, launches: int = 8) -> Ratio:
    """Make a ratio of 0.6 whose launches have this standard deviation."""
    values = np.resize([1.0, -1.0], launches)
    values *= deviation / values.std(ddof=1)
    return ratio_over_launches((math.log(0.6) + values - values.mean()).tolist())


def test_as_many_launches_as_there_were_expect_their_own_interval() -> None:
    """What eight launches showed is what eight launches can expect, around the same ratio."""
    shown = ratio_over_launches([0.01, -0.02, 0.03, 0.0, 0.01, -0.01, 0.02, -0.03])
    assert expected(shown, 8).value == shown.value
    assert half_width(expected(shown, 8)) == pytest.approx(half_width(shown))


def test_expectation_scales_with_launches_and_degrees() -> None:
    """Going from 5 to 8 launches changes the reach by the root of 5/8 and by Student's t of 7 instead of 4 degrees."""
    shown = ratio_over_launches([0.01, -0.02, 0.03, 0.0, 0.01])
    reach = math.log1p(half_width(shown)) * math.sqrt(5 / 8) * PUBLISHED[7] / PUBLISHED[4]
    assert math.log1p(half_width(expected(shown, 8))) == pytest.approx(reach, rel=1e-6)


def test_one_launch_expects_no_interval() -> None:
    """A single launch shows no spread, whatever the number of those to come."""
    shown = expected(ratio_over_launches([0.01]), 8)
    assert (shown.low, shown.high) == (None, None)
    assert math.isinf(half_width(shown))


def test_launches_are_the_fewest_that_reach_it() -> None:
    """A spread of 4.5 % takes 23 launches for 2 %: 2.0739 × 4.5 % / √23 is below ln 1.02, and with 22 it is not."""
    assert 2.073873 * 0.045 / math.sqrt(23) < math.log(1.02) < 2.079614 * 0.045 / math.sqrt(22)
    assert launches_for(spread(0.045), 0.02) == 23
    assert launches_for(spread(0.0001), 0.02) == 2


@pytest.mark.parametrize("deviation", [0.045, 0.09, 0.2])
def test_so_many_launches_are_as_narrow_as_promised(deviation: float) -> None:
    """Of simulated runs of as many launches as are named, the mean reach is 2 %, within a twentieth of it."""
    random = np.random.default_rng(7)
    launches = launches_for(spread(deviation), AIM)
    reaches = [half_width(ratio_over_launches(random.normal(0.0, deviation, launches).tolist())) for _ in range(300)]
    assert np.mean(reaches) == pytest.approx(AIM, rel=0.05)


def test_what_it_takes_is_that_of_the_widest() -> None:
    """The interval that reaches furthest is named with its reach, and all others are narrow enough by then."""
    ratios = {"near": spread(0.01), "far": spread(0.08), "control": spread(0.04)}
    needed = what_it_takes(ratios, 8)
    assert needed is not None
    assert (needed.widest, needed.measured) == ("far", 8)
    assert needed.reach == half_width(ratios["far"])
    assert needed.launches == launches_for(ratios["far"], AIM)
    assert all(half_width(expected(ratio, needed.launches)) <= AIM for ratio in ratios.values())


def test_narrow_intervals_and_unknown_spreads_take_nothing() -> None:
    """Where all reach 2 % at most nothing is said, nor of so few launches that their spread is hardly known."""
    assert what_it_takes({"near": spread(0.01)}, 8) is None
    assert what_it_takes({"few": spread(0.2, launches=4), "one": ratio_over_launches([0.1])}, 8) is None
    assert what_it_takes({}, 8) is None


@pytest.mark.parametrize(("deviation", "enough"), [(0.03, True), (0.07, True), (0.3, False)])
def test_looks_are_planned_from_where_one_of_them_reaches_it(deviation: float, enough: bool) -> None:
    """Where the looks of the planned launches do, nothing else is asked for; else they begin at what it takes."""
    ratio = spread(deviation)
    needed = what_it_takes({"far": ratio}, 8)
    assert needed is not None
    assert looks_reach(ratio, 8) is enough
    assert needed.first == (8 if enough else needed.launches)
    assert looks_reach(ratio, needed.first)


def test_an_interval_of_a_look_is_counted_at_its_own_level() -> None:
    """What a look found too wide takes more launches than the look had, since it is as strict as that look."""
    last = plan_looks(8)[-1]
    values = (np.resize([1.0, -1.0], last.launches) * 0.1).tolist()
    wide = ratio_over_launches(values, CONFIDENCE, last.error_share)
    assert half_width(wide) > AIM > half_width(expected(wide, last.launches, 1.0))
    assert launches_for(wide, AIM) > last.launches
    assert estimate_behind(expected(wide, 2 * last.launches)).error < estimate_behind(wide).error


def test_what_is_expected_says_its_launches_and_its_level() -> None:
    """The interval of a look that has half of the error is at 97.5 %, and of as many launches as it has."""
    found = expected(spread(0.1), 16, 0.5)
    assert (found.launches, found.nominal_confidence) == (16, pytest.approx(0.975))
    assert half_width(expected(spread(0.1), 16, 1.0)) < half_width(found) < half_width(expected(spread(0.1), 8, 0.5))


def test_looks_have_each_their_share_of_the_error() -> None:
    """A spread whose last look would be narrow enough with all of the error is not reached by its share alone."""
    last = plan_looks(8)[-1].launches
    deviation = 0.01
    while half_width(expected(spread(deviation), last)) <= AIM:
        deviation *= 1.02
    assert not looks_reach(spread(deviation / 1.02), 8)
    assert looks_reach(spread(deviation / 1.6), 8)


def test_five_launches_are_enough_to_say_what_it_takes_and_the_widest_is_named() -> None:
    """The widest need not be the last by its name, and five launches have a spread."""
    found = what_it_takes({"a": spread(0.2, 5), "b": spread(0.1, 5)}, 8)
    assert found is not None
    assert (found.widest, found.measured) == ("a", 5)
    assert what_it_takes({"a": spread(0.2, 4)}, 8) is None
