"""Precisions, controls, autocorrelation and queues: each rule where it begins to count."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runoff.judge import queueing
from runoff.judge.agreement import compare_logits, floor, is_reduced, least_lead, why_wrong
from runoff.judge.diagnostics import drift, follow_each_other, lag_one_autocorrelation, percentiles
from runoff.judge.queueing import highest_load, highest_loads_by_launch, residual_share, share_within
from runoff.judge.ratios import CONFIDENCE, Ratio, claim_p_values, control_is_valid


@pytest.mark.parametrize(
    ("precision", "reduced", "least", "lead"),
    [
        ("float32", False, 1.0, 0.0),
        ("float64", False, 1.0, 0.0),
        ("float16", False, 1.0, 0.0),
        ("bfloat16", True, 0.995, 0.1),
        ("int8", True, 0.99, 0.1),
    ],
)
def test_reduced_precisions_have_a_floor_and_a_lead(precision: str, reduced: bool, least: float, lead: float) -> None:
    """INT8 and bfloat16 may cost agreement, on pictures that golden is sure of; all others must agree on all."""
    assert (is_reduced(precision), floor(precision), least_lead(precision)) == (reduced, least, lead)


def test_a_lead_of_just_what_is_asked_for_counts() -> None:
    """An image of which golden is wholly sure counts where a lead of one is asked for, and none that is less sure."""
    golden = np.array([[1000.0, 0.0], [1.0, 0.0]])
    assert compare_logits(golden.copy(), golden, 0.0, ("sure", "unsure"), lead=1.0).decided == 1
    assert compare_logits(golden.copy(), golden, 0.0, ("sure", "unsure"), lead=0.4).decided == 2


def test_what_is_wrong_is_said_with_its_figures() -> None:
    """How many of how many, which, and what is asked; or how far a logit is off, and what rounding explains."""
    golden = np.tile(np.array([[1.0, 0.0]]), (4, 1))
    logits = golden.copy()
    logits[:2] = logits[:2, ::-1]
    found = compare_logits(logits, golden, 1e-6, ("a", "b", "c", "d"))
    assert why_wrong(found, "bfloat16") == (
        "Top-1 differs from golden's on 2 of 4 images that golden is sure of (a, b); bfloat16 must agree on 99.5 %"
    )
    close = golden.copy()
    close[0, 1] = 0.25
    assert why_wrong(compare_logits(close, golden, 1e-3, ("a", "b", "c", "d")), "float32") == (
        "an output differs from golden's by 0.25, more than the 0.1 that float32 arithmetic in any order explains; "
        "declare its true precision in its variant"
    )
    broken = golden.copy()
    broken[3] = np.nan
    assert why_wrong(compare_logits(broken, golden, 1e-3, ("a", "b", "c", "d")), "int8") == (
        "gives outputs that are not finite numbers (NaN or infinity), on d for instance"
    )


@pytest.mark.parametrize("ends", [(None, 0.5), (2.0, None)])
def test_half_an_interval_disowns_no_run(ends: tuple[float | None, float | None]) -> None:
    """Where either end of the control's interval is not known, it excludes nothing."""
    assert control_is_valid(Ratio(1.0, *ends, CONFIDENCE, 8, CONFIDENCE))


@pytest.mark.parametrize(
    ("zigzag", "alone", "among_ten"),
    [(2, True, True), (3, True, False), (3.1, True, False), (3.2, False, False), (4, False, False)],
)
def test_tests_share_the_chance_of_a_false_warning(zigzag: int, alone: bool, among_ten: bool) -> None:
    """Over 20 launches 0.51 and 0.48 are beyond 0.47, the bound of one test, and not beyond that of ten."""
    values = [number + zigzag * (-1) ** number for number in range(20)]
    assert follow_each_other(values) is alone
    assert follow_each_other(values, tests=10) is among_ten


@pytest.mark.parametrize(("values", "expected"), [([1.0, 2.0], -0.5), ([1.0, 2.0, 4.0], -1 / 42), ([5.0], 0.0)])
def test_autocorrelations_worked_by_hand(values: list[float], expected: float) -> None:
    """Products of neighbouring deviations over the sum of squares."""
    assert lag_one_autocorrelation(values) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("count", "known"), [(4, []), (5, ["p50"]), (29, ["p50", "p90"]), (59, ["p50", "p90", "p95"])])
def test_a_percentile_needs_its_samples(count: int, known: list[str]) -> None:
    """Five for the median, 29 for the 90th, 59 for the 95th percentile."""
    assert [name for name, value in percentiles([1.0] * count).items() if value is not None] == known
    assert [name for name, value in percentiles([1.0] * (count - 1)).items() if value is not None] == known[:-1]


def test_what_is_left_of_a_service_grows_to_its_mean() -> None:
    """Of services of 1 and 3 s: E[min(S, x)] / E[S] is x / 2 up to 1, and (1 + x) / 4 up to 3."""
    found = residual_share(np.array([1.0, 3.0]), np.array([0.0, 0.5, 1.0, 2.0, 3.0, 5.0]))
    assert found == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0, 1.0])


@pytest.mark.parametrize("share_late", [0.5, 0.01])
def test_a_quantile_that_is_just_reached_bears_no_load(share_late: float) -> None:
    """Where exactly the quantile is answered in time without any waiting, any load at all would break it."""
    late = round(100 * share_late)
    services = [0.01] * (100 - late) + [1.0] * late
    assert highest_load(services, 0.1, 1 - share_late) is None
    assert highest_load(services, 0.1, 0.98 - share_late) > 0


def test_a_bound_that_serving_never_keeps_bears_no_load() -> None:
    """Where every service breaks the bound there is no load, though none had to keep it."""
    assert highest_load([0.2], 0.1, 0.0) is None


def test_a_load_at_which_just_the_quantile_is_answered_in_time_counts() -> None:
    """Where each service takes the whole bound, half of the queries find a server that is busy half of the time."""
    assert highest_load([1.0], 1.0, 0.5) == 0.5


def test_the_highest_load_is_found_to_a_billionth_of_what_can_be_served() -> None:
    """Within a bound that no line reaches, the load is less than all that can be served by one part in 2^30."""
    assert 1 - 0.02 * highest_load([0.02], 1e6, 0.99) == pytest.approx(2**-30, rel=1e-3)


def test_a_slow_server_bears_less_than_a_query_a_second() -> None:
    """With services and bound a hundred times as long, the highest load is a hundredth."""
    quick, slow = highest_load([0.02, 0.03], 0.1, 0.99), highest_load([2.0, 3.0], 10.0, 0.99)
    assert slow == pytest.approx(quick / 100)
    assert slow < 1


@pytest.mark.parametrize(("service", "busy"), [(0.001, 1.0), (0.02, 1.5), (0.02, 2.5)])
def test_a_server_that_is_always_busy_answers_nothing_in_time(service: float, busy: float) -> None:
    """From a busy share of 1 on no query is in time, however short its service is beside the bound."""
    assert share_within([service], busy / service, 10.0) == 0.0


def test_a_few_steps_find_nearly_the_share_that_many_do(monkeypatch) -> None:
    """Waits of nearly the whole bound count too: quick queries behind slow ones, in 50 steps as in 1000."""
    services, bound = [0.001, 0.09], 0.1
    many = share_within(services, 0.6 / 0.0455, bound)
    monkeypatch.setattr(queueing, "STEPS", 50)
    assert share_within(services, 0.6 / 0.0455, bound) == pytest.approx(many, abs=1e-4)


def test_at_no_load_only_service_counts() -> None:
    """Where hardly a query comes, the share in time is that of the services within the bound, the bound itself too."""
    assert share_within([0.1, 0.2, 0.3, 0.4], 1e-9, 0.2) == pytest.approx(0.5, abs=1e-6)
    assert share_within([0.1, 0.2, 0.3, 0.4], 1e-9, 0.1999) == pytest.approx(0.25, abs=1e-6)


def test_a_launchs_load_is_what_leaving_it_out_changes() -> None:
    """With n launches, each says the whole times (the whole over the load without it) to the power of n - 1."""
    launches = [[0.02] * 5, [0.021] * 5, [0.025] * 5]
    whole = highest_load([each for launch in launches for each in launch], 0.1, 0.99)
    without = [
        highest_load([each for other in launches if other is not launch for each in other], 0.1, 0.99)
        for launch in launches
    ]
    found = highest_loads_by_launch(launches, 0.1, 0.99)
    assert found == pytest.approx([whole * (whole / load) ** 2 for load in without])
    assert found[0] > found[1] > found[2]
    two = highest_loads_by_launch(launches[:2], 0.1, 0.99)
    together = highest_load(launches[0] + launches[1], 0.1, 0.99)
    alone = [highest_load(launch, 0.1, 0.99) for launch in launches[:2]]
    assert two == pytest.approx([together**2 / alone[1], together**2 / alone[0]])
    assert math.prod(two) > 0


def test_the_lead_is_of_the_first_two_of_all_classes() -> None:
    """Of three probabilities of 0.6, 0.3 and 0.1 the first leads by 0.3, wherever it stands."""
    golden = np.log(np.array([[0.1, 0.6, 0.3], [0.6, 0.3, 0.1]]))
    assert compare_logits(golden.copy(), golden, 0.0, ("one", "two"), lead=0.299).decided == 2
    assert compare_logits(golden.copy(), golden, 0.0, ("one", "two"), lead=0.301).decided == 0


def test_golden_that_is_no_measure_is_refused_in_words() -> None:
    """The error says what must be finite."""
    golden = np.array([[np.nan, 0.0]])
    with pytest.raises(ValueError, match=r"^golden's logits and rounding error must be finite$"):
        compare_logits(golden, golden, 0.0, ("one",))


def test_a_difference_may_be_larger_than_its_square_can_be_in_float32() -> None:
    """One logit of two off by 1e25 has a root mean square of 1e25 / √2, though its square is beyond float32."""
    golden = np.zeros((1, 2), dtype=np.float32)
    found = compare_logits(golden + np.array([[1e25, 0.0]], dtype=np.float32), golden, 1e-6, ("one",))
    assert found.rms_difference == pytest.approx(1e25 / math.sqrt(2))


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.0, 2.0, 3.0, 4.0], 3.5 / 1.5), ([1.0, 2.0, 3.0, 4.0, 5.0], 4 / 1.5), ([1.0, 9.0, 4.0], 1.0)],
)
def test_drift_parts_the_run_in_its_middle(values: list[float], expected: float) -> None:
    """The value in the middle of an odd number belongs to the second half; three values are too few."""
    assert drift(values) == pytest.approx(expected)


def test_no_p_value_is_more_than_one() -> None:
    """However little a comparison shows, and however small its look's share of the error is."""
    assert claim_p_values({"a": 0.5, "b": 0.9}, 0.0625) == {"a": 1.0, "b": 1.0}
