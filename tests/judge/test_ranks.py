"""Is what rankings have in common, and are the intervals over families, what their sources say they are?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runoff.judge.ranks import concordance, friedman, kendall_tau, over_families

# Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7 (2006), table 6: the ranks of four
# classifiers on fourteen data sets. Section 3.2.2 has the mean ranks 3.143, 2.000, 2.893, 1.964 and the statistic 9.28.
DEMSAR = np.array(
    [
        [4, 3, 2, 1],
        [1, 2, 3, 4],
        [4, 1, 2, 3],
        [4, 1, 3, 2],
        [4, 2, 3, 1],
        [1, 2.5, 4, 2.5],
        [3, 2, 4, 1],
        [2.5, 2.5, 4, 1],
        [4, 3, 2, 1],
        [2.5, 2.5, 2.5, 2.5],
        [4, 2.5, 1, 2.5],
        [3, 2, 4, 1],
        [4, 1, 2, 3],
        [3, 1, 4, 2],
    ]
)


def test_the_worked_example_comes_out():
    """Mean ranks and Friedman's statistic are those that Demšar computes by hand."""
    assert DEMSAR.mean(axis=0) == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    assert float(friedman(DEMSAR)) == pytest.approx(9.28, abs=0.005)
    found = concordance(DEMSAR)
    assert found.models == 14
    assert found.w == pytest.approx(9.28 / (14 * 3), abs=1e-3)
    corrected = stats.friedmanchisquare(*DEMSAR.T).statistic  # for ties, which permuting allows for by itself
    as_f = (14 - 1) * corrected / (14 * 3 - corrected)  # Iman and Davenport 1980, which Demšar prefers
    assert found.p_value == pytest.approx(float(stats.f.sf(as_f, 3, 39)), abs=0.003)


def test_one_order_everywhere_is_full_concordance():
    """W is 1, and the chance is that of all other rankings being like the first."""
    found = concordance(np.array([[1.0, 2.0, 3.0]] * 3))
    assert found.w == pytest.approx(1)
    assert found.p_value == pytest.approx(1 / 36, abs=0.006)


def test_opposite_orders_have_nothing_in_common():
    """W is 0 where each contender's mean rank is the same."""
    found = concordance(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    assert found.w == pytest.approx(0)
    assert found.p_value == 1.0


def test_rankings_without_anything_in_common_are_seldom_called_otherwise():
    """Where every ranking is drawn at random, a p-value of 5 % or less comes about as often as it says."""
    generator = np.random.default_rng(3)
    claims = 0
    for _ in range(100):
        drawn = generator.permuted(np.tile([1.0, 2.0, 3.0], (8, 1)), axis=1)
        claims += concordance(drawn).p_value <= 0.05
    assert claims <= 11


@pytest.mark.parametrize("shape", [(1, 3), (3, 1)])
def test_a_single_ranking_or_contender_is_refused(shape):
    """There is nothing to agree on."""
    with pytest.raises(ValueError, match="two rows and two columns"):
        concordance(np.ones(shape))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=12))
def test_tau_is_scipys(pairs):
    """Kendall's tau-b is that of an independent implementation, and no number where one column is constant."""
    columns = np.array(pairs, dtype=np.float64)
    expected = stats.kendalltau(columns[:, 0], columns[:, 1]).statistic
    found = kendall_tau(columns)
    assert (math.isnan(found) and math.isnan(expected)) or found == pytest.approx(expected)


def test_the_interval_over_families_is_that_of_a_mean_of_families():
    """For many families of one row each it is the mean give or take 1.96 standard errors."""
    rows = np.random.default_rng(5).normal(2.0, 1.0, (200, 1))
    (found,) = over_families(list(rows[:, None, :]), lambda drawn: drawn.mean(axis=0))
    error = rows.std() / math.sqrt(len(rows))
    assert found.value == pytest.approx(rows.mean())
    assert found.low == pytest.approx(rows.mean() - 1.96 * error, abs=0.2 * error)
    assert found.high == pytest.approx(rows.mean() + 1.96 * error, abs=0.2 * error)


def test_rows_of_one_family_count_as_one():
    """Ten copies of each row in its family make the interval no narrower, ten families of each do."""
    rows = np.random.default_rng(6).normal(0.0, 1.0, (12, 1))

    def width(families):
        (found,) = over_families(families, lambda drawn: drawn.mean(axis=0))
        return found.high - found.low

    single = width([row[None] for row in rows])
    assert width([np.tile(row, (10, 1)) for row in rows]) == pytest.approx(single)
    assert width([row[None] for row in np.repeat(rows, 10, axis=0)]) < 0.5 * single


def test_the_interval_over_families_has_the_middle_95_of_100_draws():
    """Of a statistic that gives the number of its call, the ends are those of evenly spread numbers."""
    calls = iter(range(-1, 10_000))
    (found,) = over_families([np.zeros((1, 1))], lambda drawn: float(next(calls)))
    assert found.value == -1
    assert (found.low, found.high) == (pytest.approx(0.025 * 1999), pytest.approx(0.975 * 1999))
