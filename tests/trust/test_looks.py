"""The experiment on looks: its intervals are those of real runs, and what stops where is known for simple runs."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from runoff.judge.ratios import Look, plan_looks, ratio_over_launches
from trust.looks import DESIGNS, SPREADS, intervals, simulate_looks, stopped
from trust.settings import QUICK

LOOKS = (Look(8, 0.5), Look(12, 0.5))


def test_intervals_are_those_that_judge_a_real_run():
    """At each look the interval of many runs at once is the one that a run's own judgement computes."""
    ratios = np.random.default_rng(1).normal(0.1, 0.03, (3, 12))
    low, high = intervals(ratios, LOOKS)
    for run in range(3):
        for place, look in enumerate(LOOKS):
            found = ratio_over_launches(ratios[run, : look.launches].tolist(), error_share=look.error_share)
            assert (found.low, found.high) == pytest.approx(np.exp([low[run, place], high[run, place]]))


def test_a_run_stops_at_its_first_narrow_look():
    """One run is narrow at once, one later, one never: it goes to the last look without getting there."""
    narrow = np.array([[True, False], [False, True], [False, False]])
    assert stopped(narrow, LOOKS) == {"launches": pytest.approx((8 + 12 + 12) / 3), "reached": pytest.approx(2 / 3)}


@pytest.mark.parametrize("design", DESIGNS)
def test_a_design_spends_the_whole_error(design):
    """The shares of a design's looks add up to 1, and each look is after more launches than the one before."""
    assert sum(look.error_share for look in DESIGNS[design]) == pytest.approx(1)
    assert all(one.launches < two.launches for one, two in pairwise(DESIGNS[design]))


def test_what_is_used_takes_the_fewest_launches_where_launches_differ_much():
    """The design in use is the suite's own; it gets to the aim where the earlier ones do not, and holds the truth."""
    found = simulate_looks(dataclasses.replace(QUICK, simulated_looks=2_000), lambda text: None)["designs"]
    used = list(found)[-1]
    assert DESIGNS[used] == plan_looks(8)
    assert found[used]["spreads"]["5%"]["reached"] > 0.99
    assert found[next(iter(found))]["spreads"]["5%"]["reached"] < 0.2
    for spread in (f"{spread:.0%}" for spread in SPREADS):
        of_one = found[used]["spreads"][spread]
        assert 0.95 <= of_one["coverage"] <= 0.99
        assert of_one["launches"] <= of_one["launches_together"] <= 137
    means = {name: np.mean([at["launches"] for at in one["spreads"].values()]) for name, one in found.items()}
    ending = {name for name, one in found.items() if one["spreads"]["7%"]["reached"] > 0.95}
    assert means[used] == pytest.approx(min(means[name] for name in ending), rel=0.005)
