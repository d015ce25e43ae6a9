"""Verdicts exactly at their bounds, and just beyond them."""

from __future__ import annotations

import math
import re

import pytest

from runoff.judge.ratios import (
    CONFIDENCE,
    EXPLORATORY,
    FASTER,
    FEWEST_LAUNCHES,
    INCONCLUSIVE,
    NO_DIFFERENCE,
    SLOWER,
    Estimate,
    Ratio,
    change_between,
    change_estimate,
    difference_p_value,
    estimate,
    estimate_behind,
    excess_p_value,
    half_width,
    holm,
    interval,
    is_beyond,
    is_pinned_down,
    ratio_over_launches,
    shared_error,
    verdict,
)

CONTROL = Ratio(1.0, 0.99, 1.01, CONFIDENCE, 8, CONFIDENCE)


def ratio(low: float, high: float, launches: int = 8, value: float | None = None) -> Ratio:
    """Make a ratio with this interval."""
    return Ratio(value or math.sqrt(low * high), low, high, CONFIDENCE, launches, CONFIDENCE)


@pytest.mark.parametrize(("launches", "expected"), [(4, EXPLORATORY), (5, SLOWER), (6, SLOWER)])
def test_five_launches_are_the_fewest_for_a_verdict(launches: int, expected: str) -> None:
    """Four launches never give a verdict, and five do."""
    assert FEWEST_LAUNCHES == 5
    assert verdict(ratio(1.9, 2.1, launches), 1e-6, control=None) == expected


@pytest.mark.parametrize(
    ("p_value", "expected"), [(0.0499, SLOWER), (1 - CONFIDENCE, NO_DIFFERENCE), (0.0501, NO_DIFFERENCE)]
)
def test_a_p_value_of_exactly_the_level_is_no_claim(p_value: float, expected: str) -> None:
    """Five per cent is not below five per cent."""
    assert verdict(ratio(1.01, 1.03), p_value, control=None) == expected


@pytest.mark.parametrize(
    ("high", "margin", "expected"),
    [
        (1.05, 0.05, NO_DIFFERENCE),
        (1.0501, 0.05, INCONCLUSIVE),
        (1.09, 0.05, INCONCLUSIVE),
        (1.5, 0.5, NO_DIFFERENCE),
        (1.51, 0.5, INCONCLUSIVE),
    ],
)
def test_an_interval_as_wide_as_the_margin_hides_nothing(high: float, margin: float, expected: str) -> None:
    """From one end to the other it may be as far as the margin, and no further."""
    assert verdict(ratio(1.0, high), 1.0, control=None, margin=margin) == expected


@pytest.mark.parametrize(
    ("found", "beyond"),
    [
        pytest.param(ratio(0.95, 0.989), True, id="below"),
        pytest.param(ratio(0.95, 0.99), False, id="touching from below"),
        pytest.param(ratio(0.8, 0.995, value=0.9), False, id="value below, interval reaching in"),
        pytest.param(ratio(1.005, 1.2, value=1.1), False, id="value above, interval reaching in"),
        pytest.param(ratio(1.01, 1.05), False, id="touching from above"),
        pytest.param(ratio(1.011, 1.05), True, id="above"),
        pytest.param(Ratio(2.0, None, None, CONFIDENCE, 1, CONFIDENCE), False, id="without an interval"),
    ],
)
def test_only_an_interval_wholly_outside_the_controls_is_beyond_it(found: Ratio, beyond: bool) -> None:
    """Where the two intervals share so much as an end, the difference is one that equals reached."""
    assert is_beyond(found, CONTROL) is beyond
    claimed = verdict(found, 1e-6, control=CONTROL)
    assert (claimed in (FASTER, SLOWER)) is beyond


def test_without_the_controls_interval_nothing_is_beyond_it() -> None:
    """A control of one launch says nothing of what equals reach."""
    single = Ratio(1.0, None, None, CONFIDENCE, 1, CONFIDENCE)
    assert not is_beyond(ratio(2.0, 2.1), single)
    assert verdict(ratio(2.0, 2.05), 1e-6, control=single) == NO_DIFFERENCE


@pytest.mark.parametrize(("margin", "pinned"), [(0.99, False), (1.0, True), (1.01, True)])
def test_an_interval_that_reaches_just_the_margin_is_pinned_down(margin: float, pinned: bool) -> None:
    """From a half to twice the ratio it reaches 100 % to each side."""
    assert half_width(ratio(0.5, 2.0)) == 1.0
    assert is_pinned_down(ratio(0.5, 2.0), margin) is pinned


@pytest.mark.parametrize("ends", [(None, 1.1), (0.9, None), (None, None)])
def test_half_an_interval_is_none(ends: tuple[float | None, float | None]) -> None:
    """Where either end is not known, nothing is known of how far it reaches."""
    half = Ratio(1.0, *ends, CONFIDENCE, 8, CONFIDENCE)
    assert half_width(half) == math.inf
    assert not is_beyond(half, CONTROL)
    assert not is_beyond(ratio(2.0, 2.1), half)
    assert verdict(half, 1e-6, control=None) == EXPLORATORY
    assert estimate_behind(half).degrees == 0


@pytest.mark.parametrize(("above", "p_value"), [(-1e-9, 1.0), (0.0, 1.0), (1e-9, 0.0)])
def test_sizes_that_never_vary_exceed_a_margin_or_do_not(above: float, p_value: float) -> None:
    """Exactly at the margin a known change is not beyond it."""
    assert excess_p_value(Estimate(math.log1p(0.05) + above, 0.0, 7), 0.05) == p_value


@pytest.mark.parametrize(("mean", "p_value"), [(0.1, 0.0), (-0.1, 0.0), (0.0, 1.0)])
def test_a_known_difference_is_certain(mean: float, p_value: float) -> None:
    """Without any spread, what is not zero differs certainly, on either side."""
    assert difference_p_value(Estimate(mean, 0.0, 7)) == p_value


def test_p_values_are_those_of_the_table() -> None:
    """Two-sided, t = 2.306 on 8 degrees is 5 %; one-sided, t = 1.860 beyond the margin is 5 % too."""
    assert difference_p_value(Estimate(-0.02306, 0.01, 8)) == pytest.approx(0.05, abs=1e-4)
    assert excess_p_value(Estimate(math.log(1.05) + 0.0186, 0.01, 8), 0.05) == pytest.approx(0.05, abs=1e-4)
    assert excess_p_value(Estimate(math.log(1.05) - 0.0186, 0.01, 8), 0.05) == pytest.approx(0.95, abs=1e-4)


def test_what_one_launch_says_is_its_value_alone() -> None:
    """Its error is not known, so that it has no degrees of freedom and no interval."""
    for found in (estimate([0.5]), estimate_behind(ratio_over_launches([0.5]))):
        assert (found.mean, found.degrees, math.isnan(found.error)) == (0.5, 0, True)
        assert interval(found, 0.95) is None
    two = estimate_behind(ratio_over_launches([0.4, 0.6]))
    assert (two.degrees, two.error) == (1, pytest.approx(0.1))


def test_a_known_change_keeps_the_degrees_of_both_runs() -> None:
    """Where neither run varies, the change is known and has the degrees of freedom of both."""
    found = change_estimate(ratio_over_launches([0.1] * 8), ratio_over_launches([0.3] * 5))
    assert (found.mean, found.error, found.degrees) == (pytest.approx(0.2), 0.0, 11)


def test_welchs_example() -> None:
    """Errors 0.03 on 4 and 0.04 on 9 degrees: together 0.05, on 0.05⁴ / (0.03⁴ / 4 + 0.04⁴ / 9) = 12.84 degrees."""
    spreads = {5: 0.03 * math.sqrt(5), 10: 0.04 * math.sqrt(10)}
    base, head = (
        ratio_over_launches([deviation * spread / math.sqrt(factor) for deviation in deviations])
        for (count, spread), deviations, factor in (
            ((5, spreads[5]), (-1.0, 1.0, -1.0, 1.0, 0.0), 1.0),
            ((10, spreads[10]), (-1.0, 1.0) * 5, 10 / 9),
        )
    )
    found = change_estimate(base, head)
    assert (found.error, found.degrees) == (pytest.approx(0.05), pytest.approx(12.8351, abs=1e-3))


@pytest.mark.parametrize(
    ("levels", "share"), [((0.95, 0.95), 1.0), ((0.975, 0.95), 0.5), ((0.975, 0.975), 0.25), ((0.9, 0.95), 1.0)]
)
def test_the_error_left_to_a_change_is_the_product_of_the_looks(levels: tuple[float, float], share: float) -> None:
    """Half and half leave a quarter; more than all of it is never left."""
    base, head = (Ratio(1.0, 0.9, 1.1, CONFIDENCE, 8, level) for level in levels)
    assert shared_error(base, head) == pytest.approx(share)
    assert shared_error(base, head) <= 1.0


def test_a_change_has_the_launches_of_the_shorter_run() -> None:
    """What is judged by its launches is judged by those of the run that has fewer, whichever that is."""
    few, many = ratio_over_launches([0.0, 0.01] * 2), ratio_over_launches([0.5, 0.51] * 5)
    there, back = change_between(few, many), change_between(many, few)
    assert (there.launches, back.launches) == (4, 4)
    assert (there.confidence, there.value) == (0.95, pytest.approx(math.exp(0.5)))
    assert (back.low, back.high) == (pytest.approx(1 / there.high), pytest.approx(1 / there.low))
    single = change_between(few, ratio_over_launches([0.5]))
    assert (single.low, single.high, single.launches) == (None, None, 1)


def test_a_change_is_of_the_level_that_the_looks_leave() -> None:
    """Where both runs stopped at looks that had half of the 5 %, the change's interval is at 98.75 %."""
    values = [0.0, 0.01] * 4
    base, head = (ratio_over_launches(values, error_share=0.5) for _ in range(2))
    found, usual = change_between(base, head), change_between(*[ratio_over_launches(values)] * 2)
    assert (found.confidence, found.nominal_confidence) == (0.95, pytest.approx(0.9875))
    assert found.low < usual.low < 1 < usual.high < found.high


def test_adjusted_p_values_end_at_one() -> None:
    """Several of a half are one each, not more."""
    assert holm({"a": 0.5, "b": 0.6, "c": 0.9}) == {"a": 1.0, "b": 1.0, "c": 1.0}


@pytest.mark.parametrize(
    "change",
    [
        {"value": 0.0},
        {"value": math.inf},
        {"low": math.nan},
        {"high": 1e201},
        {"low": 1e-201},
        {"high": -1.0},
        {"confidence": 0.49},
        {"confidence": 1.0},
    ],
)
def test_each_end_of_what_a_ratio_can_be_is_refused(change: dict[str, float]) -> None:
    """Zero and infinity are no ratio, less than half and one no level; the message names what was expected."""
    (name,) = change
    expected = "number from 0.5 to below one" if name == "confidence" else r"number from 1e-200 to 1e\+200"
    values = {"value": 1.0, "low": 0.9, "high": 1.1, "confidence": 0.95, "launches": 8, "nominal_confidence": 0.95}
    with pytest.raises(ValueError, match=rf"^{name} is {re.escape(str(change[name]))}, expected a {expected}$"):
        Ratio(**(values | change))
