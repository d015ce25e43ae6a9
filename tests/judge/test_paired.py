"""The paired difference of accuracies: against published worked examples, scipy, and whatever counts there may be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from runoff.judge.paired import Paired, drop_interval, mcnemar_p_value, restricted_variance, score


@st.composite
def paired_counts(draw: st.DrawFn) -> Paired:
    """Draw how many pictures only one of two classifiers names right."""
    pictures = draw(st.integers(1, 5000))
    lost = draw(st.integers(0, pictures))
    return Paired(pictures, lost, draw(st.integers(0, pictures - lost)))


def test_the_score_is_that_of_tangos_first_example() -> None:
    """Of 44 pairs 1 is lost and none gained: against a drop of 0.1 the score is 1.709, and 0.096 is the end at 90 %."""
    # T. Tango, Statistics in Medicine 17 (1998), 891-908, section 6.1.
    assert float(score(1, 0, 44, 0.1, correction=0)) == pytest.approx(-1.709, abs=5e-4)
    assert drop_interval(Paired(44, 1, 0), 0.90, correction=0)[1] == pytest.approx(0.096, abs=5e-4)


def test_the_interval_is_that_of_fagerlands_example() -> None:
    """Of 161 patients 6 responded only before and 16 only after: -0.0621 [-0.1240, -0.0054], exact McNemar 0.0525."""
    # Fagerland, Lydersen and Laake, "Statistical Analysis of Contingency Tables", chapter 8, of Cavo and others' study.
    paired = Paired(161, 6, 16)
    assert paired.drop == pytest.approx(-0.0621, abs=5e-5)
    assert drop_interval(paired, correction=0) == pytest.approx((-0.1240, -0.0054), abs=5e-5)
    assert mcnemar_p_value(paired) == pytest.approx(0.052479, abs=5e-7)


def test_without_discordance_and_difference_the_score_is_mcnemars() -> None:
    """Against no difference the statistic is the root of McNemar's chi-square, as Tango's section 6.2 says."""
    assert float(score(12, 5, 300, 0.0, correction=0)) == pytest.approx(7 / np.sqrt(17))
    assert float(score(12, 5, 300, 0.0)) == pytest.approx(6.75 / np.sqrt(17))
    assert float(score(0, 0, 300, 0.0)) == 0.0


@pytest.mark.parametrize(
    ("pictures", "lost", "gained", "drop"), [(100, 7, 3, 0.1), (500, 20, 2, 0.01), (60, 0, 4, 0.0)]
)
def test_the_restricted_variance_is_the_likeliest(pictures: int, lost: int, gained: int, drop: float) -> None:
    """The closed form finds what a search for the greatest likelihood under that drop finds."""

    def against(gains: float) -> float:
        same = 1 - 2 * gains - drop
        return -(
            lost * np.log(gains + drop + 1e-300)
            + gained * np.log(gains + 1e-300)
            + (pictures - lost - gained) * np.log(same)
        )

    gains = optimize.minimize_scalar(against, bounds=(0, (1 - drop) / 2), method="bounded", options={"xatol": 1e-12}).x
    expected = 2 * gains + drop - drop * drop
    assert float(restricted_variance(lost, gained, pictures, drop)) == pytest.approx(expected, abs=1e-6)


@given(paired_counts())
def test_every_interval_holds_what_was_seen_and_mirrors(paired: Paired) -> None:
    """The drop seen lies in its interval, which lies within all drops, and lost for gained turns it round."""
    low, high = drop_interval(paired)
    assert -1 <= low <= paired.drop <= high <= 1
    mirrored = drop_interval(Paired(paired.pictures, paired.gained, paired.lost))
    assert mirrored == pytest.approx((-high, -low), abs=1e-9)


@given(paired_counts())
def test_the_correction_only_widens(paired: Paired) -> None:
    """The correction never makes an interval narrower, and less confidence does."""
    low, high = drop_interval(paired)
    plain = drop_interval(paired, correction=0)
    assert low <= plain[0] + 1e-9
    assert high >= plain[1] - 1e-9
    inner = drop_interval(paired, 0.5)
    assert low <= inner[0]
    assert inner[1] <= high


@given(paired_counts())
def test_mcnemar_is_scipys_exact_test(paired: Paired) -> None:
    """The exact p-value is that of scipy's binomial test of the discordant pictures, and 1 where there are none."""
    discordant = paired.lost + paired.gained
    expected = stats.binomtest(paired.lost, discordant).pvalue if discordant else 1.0
    assert mcnemar_p_value(paired) == pytest.approx(expected, rel=1e-6, abs=1e-300)


@pytest.mark.parametrize("counts", [(10, 6, 5), (10, -1, 0), (0, 0, 0)])
def test_counts_that_can_not_be_are_refused(counts: tuple[int, int, int]) -> None:
    """The error has the counts."""
    with pytest.raises(ValueError, match=r"lost and .* gained of .* pictures can't be"):
        Paired(*counts)


def test_a_difference_within_the_correction_shows_nothing() -> None:
    """A fifth of a picture beside what is expected is drawn to nothing, and a whole one is not."""
    assert float(score(0, 0, 10, 0.02)) == 0.0
    assert float(score(0, 0, 10, 0.1)) < 0.0
