"""The three ratios of simulated rounds: what is known of them, and what must not change them."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from runoff.judge.ratios import TAIL, TYPICAL, UNDISTURBED, Ratio, launch_log_ratio, ratio_over_launches
from runoff.judge.three_ratios import (
    FEWEST_ROUNDS,
    SETTLED,
    TOO_FAR,
    Ratios,
    three_ratios,
    typical_over_undisturbed,
)
from trust.undisturbed.machines import APART, BASE, CONTROL, REFERENCE, Machine, simulate

KNOWN = math.log(BASE["fast"] / BASE[REFERENCE])
LEVELS = Machine(APART, 0.5, 1.0)
"""Half of the time is quiet, in spells of a second; in the rest the reference takes 1.22 times as long, fast 1.04."""

Seconds = NDArray[np.float64]


def ratios_of(own: Seconds, base: Seconds) -> Ratios:
    """Return the three ratios of rounds by launch."""
    pairs = list(zip(own.tolist(), base.tolist(), strict=True))
    typical = ratio_over_launches([launch_log_ratio(times, others) for times, others in pairs])
    found = three_ratios(typical, own.tolist(), base.tolist())
    assert found is not None
    return found


def simulated(machine: Machine, runs: int = 1, seed: int = 0) -> dict[str, Seconds]:
    """Return the seconds of simulated runs by contender, run, launch and round."""
    made = simulate(machine, runs, np.random.default_rng(seed)).times
    return {name: np.exp(times) for name, times in made.items()}


def one_run(machine: Machine, who: str = "fast") -> tuple[Seconds, Seconds]:
    """Return the seconds of a contender and of the reference in one simulated run."""
    made = simulated(machine)
    return made[who][0], made[REFERENCE][0]


def known(found: Ratio | str) -> Ratio:
    """Return a ratio that is no reason."""
    assert isinstance(found, Ratio), found
    return found


def numbers_of(found: Ratios) -> list[float]:
    """Return all values and ends as logarithms, those of the typical ratio among them."""
    ratios = map(known, vars(found).values())
    return [math.log(end or math.nan) for one in ratios for end in (one.value, one.low, one.high)]


def test_with_one_level_undisturbed_and_typical_agree() -> None:
    """On a machine that is always quiet the two differ by less than a hundredth, and no interval is widened."""
    found = ratios_of(*one_run(Machine(APART)))
    assert known(found.undisturbed).value == pytest.approx(known(found.typical).value, rel=0.01)
    assert known(found.undisturbed).value == pytest.approx(math.exp(KNOWN), rel=0.01)
    assert (known(found.undisturbed).widened, known(found.tail).widened) == (0.0, 0.0)


def test_with_two_levels_the_undisturbed_ratio_is_that_of_the_quiet_one() -> None:
    """Where half of the time is quiet its interval holds the known ratio, which the typical one's does not."""
    found = ratios_of(*one_run(LEVELS))
    undisturbed, typical = known(found.undisturbed), known(found.typical)
    assert undisturbed.low is not None
    assert undisturbed.high is not None
    assert undisturbed.low < math.exp(KNOWN) < undisturbed.high
    assert typical.high is not None
    assert typical.high < math.exp(KNOWN)


@pytest.mark.parametrize(
    ("machine", "who"),
    [
        pytest.param(Machine(APART), "fast", id="one level"),
        pytest.param(LEVELS, "fast", id="two levels"),
        pytest.param(LEVELS, CONTROL, id="two equals"),
    ],
)
def test_undisturbed_intervals_hold_what_is_known(machine: Machine, who: str) -> None:
    """In 200 simulated runs 95 % intervals hold the undisturbed ratio about as often as they say."""
    made = simulated(machine, runs=200, seed=3)
    truth = 1.0 if who == CONTROL else math.exp(KNOWN)
    found = [known(ratios_of(own, base).undisturbed) for own, base in zip(made[who], made[REFERENCE], strict=True)]
    assert 0.91 <= np.mean([(one.low or 0) <= truth <= (one.high or 0) for one in found]) <= 0.99


@pytest.mark.parametrize("of", [UNDISTURBED, TYPICAL, TAIL])
def test_the_control_is_one_in_all_three(of: str) -> None:
    """What two equals show includes 1 in each of them, on a machine with two levels."""
    control = known(getattr(ratios_of(*one_run(LEVELS, CONTROL)), of))
    assert control.of == of
    assert (control.low or 0) < 1 < (control.high or 0)


@given(st.floats(1e-3, 1e3))
def test_scaling_all_times_changes_no_ratio(factor: float) -> None:
    """On a machine that is slower by a factor all three ratios and their intervals are the same."""
    own, base = one_run(LEVELS)
    assert numbers_of(ratios_of(factor * own, factor * base)) == pytest.approx(numbers_of(ratios_of(own, base)))


def test_swapping_the_two_inverts_all_three() -> None:
    """Taken the other way round each ratio and its interval are the reciprocals."""
    own, base = one_run(LEVELS)
    there, back = ratios_of(own, base), ratios_of(base, own)
    for of in (UNDISTURBED, TYPICAL, TAIL):
        one, other = known(getattr(there, of)), known(getattr(back, of))
        assert (other.value, other.low, other.high) == (
            pytest.approx(1 / one.value),
            pytest.approx(1 / (one.high or math.nan)),
            pytest.approx(1 / (one.low or math.nan)),
        )
        assert other.widened == pytest.approx(one.widened)


@given(st.permutations(range(8)))
def test_the_order_of_launches_changes_nothing(order: list[int]) -> None:
    """In whatever order launches were made, the three ratios are the same."""
    own, base = one_run(LEVELS)
    assert numbers_of(ratios_of(own[order], base[order])) == pytest.approx(numbers_of(ratios_of(own, base)))


def test_seldom_quiet_rounds_widen_the_undisturbed_interval() -> None:
    """Where a tenth of the rounds is quiet, the quietest say something else, and the interval is told to be wider."""
    made = simulated(Machine(APART, 0.1, 0.2), runs=20, seed=5)
    found = [known(ratios_of(*run).undisturbed) for run in zip(made["fast"], made[REFERENCE], strict=True)]
    widened = [one for one in found if one.widened]
    assert len(widened) > 10
    assert min(one.widened for one in widened) > math.expm1(SETTLED)
    assert min((one.high or 0) / (one.low or math.inf) for one in widened) > math.exp(2 * SETTLED)


def test_too_few_rounds_are_the_reason_for_no_ratio() -> None:
    """With fewer rounds than an estimate takes it is not guessed, and the reason says how many it takes."""
    own, base = one_run(LEVELS)
    few = ratios_of(own[:, :4], base[:, :4])
    assert few.undisturbed == f"it needs {FEWEST_ROUNDS} rounds, not 32"
    assert few.tail == "it needs 59 rounds, not 32"
    some = ratios_of(own[:, :6], base[:, :6])
    assert known(some.undisturbed).of == UNDISTURBED
    assert some.tail == "it needs 59 rounds, not 48"


def test_one_launch_gives_no_interval() -> None:
    """As for the typical ratio, the spread between launches is not known from one."""
    own, base = one_run(LEVELS)
    found = ratios_of(np.tile(own[:1], 2), np.tile(base[:1], 2))
    assert [(known(one).low, known(one).high) for one in vars(found).values()] == [(None, None)] * 3


def test_what_has_no_rounds_has_no_three_ratios() -> None:
    """A metric with one value a launch, or launches that differ in their number, have the typical ratio alone."""
    typical = ratio_over_launches([0.1, 0.2])
    assert three_ratios(typical, [[1.0], [2.0]], [[1.0], [2.0]]) is None
    assert three_ratios(typical, [[1.0, 2.0], [2.0]], [[1.0, 2.0], [2.0]]) is None


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_times_that_are_none_are_refused(wrong: float) -> None:
    """A time that is no positive number is a mistake, not a ratio."""
    times = [[1.0] * 30, [wrong] * 30]
    with pytest.raises(ValueError, match="finite and above zero"):
        three_ratios(ratio_over_launches([0.1, 0.2]), times, [[1.0] * 30] * 2)


def test_numbers_that_no_ratio_can_have_are_the_reason() -> None:
    """Times so far apart that an interval's end is no number any more have that as the reason."""
    found = three_ratios(ratio_over_launches([0.1, 0.2]), [[1e-300] * 30, [1e300] * 30], [[1.0] * 30] * 2)
    assert found is not None
    assert (found.undisturbed, found.tail) == (TOO_FAR, TOO_FAR)
    alone = three_ratios(ratio_over_launches([0.1]), [[1e-301] * 60], [[1e301] * 60])
    assert alone is not None
    assert (alone.undisturbed, alone.tail) == (TOO_FAR, TOO_FAR)


def test_all_three_are_at_the_confidence_of_the_look() -> None:
    """At a look that spends a part of the error, the other two are wider too, and say so."""
    own, base = one_run(LEVELS)
    plain = ratios_of(own, base)
    typical = dataclasses.replace(known(plain.typical), nominal_confidence=0.99)
    strict = three_ratios(typical, own.tolist(), base.tolist())
    assert strict is not None
    for of in (UNDISTURBED, TAIL):
        narrow, wide = known(getattr(plain, of)), known(getattr(strict, of))
        assert wide.value == narrow.value
        assert (wide.confidence, wide.nominal_confidence) == (0.95, 0.99)
        assert (wide.low or 0) < (narrow.low or 0)


def test_what_happens_by_itself_is_known_of_simulated_rounds() -> None:
    """On a quiet machine a contender takes a little longer than undisturbed, on a disturbed one what that costs it."""
    quiet = typical_over_undisturbed(simulated(Machine(APART))[REFERENCE][0].tolist())
    assert quiet is not None
    assert 1.0 < quiet.value < 1.03
    disturbed = typical_over_undisturbed(simulated(Machine(APART, 0.35, 0.2), seed=2)[REFERENCE][0].tolist())
    assert disturbed is not None
    assert (disturbed.low or 0) < math.exp(APART[REFERENCE]) < (disturbed.high or 0) * 1.03
    assert disturbed.low is not None
    assert disturbed.low > quiet.value


def test_what_happens_by_itself_takes_rounds_enough() -> None:
    """With one launch, few rounds, or launches that differ in their number it is not said."""
    assert typical_over_undisturbed([[0.01] * 60]) is None
    assert typical_over_undisturbed([[0.01] * 10, [0.01] * 10]) is None
    assert typical_over_undisturbed([[0.01] * 30, [0.01] * 31]) is None


def test_two_launches_with_just_rounds_enough_say_what_happens_by_itself() -> None:
    """Where every round takes the same, typical is undisturbed."""
    found = typical_over_undisturbed([[0.01] * (FEWEST_ROUNDS // 2)] * 2)
    assert found is not None
    assert found.launches == 2
    assert (found.value, found.low, found.high) == pytest.approx((1.0, 1.0, 1.0))


def test_three_ratios_take_launches_of_as_many_rounds_and_no_verdict_with_them() -> None:
    """Two rounds a launch and just rounds enough are taken; launches that are not paired are refused."""
    rounds = np.full((FEWEST_ROUNDS // 2, 2), 0.01)
    found = three_ratios(Ratio(1.0, 1.0, 1.0, 0.95, 8, 0.95, verdict="faster"), rounds.tolist(), rounds.tolist())
    assert found is not None
    assert (known(found.undisturbed).verdict, found.typical.verdict) == ("", "faster")
    with pytest.raises(ValueError, match="zip"):
        three_ratios(known(found.undisturbed), rounds.tolist(), rounds[:-1].tolist())
    two = np.full((2, FEWEST_ROUNDS), 0.01)
    both = three_ratios(known(found.undisturbed), two.tolist(), two.tolist())
    assert both is not None
    assert known(both.undisturbed).low is not None


def test_what_is_no_duration_is_said_in_words() -> None:
    """The error says what a time must be."""
    with pytest.raises(ValueError, match=r"^durations must be finite and above zero$"):
        typical_over_undisturbed([[0.0] * FEWEST_ROUNDS] * 2)
