"""The doctor's race of two equals: are they equal, are the figures right, and do the words follow from them?"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from runoff.doctor import noise, workload
from runoff.doctor.noise import (
    FIRST,
    QUIET,
    SECOND,
    TOO_NOISY,
    TOO_SHORT,
    USABLE,
    judge,
    measure_noise,
    newly_throttled,
    rounds_that_fit,
    smallest_difference,
    state,
)
from runoff.environments.machine import Throttling
from runoff.errors import WorkerCrashed
from runoff.judge.precision import expected
from runoff.judge.ratios import CONFIDENCE, Ratio, is_beyond, ratio_over_launches
from runoff.measure.entrant import Entrant
from runoff.measure.race import ROUNDS, LaunchRecord, Race
from tests.builders.races import launch, launches

pytestmark = pytest.mark.long


def control(reach: float, value: float = 1.0, count: int = 8) -> Ratio:
    """Make the ratio of two equals whose interval reaches so far to each side."""
    return Ratio(value, value / (1 + reach), value * (1 + reach), CONFIDENCE, count, CONFIDENCE)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[noise.Noise, list[str]]:
    """Race for half a second, once for all tests that look at the result, and keep what it said."""
    said: list[str] = []
    return measure_noise(0.5, 2, tmp_path_factory.mktemp("noise"), said.append), said


def test_a_real_race_has_all_figures(measured) -> None:
    """However short, it gives at least two launches, an interval around the ratio, and figures that are possible."""
    found, _ = measured
    assert found.ratio.launches >= 2
    assert noise.FEWEST_ROUNDS <= found.rounds <= ROUNDS
    assert found.ratio.low < found.ratio.value < found.ratio.high
    assert found.threads == 2
    assert found.median > 0
    assert found.tail >= 1
    assert found.switches >= 0
    assert 0 < found.busy < 2.5
    assert found.stolen is None or 0 <= found.stolen <= 1
    assert (found.state == TOO_SHORT) == (found.ratio.launches < 5)
    assert (found.difference is None) == (found.state == TOO_SHORT)


def test_a_real_race_says_how_far_it_is(measured) -> None:
    """The warm-up and every launch are announced."""
    found, said = measured
    assert said[0] == "warming up"
    assert len(said) == found.ratio.launches + 1


def test_the_two_are_identical_but_for_their_names(tmp_path: Path) -> None:
    """Same program, same artifact, same threads: only the key tells them apart."""
    first, second = noise.make_entrants(2, tmp_path)
    assert (first.key, second.key) == (FIRST, SECOND)
    assert (first.backend, first.artifact, first.threads, first.contender, first.environment) == (
        second.backend,
        second.artifact,
        second.threads,
        second.contender,
        second.environment,
    )


def test_the_work_is_the_same_every_time(tmp_path: Path) -> None:
    """The same image gives the same logits again and again, whatever the threads, and another image gives others."""
    entrant, _ = noise.make_entrants(1, tmp_path)
    batch = np.load(noise.write_images(tmp_path)["images"])
    sessions = [
        workload.load(entrant.artifact, workload.SIGNATURE, workload.VARIANTS[0], threads) for threads in (1, 3)
    ]
    logits = [session.run({"images": batch})[0] for session in sessions for _ in range(2)]
    assert logits[0].shape == (1, 1000)
    assert logits[0].dtype == np.float32
    assert all(np.array_equal(each, logits[0]) for each in logits)
    assert 0.1 < logits[0].std() < 10
    assert not np.array_equal(sessions[0].run({"images": batch * 2})[0], logits[0])
    assert sessions[1].run({"images": np.concatenate([batch, batch])})[0].shape == (2, 1000)
    assert [session.threads for session in sessions] == [1, 3]
    for session in sessions:
        session.pool.shutdown()


def test_every_thread_does_the_whole_work(tmp_path: Path) -> None:
    """No thread's share stays untouched, and none differs from the others."""
    entrant, _ = noise.make_entrants(3, tmp_path)
    session = workload.load(entrant.artifact, workload.SIGNATURE, workload.VARIANTS[0], 3)
    session.run({"images": np.load(noise.write_images(tmp_path)["images"])})
    first, *others = session.shares
    assert first.any()
    assert all(np.array_equal(first, other) for other in others)
    session.pool.shutdown()


def test_a_worker_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one of the two breaks down, its own error is raised."""

    def without_artifact(threads: int, folder: Path) -> tuple[Entrant, Entrant]:
        first, second = make_entrants(threads, folder)
        first.artifact.unlink()
        return first, second

    make_entrants = noise.make_entrants
    monkeypatch.setattr(noise, "make_entrants", without_artifact)
    with pytest.raises(WorkerCrashed, match="FileNotFoundError"):
        measure_noise(0.5, 1, tmp_path, lambda text: None)


def judge_launches(threads: int, stolen: float = 0.25, **kinds: tuple[LaunchRecord, ...]) -> noise.Noise:
    """Judge a race made by hand, which took three seconds and seven cut periods."""
    return judge(Race(kinds, {}, stolen), threads, 3.0, 7)


def test_figures_of_known_rounds() -> None:
    """The ratio is second by first, the median and tail are of all rounds of both, switches are per inference."""
    first = tuple(launch([0.010] * 6, switches=12) for _ in range(5))
    second = tuple(launch([0.020] * 6, switches=0) for _ in range(5))
    found = judge_launches(3, first=first, second=second)
    assert found.ratio.value == pytest.approx(2.0)
    assert found.median == pytest.approx(0.015)
    assert found.tail == pytest.approx(0.020 / 0.015)
    assert found.switches == 1.0
    assert (found.rounds, found.threads, found.seconds, found.stolen, found.throttled) == (6, 3, 3.0, 0.25, 7)
    assert found.state == TOO_NOISY
    assert found.busy == 2.0
    assert found.high_priority


def test_launches_with_little_noise_are_quiet() -> None:
    """Eight launches of two equals with half a percent of noise a round are a quiet machine, unless time was stolen."""
    equals = {"first": launches(1.0, seed=1), "second": launches(1.0, seed=2)}
    found = judge_launches(2, stolen=0.0, **equals)
    assert found.state == QUIET
    assert judge_launches(2, **equals).state == USABLE
    assert found.difference is not None
    assert 0 < found.difference < 0.02


def test_few_launches_promise_nothing() -> None:
    """Below five launches no difference is promised, and no state."""
    found = judge_launches(2, first=launches(1.0, 4, seed=1), second=launches(1.0, 4, seed=2))
    assert (found.state, found.difference) == (TOO_SHORT, None)


def test_one_launch_tells_no_difference() -> None:
    """A single launch shows no spread, so no interval, and no difference is small enough."""
    assert math.isinf(smallest_difference(expected(ratio_over_launches([0.01]), 8)))


@pytest.mark.parametrize("reach", [0.001, 0.02, 0.1])
def test_smallest_difference_is_where_intervals_part(reach: float) -> None:
    """A contender as noisy as the control is beyond it just above the difference, and not just below."""
    own = control(reach)
    difference = smallest_difference(own)
    assert is_beyond(control(reach, 1 + difference * 1.001), own)
    assert not is_beyond(control(reach, 1 + difference * 0.999), own)


@pytest.mark.parametrize(
    ("ratio", "to_expect", "word"),
    [
        pytest.param(control(0.01), control(0.01), QUIET, id="2 % told"),
        pytest.param(control(0.04), control(0.04), USABLE, id="8 % told"),
        pytest.param(control(0.06), control(0.06), TOO_NOISY, id="the control is not pinned down"),
        pytest.param(control(0.01, 1.2), control(0.01), TOO_NOISY, id="two equals came out unequal"),
        pytest.param(control(0.01, count=4), control(0.01), TOO_SHORT, id="four launches"),
        pytest.param(ratio_over_launches([0.0]), expected(ratio_over_launches([0.0]), 8), TOO_SHORT, id="one"),
    ],
)
def test_states(ratio: Ratio, to_expect: Ratio, word: str) -> None:
    """A machine is quiet, usable or too noisy by the margins that runs are judged by."""
    assert state(ratio, to_expect, disturbed=False) == word
    assert state(ratio, to_expect, disturbed=True) == (USABLE if word == QUIET else word)


@pytest.mark.parametrize(
    ("stolen", "switches", "expected"),
    [(None, 0.0, False), (0.01, 5.0, False), (0.02, 0.0, True), (0.0, 6.0, True), (None, 6.0, True)],
)
def test_what_disturbs(stolen: float | None, switches: float, expected: bool) -> None:
    """Stolen time and involuntary switches disturb from where a run is warned of them."""
    assert noise.is_disturbed(stolen, switches) is expected


@pytest.mark.parametrize(
    ("seconds", "starting", "one_round", "rounds"),
    [
        pytest.param(9.0, 0.3, 0.04, ROUNDS, id="no more than by default"),
        pytest.param(6.0, 0.4, 0.06, 10, id="as many as fit"),
        pytest.param(1.0, 2.0, 0.5, 5, id="no fewer than five"),
        pytest.param(-3.0, 2.0, 0.5, 5, id="time is over already"),
    ],
)
def test_rounds_that_fit(seconds: float, starting: float, one_round: float, rounds: int) -> None:
    """Rounds are what is left of a launch's share of the time, between bounds."""
    assert rounds_that_fit(seconds, starting, one_round) == rounds


@pytest.mark.parametrize(
    ("launches_so_far", "end", "expected"),
    [(0, 99.0, True), (1, 99.0, True), (2, 14.9, True), (4, 15.1, False), (5, 10.0, True), (5, 10.1, False)],
)
def test_how_long_it_goes_on(launches_so_far: int, end: float, expected: bool) -> None:
    """Two launches always, five within half as long again, and more only within the ten seconds."""
    assert noise.may_go_on(launches_so_far, end, 10.0) is expected


def test_only_what_was_throttled_meanwhile_counts() -> None:
    """Periods before the race are not the race's, and an unknown reading leaves it unknown."""
    assert newly_throttled(Throttling(10, 4), Throttling(30, 9)) == 5
    assert newly_throttled(None, Throttling(30, 9)) is None
