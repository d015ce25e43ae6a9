"""Ratios, intervals and verdicts: worked examples, what is refused, and every verdict at its edges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runoff.judge.ratios import (
    CONFIDENCE,
    EXPLORATORY,
    FASTER,
    FEWEST_LAUNCHES,
    INCONCLUSIVE,
    INVALID,
    LESS,
    MARGIN,
    MORE,
    NO_DIFFERENCE,
    SLOWER,
    Ratio,
    claim_p_values,
    control_is_valid,
    difference_p_value,
    estimate,
    holm,
    is_pinned_down,
    launch_log_ratio,
    ratio_over_launches,
    verdict,
)


def test_pairing_removes_what_slows_both() -> None:
    """A machine that slows down threefold half-way leaves the ratio as it was."""
    reference = [0.010] * 10 + [0.030] * 10
    assert launch_log_ratio([1.2 * time for time in reference], reference) == pytest.approx(math.log(1.2))


@pytest.mark.parametrize("disturbance", [1e-3, 1e3, 1e9])
def test_minority_of_disturbed_rounds_does_not_count(disturbance: float) -> None:
    """With nine of twenty rounds disturbed beyond all measure, the ratio stays within the spread of the others."""
    random = np.random.default_rng(11)
    reference = 0.020 * np.exp(random.normal(0.0, 0.01, 20))
    times = 1.5 * reference * np.exp(random.normal(0.0, 0.01, 20))
    undisturbed = np.log(times / reference)[9:]
    times[:9] *= disturbance
    found = launch_log_ratio(times.tolist(), reference.tolist())
    assert undisturbed.min() <= found <= undisturbed.max()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -0.0, -0.02])
@pytest.mark.parametrize("side", ["contender", "reference"])
def test_values_that_are_no_durations_are_refused(value: float, side: str) -> None:
    """NaN, infinity, zero and negative values are refused on either side, even where the median would hide them."""
    good, bad = [0.02] * 9, [0.02] * 8 + [value]
    with pytest.raises(ValueError, match=r"^durations and sizes must be finite and above zero$"):
        launch_log_ratio(*((bad, good) if side == "contender" else (good, bad)))


@pytest.mark.parametrize(("times", "reference"), [([1.0, 2.0], [1.0]), ([1.0], [1.0, 2.0]), ([1.0], []), ([], [])])
def test_rounds_that_do_not_pair_are_refused(times: list[float], reference: list[float]) -> None:
    """Unequal lengths, and no rounds at all, are refused with both lengths."""
    with pytest.raises(ValueError, match=f"paired: {len(times)} against {len(reference)}"):
        launch_log_ratio(times, reference)


def test_extreme_durations_neither_overflow_nor_underflow() -> None:
    """Whatever is finite and above zero has a finite log-ratio."""
    assert launch_log_ratio([1e308], [1e-308]) == pytest.approx(616 * math.log(10))
    assert launch_log_ratio([1e-308], [1e308]) == pytest.approx(-616 * math.log(10))


def test_worked_interval() -> None:
    """Five launches worked by hand: mean 0.1, standard error 0.01·√(1/2), t(0.975; 4) = 2.776."""
    found = ratio_over_launches([0.08, 0.09, 0.10, 0.11, 0.12])
    assert found.value == pytest.approx(math.exp(0.1))
    assert found.low == pytest.approx(math.exp(0.1 - 2.7764 * 0.0070711), rel=1e-6)
    assert found.high == pytest.approx(math.exp(0.1 + 2.7764 * 0.0070711), rel=1e-6)
    assert (found.confidence, found.launches) == (0.95, 5)


def test_more_rounds_do_not_narrow_the_interval() -> None:
    """The launch is the unit: a launch's rounds measured a hundred times over change nothing."""
    launches = [([0.021, 0.022, 0.023], [0.020, 0.020, 0.020]), ([0.022, 0.022, 0.024], [0.020, 0.021, 0.020])]
    few = ratio_over_launches([launch_log_ratio(*launch) for launch in launches])
    many = ratio_over_launches([launch_log_ratio(times * 101, base * 101) for times, base in launches])
    assert many == few


def test_higher_confidence_widens_the_interval() -> None:
    """More confidence costs width and leaves the ratio."""
    values = [0.08, 0.09, 0.10, 0.11, 0.12]
    usual, sure = ratio_over_launches(values), ratio_over_launches(values, confidence=0.99)
    assert sure.value == usual.value
    assert sure.low < usual.low < usual.high < sure.high


def test_one_launch_has_a_ratio_but_no_interval() -> None:
    """One launch says nothing about its own noise: no interval, and a p-value that shows nothing."""
    found = ratio_over_launches([math.log(2.0)])
    assert found == Ratio(found.value, None, None, CONFIDENCE, 1, CONFIDENCE)
    assert found.value == pytest.approx(2.0)
    assert difference_p_value(estimate([math.log(2.0)])) == 1.0


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"value": math.nan}, "value is nan"),
        ({"low": 0.0}, "low is 0.0"),
        ({"high": math.inf}, "high is inf"),
        ({"confidence": 1.0}, "confidence is 1.0"),
        ({"nominal_confidence": 0.0}, "nominal_confidence is 0.0"),
        ({"confidence": 0.49}, "confidence is 0.49"),
        ({"low": 1.2}, "low is 1.2, expected no more than high"),
    ],
)
def test_what_no_ratio_can_be_is_refused(change: dict[str, float], name: str) -> None:
    """A ratio and its interval are finite, above zero and in order, and its levels are from 0.5 to below one."""
    values = {"value": 1.0, "low": 0.9, "high": 1.1, "confidence": 0.95, "launches": 8, "nominal_confidence": 0.95}
    with pytest.raises(ValueError, match=name):
        Ratio(**(values | change))


def test_no_launches_are_refused() -> None:
    """Without launches there is no ratio."""
    with pytest.raises(ValueError, match=r"^a ratio needs at least one launch$"):
        ratio_over_launches([])


def test_launches_without_any_spread() -> None:
    """Values that never vary, as sizes may, are a certain difference, or certainly none."""
    assert difference_p_value(estimate([0.0] * 8)) == 1.0
    assert difference_p_value(estimate([0.25] * 8)) == 0.0
    found = ratio_over_launches([0.25] * 8)
    assert (found.low, found.value, found.high) == (math.exp(0.25),) * 3


def test_holm_equals_the_worked_example() -> None:
    """Four p-values worked by hand: times 4, 3, 2 and 1 in rising order, and never falling."""
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})


def test_holm_of_one_and_of_none() -> None:
    """A single test needs no adjustment, and no tests give no values."""
    assert holm({"only": 0.04}) == {"only": 0.04}
    assert holm({}) == {}


def test_a_claim_is_held_to_both_levels() -> None:
    """Below 5 % after adjustment means 1 % alone and 5 % together: 0.9 % passes alone and not among nine."""
    assert claim_p_values({"only": 0.009})["only"] == pytest.approx(0.045)
    assert claim_p_values({"only": 0.011})["only"] == pytest.approx(0.055)
    nine = claim_p_values({"a": 0.009} | {str(other): 0.5 for other in range(8)})
    assert nine["a"] == pytest.approx(9 * 0.009)
    assert claim_p_values({"only": 0.009}, error_share=0.5)["only"] == pytest.approx(0.09)


NARROW_BELOW = Ratio(0.98, 0.97, 0.99, CONFIDENCE, 8, CONFIDENCE)
NARROW_ACROSS = Ratio(1.0, 0.99, 1.01, CONFIDENCE, 8, CONFIDENCE)
WIDE_BELOW = Ratio(0.7, 0.5, 0.9, CONFIDENCE, 8, CONFIDENCE)
WIDE_ACROSS = Ratio(1.02, 0.9, 1.15, CONFIDENCE, 8, CONFIDENCE)
WIDE_ABOVE = Ratio(1.5, 1.2, 1.9, CONFIDENCE, 8, CONFIDENCE)
OFF = Ratio(1.2, 1.1, 1.3, CONFIDENCE, 8, CONFIDENCE)
FEW = Ratio(0.5, 0.49, 0.51, CONFIDENCE, FEWEST_LAUNCHES - 1, CONFIDENCE)
SINGLE = Ratio(0.5, None, None, CONFIDENCE, 1, CONFIDENCE)


@pytest.mark.parametrize(
    ("ratio", "p_value", "expected"),
    [
        pytest.param(SINGLE, 1.0, EXPLORATORY, id="one launch"),
        pytest.param(FEW, 0.0001, EXPLORATORY, id="significant, too few launches"),
        pytest.param(NARROW_BELOW, 0.001, FASTER, id="below 1, narrow, significant"),
        pytest.param(WIDE_BELOW, 0.02, FASTER, id="below 1, wide, significant"),
        pytest.param(WIDE_ABOVE, 0.02, SLOWER, id="above 1, significant"),
        pytest.param(NARROW_ACROSS, 0.8, NO_DIFFERENCE, id="narrow, not significant"),
        pytest.param(NARROW_BELOW, 0.2, NO_DIFFERENCE, id="narrow, no longer significant after Holm"),
        pytest.param(WIDE_ACROSS, 0.7, INCONCLUSIVE, id="wide, not significant"),
        pytest.param(WIDE_BELOW, 0.06, INCONCLUSIVE, id="wide, no longer significant after Holm"),
        pytest.param(NARROW_BELOW, 0.051, NO_DIFFERENCE, id="just not significant"),
        pytest.param(NARROW_BELOW, 0.0499, FASTER, id="just significant"),
    ],
)
def test_verdict_of_every_branch(ratio: Ratio, p_value: float, expected: str) -> None:
    """Each kind of evidence has its word, and an invalid run overrules it."""
    assert verdict(ratio, p_value, control=None) == expected
    assert verdict(ratio, p_value, control=OFF) == INVALID


def test_verdict_at_the_fewest_launches() -> None:
    """As many launches as are called enough are enough."""
    enough = Ratio(0.5, 0.49, 0.51, CONFIDENCE, FEWEST_LAUNCHES, CONFIDENCE)
    assert verdict(enough, 0.0001, control=None) == FASTER


@pytest.mark.parametrize(("ratio", "expected"), [(NARROW_BELOW, LESS), (WIDE_ABOVE, MORE)])
def test_verdict_in_other_words(ratio: Ratio, expected: str) -> None:
    """A metric that is not a time brings its own words."""
    assert verdict(ratio, 0.001, control=None, words=(LESS, MORE)) == expected


def test_verdict_with_another_margin() -> None:
    """The margin decides which width is too wide to say that nothing was shown."""
    assert verdict(NARROW_ACROSS, 0.8, control=None, margin=0.01) == INCONCLUSIVE
    assert verdict(WIDE_ACROSS, 0.7, control=None, margin=0.5) == NO_DIFFERENCE


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        pytest.param(0.99, 1.01, True, id="around 1"),
        pytest.param(0.5, 2.0, True, id="wide around 1"),
        pytest.param(1.02, 1.08, True, id="excludes 1 by less than the margin"),
        pytest.param(1 + MARGIN, 1.1, True, id="excludes 1 by just the margin"),
        pytest.param(1 + MARGIN + 1e-9, 1.1, False, id="above by more than the margin"),
        pytest.param(0.9, 1 / (1 + MARGIN), True, id="below by just the margin"),
        pytest.param(0.9, 1 / (1 + MARGIN) - 1e-9, False, id="below by more than the margin"),
        pytest.param(None, None, True, id="one launch shows nothing"),
    ],
)
def test_control_validity_at_its_edges(low: float | None, high: float | None, expected: bool) -> None:
    """A run is invalid where its control's interval excludes 1 by more than the margin, on either side."""
    assert control_is_valid(Ratio(1.0, low, high, CONFIDENCE, 8, CONFIDENCE)) is expected


def test_a_claim_goes_beyond_what_the_control_reached() -> None:
    """A difference that two equals showed as well is not claimed, however sure the test is; one beyond it is."""
    control = Ratio(1.01, 0.98, 1.04, CONFIDENCE, 8, CONFIDENCE)
    within, narrow = (
        Ratio(1.06, 1.035, 1.09, CONFIDENCE, 8, CONFIDENCE),
        Ratio(1.03, 1.02, 1.04, CONFIDENCE, 8, CONFIDENCE),
    )
    above, below = (
        Ratio(1.06, 1.05, 1.07, CONFIDENCE, 8, CONFIDENCE),
        Ratio(0.95, 0.93, 0.97, CONFIDENCE, 8, CONFIDENCE),
    )
    found = [verdict(ratio, 0.0001, control=control) for ratio in (within, narrow, above, below)]
    assert found == [INCONCLUSIVE, NO_DIFFERENCE, SLOWER, FASTER]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.96, 1.05, True), (1 / (1 + MARGIN), 1 + MARGIN - 1e-9, True), (0.94, 1.05, False), (None, None, False)],
)
def test_a_control_is_pinned_down_within_the_margin(low: float | None, high: float | None, expected: bool) -> None:
    """A control is pinned down where its interval reaches no further than the margin to each side."""
    assert is_pinned_down(Ratio(1.0, low, high, CONFIDENCE, 8, CONFIDENCE)) is expected


def test_control_validity_with_another_margin() -> None:
    """A stricter margin refuses what the usual one lets pass."""
    control = Ratio(1.05, 1.02, 1.08, CONFIDENCE, 8, CONFIDENCE)
    assert control_is_valid(control)
    assert not control_is_valid(control, margin=0.01)
