"""The proof of the accuracy method: a small part of it, and that the page can be written."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.judge.accuracy import AS_GOOD, UNDECIDED, WORSE
from trust.accuracy import (
    EXPERIMENTS,
    INTERVALS,
    KINDS,
    QUICK,
    coverage_of_drop,
    coverage_of_share,
    draw,
    false_as_good,
    render,
)


@pytest.mark.parametrize("pictures", [50, 200, 2000])
@pytest.mark.parametrize("accuracy", [0.5, 0.76, 0.95, 0.99, 0.999])
def test_intervals_of_accuracies_hold_the_truth(pictures: int, accuracy: float) -> None:
    """In 93 % at least; in no more than 97 % unless fewer than 15 misses are expected, where the exact one is taken."""
    found = coverage_of_share(pictures, accuracy, INTERVALS["safe"])
    assert found >= 0.93
    assert found <= 0.97 or pictures * (1 - accuracy) < 15


def test_wilsons_interval_alone_would_be_too_narrow() -> None:
    """Of 100 pictures at 99.5 % it holds the truth in 91 %, which is why few misses take another."""
    assert coverage_of_share(100, 0.995, INTERVALS["Wilson"]) == pytest.approx(0.910, abs=0.001)


@pytest.mark.parametrize("pictures", [50, 500, 2000])
@pytest.mark.parametrize("discordance", [0.001, 0.01, 0.05, 0.2])
@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_intervals_of_drops_hold_the_truth(pictures: int, discordance: float, share: float) -> None:
    """In 93 % at least; in no more than 98.5 % where ten discordant pictures are expected, 97 % where fifty are."""
    found = coverage_of_drop(pictures, discordance * share, discordance * (1 - share))
    assert found >= 0.93
    assert found <= 0.985 or pictures * discordance < 10
    assert found <= 0.97 or pictures * discordance < 50


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


def test_as_many_pictures_as_are_needed_decide() -> None:
    """Equals that are undecided on 500 pictures are decided by as many as they ask for, in 80 % at least."""
    random = np.random.default_rng(5)
    equal = KINDS["an equal, 10 % discordant"]
    asked = [needed for _, needed in (draw(random, equal, 500) for _ in range(200)) if needed is not None]
    decided = [draw(random, equal, needed)[0] != UNDECIDED for needed in asked]
    assert len(decided) > 150
    assert sum(decided) / len(decided) >= 0.8


def test_the_page_has_every_experiment() -> None:
    """The page is written from the figures of quick experiments, with a row for each number of pictures."""
    figures = {name: find(QUICK) for name, find in EXPERIMENTS.items()} | {"draws": QUICK.draws, "seed": 1}
    page = render(figures)
    for pictures in QUICK.pictures:
        assert f"\n| {pictures} | " in page
    assert "| 20 points worse | 200 |" in page
