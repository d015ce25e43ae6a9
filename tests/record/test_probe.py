"""What is stored of a probe: every reading as it came, what they show, and why there is none."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from runoff.judge.disturbance import CONTINUUM, LEVELS, ONE_LEVEL, UNKNOWN
from runoff.judge.precision import what_it_takes
from runoff.judge.ratios import ratio_over_launches
from runoff.measure.probe import Probed, Reading
from runoff.record.probe import FEWEST_QUIET, probe_warnings, stored_probe
from runoff.stored.probe import StoredProbe, probe_line, work_times
from runoff.stored.schema import read_record, write_record

LAUNCHES, ROUNDS = 8, 30


def make_probed(memory: np.ndarray, arithmetic: float = 0.001, reason: str | None = None) -> Probed:
    """Make a probe's readings on two processors from how much longer reads take in each round, in logarithms."""
    launches = tuple(
        tuple(
            Reading(number, 0.25 * number, (arithmetic, arithmetic), (time * 0.9, time * 1.1), number % 2, 0.01)
            for number, time in enumerate(launch.tolist())
        )
        for launch in np.array_split(0.001 * np.exp(memory), LAUNCHES)
    )
    return Probed((0, 1), launches, reason)


def noise(spread: float = 0.01) -> np.ndarray:
    """Give the noise of a steady machine."""
    return np.random.default_rng(1).normal(0.0, spread, LAUNCHES * ROUNDS)


STEADY = make_probed(noise())
TWO = make_probed(noise() + np.where(np.arange(LAUNCHES * ROUNDS) < 180, 0.4, 0.0))
WIDE = make_probed(noise(0.2))
RARE = make_probed(noise() + np.where(np.arange(LAUNCHES * ROUNDS) < 210, 0.4, 0.0))
SHORT = make_probed(noise()[:16])
BROKEN = dataclasses.replace(SHORT, reason="it broke down in launch 1 (gone)")
NONE = Probed((), ((), ()), "only one processor may be used here")


def test_readings_are_stored_launch_by_launch_as_they_came() -> None:
    """Each launch has columns of all that was read, times to a tenth of a microsecond, and reads back the same."""
    (first, *_), stored = STEADY.launches, stored_probe(STEADY)
    assert stored.processors == (0, 1)
    assert [len(launch.rounds) for launch in stored.launches] == [ROUNDS] * LAUNCHES
    launch = stored.launches[0]
    assert launch.rounds == tuple(range(ROUNDS))
    assert launch.moments == tuple(0.25 * number for number in range(ROUNDS))
    assert [column[3] for column in launch.memory] == pytest.approx(first[3].memory, abs=1e-7)
    assert [column[3] for column in launch.arithmetic] == [0.001, 0.001]
    assert launch.switches[:4] == (0, 1, 0, 1)
    assert launch.stolen[0] == 0.01
    assert read_record(json.loads(json.dumps(write_record(stored))), StoredProbe) == stored


def test_the_analysis_takes_the_mean_over_processors() -> None:
    """What is judged is one time a reading, in the order of launches."""
    times = work_times(stored_probe(STEADY).launches)
    assert set(times) == {"arithmetic", "memory"}
    assert times["memory"] == pytest.approx((0.001 * np.exp(noise())).tolist(), abs=1e-7)


@pytest.mark.parametrize(
    ("probed", "pattern", "said"),
    [
        (STEADY, ONE_LEVEL, "Probe: the machine was steady; 100 % of the rounds were quiet."),
        (
            TWO,
            LEVELS,
            "Probe: the machine had two levels; 25 % of the rounds were quiet, and in the others random reads in 16 MB "
            "took 1.50 times as long.",
        ),
        (WIDE, CONTINUUM, "Probe: the machine was disturbed by changing degrees; "),
        (SHORT, UNKNOWN, "Probe: too few rounds to say how disturbed the machine was; 100 % of the rounds were quiet."),
    ],
)
def test_how_disturbed_the_machine_was_is_said_in_a_sentence(probed: Probed, pattern: str, said: str) -> None:
    """The pattern that all readings show, the share of quiet rounds, and how much slower the others were."""
    stored = stored_probe(probed)
    assert stored.found is not None
    assert stored.found.pattern == pattern
    line = probe_line(stored)
    assert line is not None
    assert line.startswith(said)


def test_a_probe_that_could_not_run_says_why() -> None:
    """Where there is no reading, that and its reason are all that is said; a race without rounds has one, too."""
    stored = stored_probe(NONE)
    assert stored.found is None
    assert probe_line(stored) == (
        "Probe: there was none, since only one processor may be used here; how disturbed the machine was is not known."
    )
    assert stored_probe(Probed((0,), ())).reason == "no round was measured"
    assert "no round was measured" in (probe_line(stored_probe(Probed((0,), ()))) or "")
    assert probe_warnings(stored, {}, LAUNCHES) == []


def test_a_probe_that_broke_down_says_what_it_saw_and_why_not_all() -> None:
    """What was read before counts, and that it ended is said beside it."""
    line = probe_line(stored_probe(BROKEN))
    assert line is not None
    assert line.endswith("were quiet. It did not see all rounds: it broke down in launch 1 (gone).")


def test_a_run_of_before_there_was_a_probe_has_no_sentence() -> None:
    """Nothing is said of a probe that there was not."""
    assert probe_line(None) is None


def test_few_quiet_rounds_are_warned_of_with_what_to_do() -> None:
    """Where fewer than a fifth of the rounds were quiet, that is said with three remedies; a quarter is enough."""
    (warning,) = probe_warnings(stored_probe(RARE), {}, LAUNCHES)
    assert "12 % of the rounds quiet" in warning
    assert all(remedy in warning for remedy in ("--launches", "another hour", "a dedicated machine"))
    assert 30 / 240 < FEWEST_QUIET < 60 / 240
    assert probe_warnings(stored_probe(TWO), {}, LAUNCHES) == []
    assert probe_warnings(stored_probe(STEADY), {}, LAUNCHES) == []


def test_the_remedy_for_few_quiet_rounds_names_how_many_launches_it_takes() -> None:
    """Where a ratio is wider than 2 % its launches are counted, with the options; where none is, nothing is counted."""
    wide = ratio_over_launches([0.11, -0.11, 0.09, -0.09, 0.07, -0.07, 0.11, -0.11])
    (warning,) = probe_warnings(stored_probe(RARE), {"onnxruntime": wide}, LAUNCHES)
    needed = what_it_takes({"onnxruntime": wide}, LAUNCHES)
    assert needed is not None
    assert f"with about {needed.launches} launches instead of 8, all would reach 2 % at most" in warning
    assert f"--launches {needed.first} --precision 2%" in warning
    narrow = ratio_over_launches([0.001, -0.001] * 4)
    (warning,) = probe_warnings(stored_probe(RARE), {"onnxruntime": narrow}, LAUNCHES)
    assert "give more --launches, measure at another hour" in warning


def test_too_few_rounds_to_tell_are_not_called_seldom_quiet() -> None:
    """Where no pattern is looked for, the share of quiet rounds says too little to warn of it."""
    scattered = stored_probe(make_probed(np.linspace(0.0, 3.0, 32)))
    assert scattered.found is not None
    assert (scattered.found.pattern, scattered.found.quiet_share < FEWEST_QUIET) == (UNKNOWN, True)
    assert probe_warnings(scattered, {}, LAUNCHES) == []
