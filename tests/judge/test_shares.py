"""Shares: their intervals against published values, and how often these hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runoff.judge.shares import blaker_interval, exact_interval, share_interval

shares = st.integers(1, 10**6).flatmap(lambda tried: st.tuples(st.integers(0, tried), st.just(tried)))


def test_the_interval_of_a_share_is_wilsons():
    """Against published values: 0 of 10 gives [0, 0.2775], 5 of 10 gives [0.2366, 0.7634]."""
    assert share_interval(0, 10) == pytest.approx((0.0, 0.27753), abs=1e-4)
    assert share_interval(5, 10) == pytest.approx((0.23659, 0.76341), abs=1e-4)
    assert [share_interval(0, tried)[0] for tried in range(1, 200)] == [0.0] * 199
    assert [share_interval(tried, tried)[1] for tried in range(1, 200)] == [1.0] * 199
    for interval in (share_interval, exact_interval):
        with pytest.raises(ValueError, match=r"^a share needs something that was tried$"):
            interval(0, 0)


@given(shares, st.integers(2, 100))
def test_the_interval_of_a_share_holds_it_and_shrinks_with_more(share: tuple[int, int], times: int) -> None:
    """A share lies in its interval, and the same share of more has a narrower one within it."""
    hits, tried = share
    low, high = share_interval(hits, tried)
    assert 0.0 <= low <= hits / tried <= high <= 1.0
    narrow_low, narrow_high = share_interval(times * hits, times * tried)
    assert narrow_high - narrow_low < high - low


@given(shares)
def test_what_is_not_a_hit_has_the_mirrored_interval(share: tuple[int, int]) -> None:
    """The interval of the rest is that of the share seen from 1."""
    hits, tried = share
    low, high = share_interval(hits, tried)
    assert share_interval(tried - hits, tried) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize("tried", [1, 2, 3, 10, 16, 27, 100])
def test_an_interval_of_none_or_all_ends_at_zero_or_one(tried):
    """Of one conversion that failed, the share lies between 1 / (1 + z²) and all; no interval goes beyond."""
    square = 1.959963984540054**2
    low, high = share_interval(tried, tried)
    assert (low, high) == (pytest.approx(tried / (tried + square)), pytest.approx(1.0))
    assert high <= 1.0
    low, high = share_interval(0, tried)
    assert (low, high) == (pytest.approx(0.0), pytest.approx(square / (tried + square)))
    assert low >= 0.0


def test_a_share_of_nothing_is_refused():
    """The error says what is missing."""
    with pytest.raises(ValueError, match=r"^a share needs something that was tried$"):
        share_interval(0, 0)


@pytest.mark.parametrize(
    ("hits", "tried", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_that_of_newcombes_table(hits: int, tried: int, low: float, high: float) -> None:
    """Four shares have the intervals that Newcombe's table I has as method 3."""
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998).
    assert share_interval(hits, tried) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("hits", "tried"), [(0, 10), (1, 29), (13, 16), (50, 50), (4985, 5000)])
def test_the_exact_interval_is_scipys(hits: int, tried: int) -> None:
    """Clopper and Pearson's limits are those that scipy's exact binomial test gives."""
    expected = stats.binomtest(hits, tried).proportion_ci(0.95, method="exact")
    assert exact_interval(hits, tried) == pytest.approx((expected.low, expected.high), abs=1e-9)
    with pytest.raises(ValueError, match="something that was tried"):
        exact_interval(0, 0)


def test_blakers_interval_is_that_of_the_published_program() -> None:
    """Of 3 in 10 it is what the manual of BlakerCI 1.0-6 has, and mirrored for 7; of nothing it is refused."""
    assert blaker_interval(3, 10) == pytest.approx((0.08726443, 0.61941066), abs=5e-9)
    assert blaker_interval(7, 10) == pytest.approx((1 - 0.61941066, 1 - 0.08726443), abs=5e-9)
    with pytest.raises(ValueError, match="something that was tried"):
        blaker_interval(0, 0)


def accepted(hits: int, tried: int, share: float) -> bool:
    """Whether outcomes as unlikely as this one have more than 5 % together: the definition, outcome by outcome."""
    chances = stats.binom.pmf(np.arange(tried + 1), tried, share)
    tails = np.minimum(np.cumsum(chances), np.cumsum(chances[::-1])[::-1])
    return float(chances[tails <= tails[hits] * (1 + 1e-9)].sum()) > 0.05


@given(st.integers(1, 60).flatmap(lambda tried: st.tuples(st.integers(0, tried), st.just(tried))))
def test_blakers_interval_begins_and_ends_where_shares_are_accepted(share: tuple[int, int]) -> None:
    """No share outside is accepted, one just inside each end is, and all lies within the exact interval."""
    low, high = blaker_interval(*share)
    outside = [*np.linspace(0, low, 50, endpoint=False), *np.linspace(1, high, 50, endpoint=False)]
    assert not any(accepted(*share, each) for each in outside if each not in (low, high))
    assert accepted(*share, max(low + 1e-7, 1e-9))
    assert accepted(*share, min(high - 1e-7, 1 - 1e-9))
    least, most = exact_interval(*share)
    assert least - 1e-12 <= low <= share[0] / share[1] <= high <= most + 1e-12


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("hits", "tried"), [(1, 7), (3, 10), (9, 10), (12, 20), (20, 45), (58, 60)])
def test_blakers_low_end_is_where_his_test_first_accepts(hits: int, tried: int, confidence: float) -> None:
    """Of shares a two-thousandth apart none below the end is accepted, and one just above it is."""
    grid = np.arange(1, 2000) / 2000
    as_high = stats.binom.sf(hits - 1, tried, grid)
    lower = stats.binom.cdf(np.arange(tried + 1)[:, None], tried, grid)
    lower[lower > as_high] = 0.0
    accepted = grid[(as_high + lower.max(axis=0) > 1 - confidence) | (grid >= hits / tried)]
    low = blaker_interval(hits, tried, confidence)[0]
    assert low == pytest.approx(accepted.min(), abs=1 / 2000)
