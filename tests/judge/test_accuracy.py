"""The rule on accuracy: what is as good, worse or undecided, how many pictures decide, and which classes lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from runoff.judge.accuracy import (
    AS_GOOD,
    MLPERF,
    UNDECIDED,
    WORSE,
    Rule,
    accuracy_of,
    class_losses,
    judge_drop,
    judge_drops,
    pair,
    pictures_needed,
    sample_size,
)
from runoff.judge.paired import CORRECTION, Paired, restricted_variance
from runoff.judge.shares import blaker_interval


def rights(pictures: int, *wrong: int) -> np.ndarray:
    """Make answers that are right but on these places."""
    found = np.ones(pictures, dtype=bool)
    found[list(wrong)] = False
    return found


@pytest.mark.parametrize(
    ("paired", "verdict"),
    [
        (Paired(1000, 0, 0), AS_GOOD),
        (Paired(300, 0, 0), UNDECIDED),
        (Paired(100, 2, 1), UNDECIDED),
        (Paired(1000, 60, 5), WORSE),
        (Paired(1000, 15, 0), UNDECIDED),
        (Paired(5000, 60, 20), UNDECIDED),
        (Paired(5000, 30, 10), AS_GOOD),
    ],
)
def test_the_whole_interval_decides(paired: Paired, verdict: str) -> None:
    """Below what is allowed it is as good, also where a small drop is shown; above it worse; across it undecided."""
    drop = judge_drop(paired, 0.01, 1.0)
    assert (drop.paired, drop.verdict) == (paired, verdict)
    assert (drop.needed is None) == (verdict != UNDECIDED)
    assert drop.needed is None or drop.needed > paired.pictures


def test_answers_are_paired_by_picture() -> None:
    """What only golden names right is lost, what only the contender does is gained; other numbers are refused."""
    assert pair(rights(10, 0, 1), rights(10, 1, 2, 3)) == Paired(10, lost=2, gained=1)
    with pytest.raises(ValueError, match="paired: 10 against 9"):
        pair(rights(10), rights(9))


def test_all_contenders_are_one_suite() -> None:
    """P-values are adjusted for how many contenders there are (Holm), the least by all of them."""
    golden = rights(200)
    found = judge_drops(golden, {"a": rights(200, *range(8)), "b": rights(200, 0), "c": golden}, Rule(0.01))
    assert found["a"].together == pytest.approx(3 * found["a"].p_value)
    assert found["a"].p_value == pytest.approx(2 / 2**8)
    assert found["c"].together == found["c"].p_value == 1.0
    assert (found["a"].verdict, found["c"].verdict) == (WORSE, UNDECIDED)


def test_mlperfs_rule_allows_a_share_of_goldens_accuracy() -> None:
    """Where golden has 76.456 %, as MLPerf's ResNet-50 has, 99 % of it allow a drop of 0.76 points."""
    assert MLPERF["mlperf-99"].allowed(0.76456) == pytest.approx(0.0076456)
    assert MLPERF["mlperf-99.9"].allowed(0.76456) == pytest.approx(0.00076456)
    golden = rights(1000, *range(500))
    assert judge_drops(golden, {"a": golden}, MLPERF["mlperf-99"])["a"].allowed == pytest.approx(0.005)


def test_a_golden_that_is_never_right_leaves_all_undecided() -> None:
    """A share of nothing allows no drop: nobody is as good by that, and no number of pictures helps."""
    wrong = np.zeros(50, dtype=bool)
    drop = judge_drops(wrong, {"a": wrong}, MLPERF["mlperf-99"])["a"]
    assert (drop.allowed, drop.verdict, drop.needed) == (0.0, UNDECIDED, None)


def test_the_number_needed_grows_with_discordance_and_a_smaller_margin() -> None:
    """It is about (1.96 + 1.28)² × discordance / margin² where much is discordant, some per margin where none."""
    assert sample_size(0.0, 0.10, 0.01) == pytest.approx(10.5 * 0.10 / 0.01**2, rel=0.02)
    assert sample_size(0.0, 0.10, 0.005) > 3.8 * sample_size(0.0, 0.10, 0.01)
    assert 380 < sample_size(0.0, 0.0, 0.01) < 500


def test_a_drop_that_is_just_what_is_allowed_is_planned_for_an_equal_first() -> None:
    """Of 100 pictures with a drop of the margin the number is that of an equal; of more than that, none decides."""
    first = pictures_needed(Paired(100, 2, 1), 0.01)
    assert first is not None
    assert 5000 < first < 6000
    assert pictures_needed(Paired(10_000, 200, 100), 0.01) is None


@given(st.integers(1, 2000), st.data(), st.sampled_from([0.001, 0.01, 0.05]))
def test_the_number_needed_is_more_than_there_are(pictures: int, data: st.DataObject, allowed: float) -> None:
    """Whatever was counted, an undecided contender needs more pictures than there are, and a decided one none."""
    lost = data.draw(st.integers(0, pictures))
    paired = Paired(pictures, lost, data.draw(st.integers(0, pictures - lost)))
    drop = judge_drop(paired, allowed, 1.0)
    assert drop.needed is None or (drop.verdict == UNDECIDED and drop.needed > pictures)
    assert drop.low <= paired.drop <= drop.high


def test_accuracy_has_its_interval() -> None:
    """It is Blaker's of the pictures that were named right."""
    share = accuracy_of(rights(29, 3))
    assert share.value == pytest.approx(28 / 29)
    assert (share.low, share.high) == blaker_interval(28, 29)


def test_a_class_is_flagged_only_where_the_interval_says_so() -> None:
    """Of three classes one lost 20 of 30, another 1 of 30, the third gained: the first is shown, the third absent."""
    labels = np.repeat(np.arange(3, dtype=np.int32), 30)
    golden, contender = rights(90, 60), rights(90, *range(20), 30)
    losses = class_losses(labels, golden, contender, most=5)
    assert [(loss.label, loss.golden_right - loss.right, loss.shown) for loss in losses] == [
        (0, 20, True),
        (1, 1, False),
    ]
    assert losses[0].high > losses[0].low > 0 > losses[1].low
    assert losses[1].high > 0
    assert len(class_losses(labels, golden, contender, most=1)) == 1


def test_classes_are_in_the_order_of_the_share_that_they_lost() -> None:
    """Two lost of ten are more than four of forty; a class that gained as many as it lost is not listed."""
    labels = np.repeat(np.arange(3, dtype=np.int32), (40, 10, 20))
    wrong = range(20, 40)  # golden is right on half of the first class
    golden, contender = rights(70, *wrong, 50), rights(70, *wrong, 0, 1, 2, 3, 40, 41, 51)
    assert [loss.label for loss in class_losses(labels, golden, contender, most=5)] == [1, 0]


def test_classes_of_equals_are_hardly_ever_flagged() -> None:
    """Of 60 runs of two equals on 25 classes at most 5 in 100 show any class that lost, with a fixed seed."""
    random = np.random.default_rng(7)
    labels = np.repeat(np.arange(25, dtype=np.int32), 40)
    flagged = 0
    for _ in range(60):
        sides = random.random(1000)
        losses = class_losses(labels, sides >= 0.05, (sides < 0.05) | (sides >= 0.1), most=1)
        flagged += any(loss.shown for loss in losses)
    assert flagged / 60 <= 0.05


@pytest.mark.parametrize(("drop", "allowed"), [(0.01, 0.03), (-0.02, 0.03), (0.05, 0.01)])
def test_the_number_needed_solves_fleisss_equation(drop: float, allowed: float) -> None:
    """Found by a root finder: n × distance - correction is √n × (1.96 σ if allowed + 1.28 σ if true)."""
    discordance = 0.1
    lost, gained = 0.05 + drop / 2, 0.05 - drop / 2
    if_allowed = float(restricted_variance(lost, gained, 1, allowed)) ** 0.5
    if_true = (discordance - drop**2) ** 0.5
    spread = float(stats.norm.ppf(0.975)) * if_allowed + float(stats.norm.ppf(0.9)) * if_true

    def left(pictures: float) -> float:
        return pictures * abs(allowed - drop) - CORRECTION - pictures**0.5 * spread

    assert sample_size(drop, discordance, allowed) == pytest.approx(optimize.brentq(left, 1, 1e7))
