"""The proof of the accuracy method: a small part of it, and that the page can be written."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from runoff.judge.accuracy import AS_GOOD, POWER, UNDECIDED, WORSE, sample_size
from runoff.judge.ratios import CONFIDENCE
from tests.conftest import ROOT
from trust.accuracy import (
    ACCURACIES,
    DISCORDANCES,
    EXPERIMENTS,
    INTERVALS,
    KINDS,
    LOST_SHARES,
    MARGIN,
    MOST,
    PICTURES,
    QUICK,
    asked_for,
    coverage_of_drop,
    coverage_of_share,
    decides,
    draw,
    false_as_good,
    is_attainable,
    render,
)
from trust.page import made_now

ABOVE = {(50, 0.9), (100, 0.98), (200, 0.99)}
"""Where the interval of an accuracy holds the truth in more than 97 %, and another one could in 93 to 97 %."""


@pytest.mark.parametrize("pictures", PICTURES)
@pytest.mark.parametrize("accuracy", ACCURACIES)
def test_intervals_of_accuracies_hold_the_truth(pictures: int, accuracy: float) -> None:
    """In 95 % at least, and in no more than 97 % but where no interval can, and in three more combinations."""
    found = coverage_of_share(pictures, accuracy, INTERVALS["shown"])
    assert found >= CONFIDENCE - 1e-9
    assert (found > MOST) == (not is_attainable(pictures, accuracy) or (pictures, accuracy) in ABOVE)


def test_what_no_interval_can_hold_is_known() -> None:
    """Of 100 pictures at 99.9 % none or one is wrong in 90.5 or 99.5 %, and nothing is between."""
    assert not is_attainable(100, 0.999)
    assert is_attainable(100, 0.98)


def test_wilsons_interval_alone_would_be_too_narrow() -> None:
    """Of 100 pictures at 99.5 % it holds the truth in 91 %, which is why it is not the one that is shown."""
    assert coverage_of_share(100, 0.995, INTERVALS["Wilson"]) == pytest.approx(0.910, abs=0.001)


@pytest.mark.parametrize("pictures", [50, 100, 200, 500, 1000, 5000])
@pytest.mark.parametrize("discordance", DISCORDANCES)
@pytest.mark.parametrize("share", LOST_SHARES)
def test_intervals_of_drops_hold_the_truth(pictures: int, discordance: float, share: float) -> None:
    """In 94 % at least; in 97 % at most where over ten discordant pictures are expected, and in more below five."""
    found = coverage_of_drop(pictures, discordance * share, discordance * (1 - share))
    expected = round(pictures * discordance, 6)
    assert found >= 0.94
    assert found <= MOST or expected <= 10
    assert found <= 0.98 or expected < 5
    assert found > MOST or expected >= 5


@pytest.mark.parametrize("pictures", [50, 200, 1000])
@pytest.mark.parametrize(
    ("margin", "discordance"), [(0.005, 0.2), (0.01, 0.01), (0.01, 0.05), (0.02, 0.1), (0.05, 0.2)]
)
def test_at_the_margin_at_most_one_in_forty_is_called_as_good(pictures: int, margin: float, discordance: float) -> None:
    """The chance that a contender whose drop is the margin is called as good is 2.5 % at most."""
    assert false_as_good(pictures, margin, discordance) <= 0.025


def test_without_the_correction_more_would_be() -> None:
    """Of 50 pictures a fifth of which are discordant, the published statistic calls 2.95 % at the margin as good."""
    assert false_as_good(50, 0.005, 0.2, correction=0.0) == pytest.approx(0.0295, abs=1e-4)


def test_the_rule_says_what_must_be_said() -> None:
    """Of 50 pictures nobody is as good at 1 %; of 50,000 equals are, and what is 20 points worse is worse already."""
    random = np.random.default_rng(3)
    few = {draw(random, KINDS["an equal, 2 % discordant"], 50)[0] for _ in range(50)}
    many = [draw(random, KINDS["an equal, 2 % discordant"], 50_000)[0] for _ in range(50)]
    assert few == {UNDECIDED}
    assert set(many) == {AS_GOOD}
    assert {draw(random, KINDS["20 points worse"], 500)[0] for _ in range(50)} == {WORSE}


@pytest.mark.long
@pytest.mark.parametrize("pictures", [50, 200, 1000])
@pytest.mark.parametrize("discordance", [0.002, 0.02, 0.1])
def test_as_many_pictures_as_are_asked_for_decide(pictures: int, discordance: float) -> None:
    """Equals that are undecided are decided by as many as they ask for with the chance that is said, or more."""
    found = asked_for(pictures, discordance, MARGIN, 60)
    assert found.decided is not None
    assert found.decided >= POWER


def test_by_what_was_seen_alone_too_few_would_be_asked_for() -> None:
    """Of 50 pictures with none discordant, so many as that asks for decide half of equals with 2 % at best."""
    few = math.ceil(sample_size(0.0, 0.0, MARGIN))
    assert decides(few, KINDS["an equal, 2 % discordant"], MARGIN) < 0.5


@pytest.mark.long
def test_the_page_has_every_experiment() -> None:
    """The page is written from the figures of quick experiments, with a row for each number of pictures."""
    figures = {name: find(QUICK) for name, find in EXPERIMENTS.items()} | {
        "draws": QUICK.draws,
        "seed": 1,
        "made": made_now(),
    }
    page = render(figures)
    for pictures in QUICK.pictures:
        assert f"\n| {pictures} | " in page
    assert "| 20 points worse | 200 |" in page


def test_the_page_in_the_documentation_is_that_of_its_figures() -> None:
    """What is published as a page is what its stored figures are written as."""
    figures = json.loads((ROOT / "docs" / "accuracy.json").read_text(encoding="utf-8"))
    assert render(figures) == (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
