"""``python -m trust.accuracy``: do the intervals of accuracies hold the truth, and is the rule as strict as it says?

Coverage and the chance that a contender at the margin is called as good are sums over every outcome that there may be,
with no error of drawing; outcomes too unlikely to matter in the sixth digit are left out. What the rule says, and
whether as many pictures as it asks for decide, is drawn with a fixed seed and judged by what judges real runs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from runoff.judge.accuracy import AS_GOOD, UNDECIDED, WORSE, judge_drop, sample_size
from runoff.judge.paired import CORRECTION, Paired, score
from runoff.judge.ratios import CONFIDENCE
from runoff.judge.shares import blaker_interval, exact_interval, share_interval
from runoff.processes.surroundings import ROOT
from runoff.text.ending import ended
from runoff.text.page import page_templates
from trust.page import made_line, made_now, percent

REACH = float(special.ndtri((1 + CONFIDENCE) / 2))
PICTURES = (50, 100, 200, 500, 1_000, 5_000, 50_000)
ACCURACIES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
DISCORDANCES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
LOST_SHARES = (0.5, 0.75, 1.0)
"""Which share of the discordant pictures is lost: half where both are equals, all where nothing is gained."""
LEAST, MOST = 0.93, 0.97
"""How often an interval of 95 % should hold the truth."""
MARGINS = (0.002, 0.005, 0.01, 0.02, 0.05)
DEVIATIONS = 7
"""How many standard deviations, and pictures beside these, an outcome may be off its expected value."""
SEED = 20261128
INTERVALS: dict[str, Callable[[int, int], tuple[float, float]]] = {
    "shown": blaker_interval,
    "Wilson": share_interval,
    "exact": exact_interval,
}


@dataclass(frozen=True)
class Sizes:
    """How much is tried: numbers of pictures, shares that are discordant, and how many draws of the rule for each."""

    pictures: tuple[int, ...] = PICTURES
    discordances: tuple[float, ...] = DISCORDANCES
    draws: int = 400


QUICK = Sizes(pictures=(50, 200), discordances=(0.001, 0.02), draws=40)


def outcomes(pictures: int, share: float) -> NDArray[np.int64]:
    """Return the numbers of pictures that are likely where each is such a one with this chance."""
    reach = DEVIATIONS * (np.sqrt(pictures * share) + 1)
    return np.arange(max(0, int(pictures * share - reach)), min(pictures, int(pictures * share + reach)) + 1)


def coverage_of_share(pictures: int, accuracy: float, interval: Callable[[int, int], tuple[float, float]]) -> float:
    """Return how often the interval of an accuracy holds the true one."""
    wrong = outcomes(pictures, 1 - accuracy)
    # Both limits fall as more are wrong, so that the intervals that hold the truth follow one another.
    first = bisect_left(wrong, True, key=lambda number: interval(pictures - int(number), pictures)[0] <= accuracy)
    end = bisect_left(wrong, True, key=lambda number: interval(pictures - int(number), pictures)[1] < accuracy)
    return float(stats.binom.pmf(wrong[first:end], pictures, 1 - accuracy).sum())


def is_attainable(pictures: int, accuracy: float) -> bool:
    """Whether any interval can hold this accuracy in ``LEAST`` to ``MOST`` of all runs.

    The outcomes whose intervals hold it follow one another, since limits grow with the outcome. So it can be held as
    often as such a row of outcomes comes about, and no other number is possible.
    """
    chances = stats.binom.pmf(outcomes(pictures, 1 - accuracy), pictures, 1 - accuracy)
    up_to = np.concatenate([[0.0], np.cumsum(chances)])
    rows = up_to[None, :] - up_to[:, None]
    return bool(((rows >= LEAST) & (rows <= MOST)).any())


def score_table(
    pictures: int, lost: float, gained: float, against: float, correction: float = CORRECTION
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the score statistic of every outcome against a drop, and the chance of each, by the true shares."""
    losses, gains = outcomes(pictures, lost)[:, None], outcomes(pictures, gained)[None, :]
    rest = np.maximum(pictures - losses, 0)
    chances = stats.binom.pmf(losses, pictures, lost) * stats.binom.pmf(gains, rest, gained / (1 - lost))
    return score(losses, gains, pictures, against, correction), chances * (losses + gains <= pictures)


def coverage_of_drop(pictures: int, lost: float, gained: float, correction: float = CORRECTION) -> float:
    """Return how often the interval of a drop holds the true one: where the score test does not reject it."""
    statistics, chances = score_table(pictures, lost, gained, lost - gained, correction)
    return float(chances[np.abs(statistics) <= REACH].sum())


def false_as_good(pictures: int, margin: float, discordance: float, correction: float = CORRECTION) -> float:
    """Return how often a contender whose true drop is the margin is called as good."""
    lost, gained = (discordance + margin) / 2, (discordance - margin) / 2
    statistics, chances = score_table(pictures, lost, gained, margin, correction)
    return float(chances[statistics < -REACH].sum())


def share_coverage(sizes: Sizes) -> list[dict[str, Any]]:
    """Return the coverage of each interval of an accuracy, for every number of pictures and accuracy."""
    return [
        {"pictures": pictures, "accuracy": accuracy, "attainable": is_attainable(pictures, accuracy)}
        | {name: coverage_of_share(pictures, accuracy, interval) for name, interval in INTERVALS.items()}
        for pictures in sizes.pictures
        for accuracy in ACCURACIES
    ]


def drop_coverage(sizes: Sizes) -> list[dict[str, Any]]:
    """Return the coverage of the interval of a drop, with the correction and as it was published."""
    return [
        {
            "pictures": pictures,
            "discordance": discordance,
            "lost_share": share,
            "coverage": coverage_of_drop(pictures, discordance * share, discordance * (1 - share)),
            "published": coverage_of_drop(pictures, discordance * share, discordance * (1 - share), 0.0),
        }
        for pictures in sizes.pictures
        for discordance in sizes.discordances
        for share in LOST_SHARES
    ]


def margin_errors(sizes: Sizes) -> list[dict[str, Any]]:
    """Return how often a contender at the margin is called as good, with the correction and as it was published."""
    return [
        {
            "pictures": pictures,
            "margin": margin,
            "discordance": discordance,
            "as_good": false_as_good(pictures, margin, discordance),
            "published": false_as_good(pictures, margin, discordance, 0.0),
        }
        for pictures in sizes.pictures
        for margin in MARGINS
        for discordance in sorted({margin, *(found for found in DISCORDANCES if found > margin)})
    ]


@dataclass(frozen=True)
class Kind:
    """A contender that is drawn: how often it loses and gains a picture."""

    lost: float
    gained: float


KINDS = {
    "an equal that answers as golden": Kind(0.0, 0.0),
    "an equal, 2 % discordant": Kind(0.01, 0.01),
    "an equal, 10 % discordant": Kind(0.05, 0.05),
    "half the margin": Kind(0.0125, 0.0075),
    "at the margin": Kind(0.015, 0.005),
    "three times the margin": Kind(0.04, 0.01),
    "20 points worse": Kind(0.21, 0.01),
}
MARGIN = 0.01
FEW_ENOUGH = 10_000
"""From so many pictures on equals are decided."""


def draw(random: np.random.Generator, kind: Kind, pictures: int, margin: float = MARGIN) -> tuple[str, int | None]:
    """Draw how many pictures are lost and gained, and judge it as a run does: the verdict, and what would decide."""
    lost, gained, _ = random.multinomial(pictures, (kind.lost, kind.gained, 1 - kind.lost - kind.gained))
    drop = judge_drop(Paired(pictures, int(lost), int(gained)), margin, 1.0)
    return drop.verdict, drop.needed


def verdicts(sizes: Sizes) -> list[dict[str, Any]]:
    """Return what the rule says of each kind of contender, and how often the pictures it then asks for decide."""
    rows = []
    for number, (name, kind) in enumerate(KINDS.items()):
        for pictures in sizes.pictures:
            random = np.random.default_rng([SEED, number, pictures])
            drawn = [draw(random, kind, pictures) for _ in range(sizes.draws)]
            told = Counter(verdict for verdict, _ in drawn)
            asked = [needed for _, needed in drawn if needed is not None]
            decided = [draw(random, kind, needed)[0] != UNDECIDED for needed in asked[:100]]
            rows.append(
                {"kind": name, "pictures": pictures, "undecided_without_number": told[UNDECIDED] - len(asked)}
                | {verdict: told[verdict] / sizes.draws for verdict in (AS_GOOD, UNDECIDED, WORSE)}
                | {"needed_median": float(np.median(asked)) if asked else None}
                | {"decided_by_needed": sum(decided) / len(decided) if decided else None}
            )
    return rows


@dataclass(frozen=True)
class Asked:
    """What undecided equals ask for: the median of the pictures, and how often so many decide, None where none asks."""

    median: float | None
    decided: float | None


def asked_for(pictures: int, discordance: float, margin: float, draws: int) -> Asked:
    """Draw equals with a fixed seed, and sum over every outcome on as many pictures as the undecided ask for."""
    random = np.random.default_rng([SEED, pictures, round(1e6 * discordance), round(1e6 * margin)])
    half = Kind(discordance / 2, discordance / 2)
    asked = [needed for _, needed in (draw(random, half, pictures, margin) for _ in range(draws)) if needed is not None]
    if not asked:
        return Asked(None, None)
    decided = {needed: decides(needed, half, margin) for needed in set(asked)}
    return Asked(float(np.median(asked)), float(np.mean([decided[needed] for needed in asked])))


def decides(pictures: int, kind: Kind, margin: float) -> float:
    """Return how often so many pictures decide."""
    statistics, chances = score_table(pictures, kind.lost, kind.gained, margin)
    return float(chances[np.abs(statistics) > REACH].sum())


def needed_pictures(sizes: Sizes) -> list[dict[str, Any]]:
    """Return how many pictures undecided equals ask for, how many they need, and how often so many decide."""
    return [
        {"pictures": pictures, "discordance": discordance, "needs": sample_size(0.0, discordance, MARGIN)}
        | vars(asked_for(pictures, discordance, MARGIN, sizes.draws))
        for pictures in sizes.pictures
        if pictures < FEW_ENOUGH
        for discordance in sizes.discordances
    ]


EXPERIMENTS: dict[str, Callable[[Sizes], list[dict[str, Any]]]] = {
    "share_coverage": share_coverage,
    "drop_coverage": drop_coverage,
    "margin_errors": margin_errors,
    "verdicts": verdicts,
    "needed_pictures": needed_pictures,
}


def render(figures: dict[str, Any]) -> str:
    """Write the page on accuracy with the figures in it."""
    templates = page_templates("trust")
    templates.filters |= {"percent": percent, "made": made_line}
    return templates.get_template("accuracy.md.jinja").render(figures)


def main() -> int:
    """Run the experiments, and return the exit code."""
    return ended("trust.accuracy", perform)


def perform() -> None:
    """Find all figures, write them, and the page that shows them."""
    parser = argparse.ArgumentParser(prog="python -m trust.accuracy", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, which only show that everything runs")
    parser.add_argument("--page", action="store_true", help="write the page again from the figures that are there")
    parser.add_argument("--output", type=Path, default=ROOT / "docs", metavar="DIR", help="for accuracy.json and .md")
    options = parser.parse_args()
    file = options.output / "accuracy.json"
    begin = time.monotonic()
    if options.page:
        figures = json.loads(file.read_text(encoding="utf-8"))
    else:
        sizes = QUICK if options.quick else Sizes()
        figures = {name: find(sizes) for name, find in EXPERIMENTS.items()}
        figures |= {"draws": sizes.draws, "seed": SEED, "minutes": (time.monotonic() - begin) / 60, "made": made_now()}
        options.output.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (options.output / "accuracy.md").write_text(render(figures), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
