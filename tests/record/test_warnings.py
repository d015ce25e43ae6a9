"""What is said about a race whose numbers are shaky, and that nothing is said about any other."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.errors import WorkerCrashed
from runoff.judge.agreement import compare_logits
from runoff.judge.busy import SHARED, Given
from runoff.judge.standings import Rules
from runoff.measure.launches import CONTROL
from runoff.measure.preparation import READY, WRONG, Outcome
from runoff.measure.race import Race
from runoff.record.race import Judged, inferences
from runoff.record.warnings import absence_warnings, golden_warnings, idle_warnings, question_warnings, race_warnings
from tests.builders.races import ROUNDS, SECONDS, STEADY, launch, launches, make_race

NEARLY_STEADY = tuple(launch([SECONDS * (1.0 if index < 4 else 1.04)] * ROUNDS) for index in range(8))
WAVERING = tuple(launch([SECONDS * (0.92 if index % 2 else 1.08)] * ROUNDS) for index in range(8))
UNEVEN = tuple(launch([SECONDS * (1.2 if index < 2 else 1.0)] * ROUNDS) for index in range(8))
FOUR = make_race(pytorch=launches(1.0, 4, seed=1), control=launches(1.0, 4, seed=2))
FIVE = make_race(pytorch=launches(1.0, 5, seed=1), control=launches(1.0, 5, seed=2))
CLIMBING = tuple(launch([SECONDS * (1 + 0.002 * index)] * ROUNDS) for index in range(20))
DRIFTING = tuple(launch([SECONDS * (1.0 if index < 4 else 1.1)] * ROUNDS) for index in range(8))


def test_quiet_run_has_no_warnings() -> None:
    """A valid, long enough run on a quiet machine says nothing."""
    assert race_warnings(Judged(make_race(quick=launches(0.5)), "pytorch", Rules()), 2) == []


@pytest.mark.parametrize(
    ("race", "expected", "remedy"),
    [
        pytest.param(make_race(control=launches(1.2)), "invalid run: the control", "run again", id="invalid"),
        pytest.param(make_race(control=UNEVEN), "no difference within that is claimed", "--launches", id="noisy"),
        pytest.param(FOUR, "exploratory: 4 launches", "--launches 5", id="exploratory"),
        pytest.param(
            make_race(pytorch=STEADY * 3, control=STEADY * 3, climbing=CLIMBING),
            "the launches of climbing follow each other",
            "--launches",
            id="dependent launches",
        ),
        pytest.param(
            make_race(frequencies=(3500.0, None, 2900.0)), "between 2900 and 3500 MHz", "governor", id="clock"
        ),
        pytest.param(make_race(out_of_time=True), "stopped after launch 8", "--max-time", id="out of time"),
        pytest.param(
            dataclasses.replace(make_race(), others={"ffmpeg": 0.98, "cc1plus": 0.5, "sh": 0.1, "x": 0.01}),
            "other programs kept 1.6 CPUs busy (ffmpeg 1.0, cc1plus 0.5, sh 0.1)",
            "stop them",
            id="others",
        ),
        pytest.param(
            dataclasses.replace(make_race(), others={f"x{number}": 0.04 for number in range(20)}),
            "other programs kept 0.8 CPUs busy (many, each a little)",
            "stop them",
            id="many others",
        ),
        pytest.param(
            dataclasses.replace(make_race(), sleeps=(7.0,)),
            "the machine was suspended in 1 launch (7 s)",
            "performed again",
            id="asleep once",
        ),
        pytest.param(
            dataclasses.replace(make_race(), sleeps=(3600.0, 7.0)),
            "the machine was suspended in 2 launches (3600 s, 7 s)",
            "performed again",
            id="asleep",
        ),
        pytest.param(make_race(stolen=0.034), "took 3.4 % of the CPU time", "quieter hour", id="steal"),
        pytest.param(make_race(pytorch=DRIFTING, control=DRIFTING), "took 1.10 times", "settle", id="drift"),
        pytest.param(
            make_race(pytorch=launches(1.0, switches=7 * ROUNDS)),
            "7 times per inference",
            "--threads",
            id="switches",
        ),
        pytest.param(
            make_race(greedy=tuple(launch([SECONDS] * ROUNDS, busy=3.4) for _ in range(8))),
            "greedy kept 3.4 threads busy, where 2 were given",
            "load()",
            id="threads",
        ),
        pytest.param(
            make_race(failures={CONTROL: WorkerCrashed("ended")}, control=launches(1.0, 3)),
            "the control, a second pytorch, broke down (ended)",
            "run again",
            id="broken control",
        ),
    ],
)
def test_each_warning_is_given_alone_with_its_remedy(race: Race, expected: str, remedy: str) -> None:
    """What makes the numbers shaky is said once, with what to do about it, and nothing else is."""
    (warning,) = race_warnings(Judged(race, "pytorch", Rules()), 2)
    assert expected in warning
    assert remedy in warning


@pytest.mark.parametrize(
    "race",
    [
        pytest.param(make_race(control=launches(1.03)), id="control within the margin"),
        pytest.param(FIVE, id="just enough launches"),
        pytest.param(make_race(stolen=0.009), id="little stolen"),
        pytest.param(make_race(frequencies=(3500.0, 3400.0)), id="clock"),
        pytest.param(make_race(frequencies=(None, None)), id="clock not known"),
        pytest.param(make_race(stolen=None), id="steal not known"),
        pytest.param(make_race(pytorch=NEARLY_STEADY, control=NEARLY_STEADY), id="little drift"),
        pytest.param(make_race(pytorch=launches(1.0, switches=5 * ROUNDS)), id="some switches"),
        pytest.param(make_race(control=()), id="no control"),
        pytest.param(make_race(tidy=tuple(launch([SECONDS] * ROUNDS, busy=2.2) for _ in range(8))), id="spare thread"),
        pytest.param(make_race(quick=launches(1.0, switches=900), pytorch=STEADY, control=STEADY), id="not reference"),
        pytest.param(make_race(pytorch=()), id="no reference"),
    ],
)
def test_warnings_are_silent_below_their_bounds(race: Race) -> None:
    """What stays within bounds, or can't be known, is not warned of."""
    assert race_warnings(Judged(race, "pytorch", Rules()), 2) == []


def test_threads_that_were_not_busy_are_warned_of_in_one_sentence() -> None:
    """Those that kept half of their threads busy at best are named with how many, and what to do; others are not."""
    limited = tuple(launch([SECONDS] * ROUNDS, busy=busy) for busy in (0.93, 0.97))
    disturbed = tuple(launch([SECONDS] * ROUNDS, busy=busy) for busy in (0.6, 1.9))
    race = make_race(limited=limited, disturbed=disturbed, gone=())
    (warning,) = idle_warnings(race, Given(2, 2, 2))
    assert warning.startswith("fewer threads were busy than the 2 that were given (limited 1.0); the ratios are not")
    assert "OMP_THREAD_LIMIT" in warning
    assert idle_warnings(race, Given(1, 2, 2)) == []
    short = tuple(launch([0.004] * ROUNDS, busy=1.0) for _ in range(8))
    assert idle_warnings(make_race(short=short), Given(2, 2, 2)) == []
    just = tuple(launch([SHARED] * ROUNDS, busy=1.0) for _ in range(8))
    assert len(idle_warnings(make_race(just=just), Given(2, 2, 2))) == 1


def test_what_this_system_does_not_say_is_named_with_its_reason(tmp_path: Path) -> None:
    """Peak memory, stolen time and the clock are each said once where nothing of them is known, and else not."""
    blind = tuple(launch([SECONDS] * ROUNDS, peak=None) for _ in range(8))
    race = make_race(pytorch=blind, control=blind, stolen=None, frequencies=(None, None))
    assert absence_warnings(race, tmp_path) == [
        "what can't be had here: peak memory, because /proc/self/status can't be read; stolen time, because /proc/stat "
        "can't be read; the CPUs' clock, because neither cpufreq nor /proc/cpuinfo says it"
    ]
    assert absence_warnings(make_race(frequencies=(None, 2000.0)), tmp_path) == []


def test_runtimes_that_count_cores_and_others_that_count_cpus_are_told_apart() -> None:
    """Where four threads share two cores, who keeps two busy is not on equal terms with who keeps four."""
    counts_cores, counts_cpus = (tuple(launch([SECONDS] * ROUNDS, busy=busy) for _ in range(8)) for busy in (2.0, 3.9))
    race = make_race(pytorch=counts_cpus, control=counts_cpus, openvino=counts_cores)
    two = make_race(pytorch=counts_cpus, control=counts_cpus, openvino=counts_cores, litert=counts_cores)
    assert "(openvino 2.0, litert 2.0)" in idle_warnings(two, Given(4, 4, 2))[0]
    assert idle_warnings(race, Given(4, 4, 2)) == [
        "fewer threads were busy than the 4 that were given (openvino 2.0); the 4 threads share 2 cores, which some "
        "runtimes count and others do not: the ratios are not on equal terms: race with --threads 2"
    ]
    assert idle_warnings(race, Given(4, 8, 8)) == idle_warnings(race, Given(4, 4, 4)) != []
    assert idle_warnings(make_race(pytorch=counts_cpus, control=counts_cpus), Given(4, 4, 2)) == []


def test_a_run_that_missed_its_precision_says_by_how_much() -> None:
    """An interval wider than was asked for is named with its reach; one that is narrow enough is not."""
    race = make_race(control=STEADY, pytorch=STEADY, wavering=WAVERING)
    (missed,) = race_warnings(Judged(race, "pytorch", Rules()), 2, precision=0.02)
    assert "±2.0 %, was not reached (wavering ±" in missed
    assert race_warnings(Judged(make_race(), "pytorch", Rules()), 2, precision=0.02) == []


def test_the_controls_interval_counts_for_the_precision() -> None:
    """Where the control's interval alone is wider than was asked for, the precision is not reached."""
    judged = Judged(make_race(pytorch=STEADY, control=NEARLY_STEADY, steady=STEADY), "pytorch", Rules())
    assert set(judged.wider_than(0.001, inferences)) == {CONTROL}
    assert judged.wider_than(0.5, inferences) == {}


def test_launches_that_were_not_written_down_are_warned_of() -> None:
    """What went wrong with the journal is said last."""
    race = dataclasses.replace(make_race(), unwritten="runs/a.jsonl: No space left on device")
    assert race_warnings(Judged(race, "pytorch", Rules()), 2) == [
        "launches could not be written down as they came: runs/a.jsonl: No space left on device"
    ]


def test_the_margin_decides_which_control_makes_a_run_invalid() -> None:
    """A control that is off by 3 % is within the usual margin and beyond one of 1 %."""
    race = make_race(control=launches(1.03, seed=2))
    assert race_warnings(Judged(race, "pytorch", Rules()), 2) == []
    assert race_warnings(Judged(race, "pytorch", Rules(margin=0.01)), 2)[0].startswith("invalid run")


def test_a_noisy_run_whose_workers_did_not_go_first_is_told_how() -> None:
    """Where the system did not permit workers to go first, the remedy for noise says what would; else it does not."""
    humble = tuple(dataclasses.replace(record, high_priority=False) for record in WAVERING)
    assert "RLIMIT_NICE" in race_warnings(Judged(make_race(control=humble), "pytorch", Rules()), 2)[0]
    assert "RLIMIT_NICE" not in race_warnings(Judged(make_race(control=WAVERING), "pytorch", Rules()), 2)[0]


def test_a_questions_warnings_are_those_of_a_race_under_its_name() -> None:
    """A service question has a control, launches and a budget of its own, and is warned of in the same words."""
    race = make_race(control=launches(1.2, 4, seed=2), pytorch=launches(1.0, 4, seed=1), out_of_time=True)
    found = question_warnings("throughput", Judged(race, "pytorch", Rules()), inferences)
    assert [warning.split(" ", 2)[:2] for warning in found] == [
        ["throughput:", "invalid"],
        ["throughput:", "stopped"],
        ["throughput:", "exploratory:"],
    ]


def compared(lead: float, precision: str = "float32", status: str = READY, name: str = "engine") -> Outcome:
    """Return a contender that gives what golden does on two images, whose first classes are this far apart."""
    logits = np.array([[lead, 0.0], [0.0, lead]], dtype=np.float32)
    contender = Contender(name, Variant(precision=precision))
    return Outcome(contender, status, {}, agreement=compare_logits(logits, logits, 1e-6, ("a", "b")))


@pytest.mark.parametrize("status", [READY, WRONG])
def test_a_golden_that_is_sure_of_no_image_is_warned_of(status: str) -> None:
    """Where no class can be relied on it is said once, whatever came of contenders, with what to do about it."""
    (warning,) = golden_warnings([compared(1e-5, status=status), compared(1e-5)])
    assert warning == (
        "golden is sure of none of 2 images, whose two first classes its own rounding can swap: float32 was "
        "judged by the differences of its outputs alone, which shows little; give weights or images with clear answers"
    )


def test_a_reduced_precision_that_nothing_is_known_of_is_named() -> None:
    """It is undecided, which is said by its name and with what to do, beside what is said of float32."""
    (warning,) = golden_warnings([compared(1e-5, "int8"), compared(1.0)])
    assert warning.startswith("engine is undecided: golden is sure of none of 2 pictures")
    assert warning.endswith("; with --require-agreement what is undecided is not timed")
    (of_two,) = golden_warnings([compared(1e-5, "int8"), compared(1e-5, "int8", name="motor"), compared(1.0)])
    assert of_two.startswith("engine, motor are undecided: golden is sure of none")
    assert len(golden_warnings([compared(1e-5, "int8"), compared(1e-5)])) == 2


@pytest.mark.parametrize(
    "outcomes",
    [
        pytest.param([compared(1.0)], id="sure"),
        pytest.param([compared(1e-5, "int8", WRONG), compared(1.0)], id="reduced and wrong"),
        pytest.param([Outcome(Contender("engine", Variant()), READY, {})], id="not compared"),
    ],
)
def test_a_golden_that_is_sure_is_not_warned_of(outcomes: list[Outcome]) -> None:
    """Nothing is said of another run, nor of images that lead by too little for a reduced precision alone."""
    assert golden_warnings(outcomes) == []
