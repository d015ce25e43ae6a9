"""What is said of a race exactly at a bound and just beyond it, in whole sentences."""

from __future__ import annotations

import dataclasses

import pytest

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.errors import WorkerCrashed
from runoff.judge.ratios import EXPLORATORY, FASTER, INVALID, NO_DIFFERENCE, Ratio
from runoff.judge.standings import Rules
from runoff.measure.launches import CONTROL
from runoff.measure.preparation import READY, MemoryCurve, Outcome
from runoff.measure.race import LaunchRecord, Race
from runoff.record.race import (
    Judged,
    has_high_priority,
    inferences,
    median_over,
    median_stages,
    memory_curve,
    round_percentiles,
    stored_percentiles,
)
from runoff.record.warnings import (
    amount_warnings,
    control_warnings,
    independence_warnings,
    machine_warnings,
    precision_warnings,
    question_warnings,
    quieter,
    thread_warnings,
)
from runoff.stored.benchmarks import Curve
from tests.builders.races import ROUNDS, SECONDS, STEADY, launch, launches, make_race

QUIETER = "stop other programs, or measure longer (--launches, --precision)"
WAVERING = tuple(launch([SECONDS * (0.92 if index % 2 else 1.08)] * ROUNDS) for index in range(8))


def judged(race: Race, **rules: float) -> Judged[LaunchRecord]:
    """Judge a race."""
    return Judged(race, "pytorch", Rules(**rules))


def busy(threads: float) -> Race:
    """Make a race of a contender that keeps so many threads busy."""
    return make_race(other=tuple(launch([SECONDS], busy=threads) for _ in range(8)))


@pytest.mark.parametrize(("threads", "warned"), [(2.0, False), (2.3, False), (2.31, True), (4.0, True)])
def test_a_spare_thread_is_not_on_equal_terms_from_a_third_on(threads: float, warned: bool) -> None:
    """Of two threads given, 2.3 may be busy, and no more."""
    found = thread_warnings(busy(threads), 2)
    assert bool(found) is warned
    if threads == 4.0:
        assert found == [
            "other kept 4.0 threads busy, where 2 were given to all; its ratio is not on equal terms: "
            "mend the backend's load()"
        ]


def test_an_entrant_without_a_launch_kept_no_thread_busy() -> None:
    """Nothing is said of the threads of one that broke down at once, however few were given."""
    assert thread_warnings(Race({"broken": ()}, {}, None), 0) == []


@pytest.mark.parametrize(("share", "warned"), [(None, False), (0.01, False), (0.0101, True)])
def test_stolen_time_counts_beyond_one_per_cent(share: float | None, warned: bool) -> None:
    """One per cent itself is not warned of, nor what the system does not tell."""
    assert bool(machine_warnings(make_race(stolen=share), "pytorch")) is warned


@pytest.mark.parametrize(
    ("clocks", "warned"), [((100.0, 95.0), False), ((100.0, 94.9), True), ((None, 90.0), False), ((), False)]
)
def test_a_clock_may_move_by_five_per_cent(clocks: tuple[float | None, ...], warned: bool) -> None:
    """From the highest to the lowest, of those that are known."""
    assert bool(machine_warnings(make_race(frequencies=clocks), "pytorch")) is warned


@pytest.mark.parametrize(
    ("later", "warned"), [(1.0, False), (1.049, False), (1.051, True), (0.951, False), (0.949, True)]
)
def test_a_machine_may_drift_by_five_per_cent(later: float, warned: bool) -> None:
    """Slower or faster in its second half."""
    drifting = tuple(launch([SECONDS * (1.0 if index < 4 else later)] * ROUNDS) for index in range(8))
    assert bool(machine_warnings(make_race(pytorch=drifting), "pytorch")) is warned


@pytest.mark.parametrize(("switches", "warned"), [(5 * ROUNDS, False), (5 * ROUNDS + 1, True)])
def test_five_switches_an_inference_are_usual(switches: int, warned: bool) -> None:
    """Of the reference, over all of its inferences."""
    race = make_race(pytorch=launches(1.0, switches=switches))
    assert bool(machine_warnings(race, "pytorch")) is warned
    assert machine_warnings(race, "absent") == []


def test_the_machines_warnings_are_sentences() -> None:
    """Each says what was seen, what it means, and what to do, in the order in which it concerns a reader."""
    drifting = tuple(launch([SECONDS * (1.0 if index < 4 else 2.0)] * ROUNDS, switches=60) for index in range(8))
    race = make_race(pytorch=drifting, stolen=0.25, frequencies=(3000.0, 1500.0))
    fair = "ratios stay fair, absolute times do not"
    assert machine_warnings(race, "pytorch") == [
        "other machines on this host took 25.0 % of the CPU time (steal); "
        f"{fair}: repeat at a quieter hour or on a dedicated machine",
        "the machine drifted: pytorch took 2.00 times as long in the second half of the run as in the first; "
        f"{fair}: let the machine settle, then run again",
        f"the CPUs' clock moved between 1500 and 3000 MHz during the run; {fair}: "
        "fix the clock (governor performance, boost off), or let the machine cool",
        "pytorch was preempted 10 times per inference (involuntary context switches): other processes want its "
        "cores; stop them, or give fewer --threads",
    ]


def test_a_worker_without_priority_is_enough_to_say_so() -> None:
    """Every worker of every entrant must have had it."""
    humble = (*STEADY[:-1], dataclasses.replace(STEADY[-1], high_priority=False))
    assert has_high_priority(make_race())
    assert not has_high_priority(make_race(other=humble))
    assert quieter(make_race()) == QUIETER
    assert quieter(make_race(other=humble)) == (
        "stop other programs, give workers high priority (run as root, or raise RLIMIT_NICE), "
        "or measure longer (--launches, --precision)"
    )


def test_a_run_that_its_control_disowns_says_by_how_much() -> None:
    """The control's ratio and interval, what disturbs it, and the remedy that fits the question."""
    off = tuple(launch([SECONDS * factor] * ROUNDS) for factor in (1.19, 1.21) * 4)
    found = judged(make_race(pytorch=STEADY, control=off))
    control = found.control(inferences)
    between = f"{control.value:.3f} times the first [{control.low:.3f}, {control.high:.3f}]"
    assert control_warnings(found, inferences, "REMEDY") == [
        f"invalid run: the control, a second pytorch, came out at {between}; "
        "what else runs on this machine disturbs it: REMEDY, then run again"
    ]
    assert question_warnings("latency", found, inferences)[0].endswith(
        "disturbs it: stop other programs, or give more --launches, then run again"
    )


@pytest.mark.parametrize(("count", "noisy"), [(4, False), (5, True), (8, True)])
def test_a_noisy_control_is_told_where_there_are_launches_enough(count: int, noisy: bool) -> None:
    """Its interval is told, beyond which a difference must be; four launches claim nothing anyway."""
    found = judged(make_race(pytorch=STEADY[:count], control=WAVERING[:count]))
    told = control_warnings(found, inferences, "REMEDY")
    control = found.control(inferences)
    assert told == (
        [
            f"a noisy run: the control, a second pytorch, reaches from {control.low:.3f} to {control.high:.3f}, "
            "and no difference within that is claimed; REMEDY"
        ]
        if noisy
        else []
    )


@pytest.mark.parametrize(("margin", "noisy"), [(0.05, True), (0.07, True), (0.08, False)])
def test_a_control_is_noisy_beyond_the_margin_that_was_asked_for(margin: float, noisy: bool) -> None:
    """One that reaches 7.4 % to each side is noisy for a margin of 7 % and not for one of 8 %."""
    found = judged(make_race(pytorch=STEADY, control=WAVERING), margin=margin)
    assert [told.partition(":")[0] for told in control_warnings(found, inferences, "REMEDY")] == ["a noisy run"] * noisy


def test_a_control_that_broke_down_is_told_with_its_error() -> None:
    """What the noise is, it does not show to the end."""
    race = make_race(failures={CONTROL: WorkerCrashed("ended")}, pytorch=STEADY, control=STEADY)
    assert control_warnings(judged(race), inferences, "REMEDY") == [
        "the control, a second pytorch, broke down (ended); what this run's noise is, it does not show to the end: "
        "see to that error, then run again"
    ]


@pytest.mark.parametrize(("count", "few"), [(0, "0 launches are"), (1, "1 launch is"), (4, "4 launches are"), (5, "")])
def test_fewer_than_five_launches_are_exploratory(count: int, few: str) -> None:
    """So many launches as the entrant with the most has."""
    race = Race({"pytorch": STEADY[:count], "short": STEADY[: count // 2]} if count else {}, {}, None)
    said = f"exploratory: {few} too few for a verdict; give --launches 5 or more"
    assert amount_warnings(race) == ([said] if few else [])
    stopped = amount_warnings(dataclasses.replace(race, out_of_time=True))
    assert stopped[0] == f"stopped after launch {count} because --max-time was reached; give it more"


def test_a_precision_that_was_missed_is_told_with_every_interval_beyond_it() -> None:
    """Each entrant with its reach, the control among them, and what would help."""
    found = judged(make_race(pytorch=STEADY, control=WAVERING, other=WAVERING, narrow=STEADY))
    reaches = found.wider_than(0.02, inferences)
    assert set(reaches) == {CONTROL, "other"}
    reached = ", ".join(f"{key} ±{reach * 100:.1f} %" for key, reach in reaches.items())
    assert precision_warnings(found, 0.02) == [
        f"the precision asked for, ±2.0 %, was not reached ({reached}); {QUIETER}, "
        "or give --max-time and --launches more"
    ]
    assert precision_warnings(found, None) == []
    assert found.wider_than(reaches["other"], inferences).keys() <= {CONTROL}


def test_launches_that_follow_each_other_are_told_with_their_autocorrelation() -> None:
    """Of 20 launches that climb steadily the autocorrelation is 0.85."""
    climbing = tuple(launch([SECONDS * (1 + 0.002 * index)] * ROUNDS) for index in range(20))
    race = Race({"pytorch": STEADY * 3, "climbing": climbing, "steady": STEADY * 3}, {}, None)
    assert independence_warnings(judged(race)) == [
        "the launches of climbing follow each other (lag-1 autocorrelation 0.85), so its interval is narrower than the "
        "truth: something changes slowly on this machine; give more --launches"
    ]


@pytest.mark.parametrize(("entrants", "told"), [(1, 1), (10, 0)])
def test_entrants_share_the_chance_of_a_false_warning(entrants: int, told: int) -> None:
    """An autocorrelation of 0.51 over 20 launches is told of one entrant alone, and of none among ten."""
    wavering = tuple(launch([SECONDS * (1 + 0.001 * (index + 3 * (-1) ** index))] * ROUNDS) for index in range(20))
    others = {f"steady {number}": STEADY * 3 for number in range(1, entrants)}
    race = Race({"pytorch": STEADY * 3, "wavering": wavering, **others}, {}, None)
    assert len(independence_warnings(judged(race))) == told


@pytest.mark.parametrize(
    ("factors", "count", "verdict"),
    [((1.0,), 8, NO_DIFFERENCE), ((1.2,), 8, INVALID), ((1.0,), 4, EXPLORATORY)],
)
def test_the_control_has_a_verdict_of_its_own(factors: tuple[float, ...], count: int, verdict: str) -> None:
    """It claims no difference; it makes the run invalid, or shows none, or has too few launches."""
    (factor,) = factors
    race = make_race(pytorch=launches(1.0, count, seed=1), control=launches(factor, count, seed=2))
    assert judged(race).standings(inferences)[CONTROL].verdict == verdict


def test_standings_say_what_they_are_taken_against() -> None:
    """The reference, rounds of a launch and launches; an entrant that broke down is judged by those that it has."""
    found = judged(make_race(other=launches(0.5, 6, seed=3))).standings(inferences)
    assert {ratio.reference for ratio in found.values()} == {"pytorch"}
    assert {ratio.rounds for ratio in found.values()} == {ROUNDS}
    assert (found["other"].launches, found["other"].verdict) == (6, FASTER)
    assert found["pytorch"] == Ratio(1.0, 1.0, 1.0, 0.95, 8, 0.95, "pytorch", ROUNDS, "reference")


def test_the_margin_and_the_looks_share_reach_every_ratio() -> None:
    """The control's verdict too is by the margin that was asked for, and its interval by the look's share."""
    race = make_race(pytorch=STEADY, control=launches(1.03, seed=2))
    assert judged(race).standings(inferences)[CONTROL].verdict == NO_DIFFERENCE
    assert judged(race, margin=0.01).standings(inferences)[CONTROL].verdict == INVALID
    looked = judged(race, error_share=0.25).standings(inferences)[CONTROL]
    assert (looked.confidence, looked.nominal_confidence) == (0.95, pytest.approx(0.9875))


def test_medians_are_over_launches() -> None:
    """Of one launch they are its own; of an even number the mean of the two in the middle."""
    assert median_over([1.0, 2.0, 9.0], float) == 2.0
    assert median_over([1.0, 2.0], float) == 1.5
    assert median_stages([STEADY[0]], lambda record: {"one": 3.0, "two": 4.0}) == {"one": 3.0, "two": 4.0}


def test_percentiles_say_why_one_is_withheld() -> None:
    """Of 30 samples the 95th and 99th are withheld, with how many they take."""
    found = stored_percentiles([1.0] * 30)
    assert (found.samples, found.values) == (30, {"p50": 1.0, "p90": 1.0})
    assert found.withheld == {
        "p95": "it needs 59 samples, not 30",
        "p99": "it needs 299 samples, not 30",
    }
    assert round_percentiles([launch([1.0, 3.0, 2.0]), launch([5.0, 4.0])]).values == {"p50": 3.0}


def test_memory_over_time_is_stored_where_it_was_watched() -> None:
    """Sizes stay paired with their moments; a contender that was not watched has no curve."""
    plain = Outcome(Contender("a", Variant("")), READY, {})
    watched = dataclasses.replace(plain, curve=MemoryCurve([0.0, 0.5], [1_000_000, 3_000_000]))
    assert memory_curve(watched) == Curve((0.0, 0.5), (1_000_000, 3_000_000))
    assert memory_curve(plain) is None
