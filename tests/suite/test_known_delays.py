"""Races whose outcome is known: contenders that compute the same, of which some take so much longer.

No time is asserted, only how the ratios of runs belong together.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping

import pytest

from runoff.judge.ratios import FASTER, INCONCLUSIVE, NO_DIFFERENCE, REFERENCE, SLOWER
from tests.conftest import ROOT, Suite
from tests.stand_ins.delayed import DELAYS

pytestmark = [pytest.mark.alone, pytest.mark.full]  # test_suite.py finds a known ratio sooner, by a fake clock

MARGIN = "25%"
"""The smallest delay is twice this, and a busy machine disturbs eight milliseconds by less."""
CALL = 0.03
"""What a call costs beside the delay, as a share of it."""
SETTINGS = ("--launches", "5", "--rounds", "5", "--margin", MARGIN, "-k", "inference")
Ratios = Mapping[str, Mapping[str, float | str]]


def race(suite: Suite, reference: str, *contenders: str) -> Ratios:
    """Race variants of the delayed backend and return their ratios to one of them, by variant."""
    names = {f"delayed-{variant}".rstrip("-"): variant for variant in (reference, *contenders)}
    first, *_ = names
    done = suite.race("--contenders", ",".join(names), "--reference", first, *SETTINGS)
    assert done.returncode == 0, done.stdout + done.stderr
    stored = json.loads((suite.root / "results" / "runoff.json").read_text())
    infos = [benchmark["extra_info"] for benchmark in stored["benchmarks"]]
    return {names[info["contender"]]: info["ratio"] for info in infos}


@pytest.fixture(scope="module")
def delayed(suite: Suite) -> Iterator[Suite]:
    """Add the delayed backend to the copied suite for as long as it is raced."""
    added = suite.root / "runoff" / "backends" / "delayed.py"
    shutil.copy(ROOT / "tests" / "stand_ins" / "delayed.py", added)
    yield suite
    added.unlink()


@pytest.fixture(scope="module")
def forwards(delayed: Suite) -> Ratios:
    """Race all against the one without a delay."""
    return race(delayed, "", "twin", "half", "whole")


@pytest.fixture(scope="module")
def backwards(delayed: Suite) -> Ratios:
    """Race the one without a delay against one with a delay."""
    return race(delayed, "whole", "")


@pytest.mark.parametrize("variant", ["half", "whole"])
def test_a_delay_is_found_with_its_size(forwards: Ratios, variant: str) -> None:
    """What waits longer is slower, and the interval of its ratio holds the delay that it was given."""
    ratio, injected = forwards[variant], 1 + DELAYS[variant]
    assert ratio["verdict"] == SLOWER
    assert (1 - CALL) * ratio["low"] <= injected <= (1 + CALL) * ratio["high"]


def test_without_a_delay_nothing_is_claimed(forwards: Ratios) -> None:
    """An identical contender is neither faster nor slower, and its ratio is nearer to 1 than half the least delay."""
    assert forwards["twin"]["verdict"] in (NO_DIFFERENCE, INCONCLUSIVE)
    assert abs(forwards["twin"]["value"] - 1) < DELAYS["half"] / 2
    assert forwards[""]["verdict"] == REFERENCE


def test_twice_the_delay_is_twice_the_difference(forwards: Ratios) -> None:
    """Doubling a delay doubles by how much a ratio is above 1."""
    half, whole = (forwards[variant]["value"] - 1 for variant in ("half", "whole"))
    assert whole == pytest.approx(2 * half, rel=2 * CALL)


def test_seen_from_the_delayed_one_every_word_is_the_opposite(forwards: Ratios, backwards: Ratios) -> None:
    """With reference and contender swapped, slower is faster, and the inverse of the ratio lies in the interval."""
    ratio, swapped = forwards["whole"], backwards[""]
    assert (swapped["verdict"], ratio["verdict"]) == (FASTER, SLOWER)
    # Two runs, each disturbed in its own way: their values differ by what their intervals say.
    assert (1 - CALL) * ratio["low"] <= 1 / swapped["low"]
    assert 1 / swapped["high"] <= (1 + CALL) * ratio["high"]
