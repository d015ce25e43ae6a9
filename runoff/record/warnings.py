"""What makes a run's numbers shaky, in words, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from runoff.environments.machine import why_no_memory, why_no_stolen_time
from runoff.judge.agreement import is_reduced, why_undecided
from runoff.judge.busy import SHARED, Given, idle_words, too_few_busy, too_many_busy
from runoff.judge.diagnostics import drift, follow_each_other, lag_one_autocorrelation
from runoff.judge.ratios import FEWEST_LAUNCHES, Ratio, control_is_valid, is_pinned_down
from runoff.measure.launches import CONTROL, Measured, Record
from runoff.measure.preparation import READY, Outcome
from runoff.measure.race import LaunchRecord, Race
from runoff.processor import SYSTEM
from runoff.record.race import Judged, PerLaunch, has_high_priority, inferences
from runoff.text.numbers import count, percent

STEAL_SHARE = 0.01
DRIFT_SHARE = 0.05
FREQUENCY_SHARE = 0.05
SWITCHES_PER_INFERENCE = 5.0
OTHERS_BUSY = 0.1
"""How much of a processor other programs may keep busy without a word: what a desktop does by itself."""
MOST_NAMES = 3


def race_warnings(judged: Judged[LaunchRecord], threads: int, precision: float | None = None) -> list[str]:
    """Say what makes a run's numbers shaky: the run as a whole first, then the machine, then contenders.

    Last comes where intervals are not as narrow as the ``precision`` that was asked for, and where launches were lost.
    """
    race = judged.race
    return [
        *control_warnings(judged, inferences, quieter(race)),
        *other_control_warnings(judged),
        *amount_warnings(race),
        *other_program_warnings(race),
        *machine_warnings(race, judged.reference),
        *independence_warnings(judged),
        *thread_warnings(race, threads),
        *precision_warnings(judged, precision),
        *([f"launches could not be written down as they came: {race.unwritten}"] if race.unwritten else []),
    ]


def golden_warnings(outcomes: Iterable[Outcome]) -> list[str]:
    """Say where golden's classes show little of who is right, since it is sure of no image."""
    reduced: dict[bool, list[Outcome]] = {True: [], False: []}
    for outcome in outcomes:
        reduced[is_reduced(outcome.contender.variant.precision)].append(outcome)
    unsure = [each.agreement.images for each in reduced[False] if each.agreement and not each.agreement.decided]
    undecided = {
        each.contender.id: reason
        for each in reduced[True]
        if each.status == READY and each.judged_by and (reason := why_undecided(each.judged_by))
    }
    warnings = [
        f"{', '.join(undecided)} {'is' if len(undecided) == 1 else 'are'} undecided: {reason}; "
        "with --require-agreement what is undecided is not timed"
        for reason in list(undecided.values())[:1]
    ]
    if not unsure:
        return warnings
    return [
        *warnings,
        f"golden is sure of none of {unsure[0]} images, whose two first classes its own rounding can swap: float32 was "
        "judged by the differences of its outputs alone, which shows little; give weights or images with clear answers",
    ]


def question_warnings(question: str, judged: Judged[Record], per_launch: PerLaunch[Record]) -> list[str]:
    """Say what makes the numbers of a service question shaky, which has separate launches and a separate control."""
    remedy = "stop other programs, or give more --launches"
    race = judged.race
    warnings = [*control_warnings(judged, per_launch, remedy), *amount_warnings(race), *other_program_warnings(race)]
    return [f"{question}: {warning}" for warning in warnings]


def control_warnings(judged: Judged[Record], per_launch: PerLaunch[Record], remedy: str) -> list[str]:
    """Say where the control shows that a run can't be believed, or shows less than it could."""
    warnings = []
    margin, failures = judged.rules.margin, judged.race.failures
    control, second = judged.control(per_launch), f"the control, a second {judged.reference},"
    if control and not control_is_valid(control, margin):
        warnings.append(
            f"invalid run: {second} came out at {control.value:.3f} times the first "
            f"[{control.low:.3f}, {control.high:.3f}]; what else runs on this machine disturbs it: {remedy}, "
            "then run again"
        )
    elif control and control.launches >= FEWEST_LAUNCHES and not is_pinned_down(control, margin):
        warnings.append(
            f"a noisy run: {second} reaches from {control.low:.3f} to {control.high:.3f}, "
            f"and no difference within that is claimed; {remedy}"
        )
    if CONTROL in failures:
        warnings.append(
            f"{second} broke down ({failures[CONTROL]}); what this run's noise is, "
            "it does not show to the end: see to that error, then run again"
        )
    return warnings


def other_control_warnings(judged: Judged[LaunchRecord]) -> list[str]:
    """Say where the control shows that undisturbed or tail ratios can't be believed; verdicts are by the typical ones.

    Where the typical ones can't either, nothing of the run can, and that is said.
    """
    control = judged.control(inferences)
    found = judged.three_ratios(CONTROL, inferences, control)
    if found is None or control is None or not control_is_valid(control, judged.rules.margin):
        return []
    return [
        f"the control, a second {judged.reference}, came out at {ratio.value:.3f} times the first "
        f"[{ratio.low:.3f}, {ratio.high:.3f}] in its {ratio.of} ratio: the {ratio.of} ratios of this run can't be "
        f"believed, the typical ones can; {quieter(judged.race)}"
        for ratio in (found.undisturbed, found.tail)
        if isinstance(ratio, Ratio) and not control_is_valid(ratio, judged.rules.margin)
    ]


def quieter(race: Race) -> str:
    """Say what would make a run less noisy."""
    first = "" if has_high_priority(race) else ", give workers high priority (run as root, or raise RLIMIT_NICE)"
    return f"stop other programs{first}, or measure longer (--launches, --precision)"


def amount_warnings(race: Measured[Record]) -> list[str]:
    """Say where a run measured too little for a verdict, or had to stop."""
    warnings = []
    launches = max(map(len, race.records.values()), default=0)
    if race.out_of_time:
        warnings.append(f"stopped after launch {launches} because --max-time was reached; give it more")
    if race.sleeps:
        warnings.append(
            f"the machine was suspended in {count(len(race.sleeps), 'launch', 'launches')} "
            f"({', '.join(f'{seconds:.0f} s' for seconds in race.sleeps)}): void, and performed again"
        )
    if launches < FEWEST_LAUNCHES:
        warnings.append(
            f"exploratory: {count(launches, 'launch', 'launches')} {'is' if launches == 1 else 'are'} too few for a "
            f"verdict; give --launches {FEWEST_LAUNCHES} or more"
        )
    return warnings


def precision_warnings(judged: Judged[LaunchRecord], precision: float | None) -> list[str]:
    """Say where a run ended before its inference intervals were as narrow as was asked for."""
    wide = judged.wider_than(precision, inferences) if precision is not None else {}
    if not wide:
        return []
    reached = ", ".join(f"{key} ±{percent(reach, 1)}" for key, reach in wide.items())
    return [
        f"the precision asked for, ±{percent(precision, 1)}, was not reached ({reached}); {quieter(judged.race)}, "
        "or give --max-time and --launches more"
    ]


def other_program_warnings(race: Measured[Record]) -> list[str]:
    """Say which other programs kept processors busy meanwhile, as the system shows them."""
    if sum(race.others.values()) < OTHERS_BUSY:
        return []
    named = [f"{name} {busy:.1f}" for name, busy in race.others.items() if busy >= OTHERS_BUSY / 2]
    busiest = ", ".join(named[:MOST_NAMES]) or "many, each a little"
    return [f"other programs kept {sum(race.others.values()):.1f} CPUs busy ({busiest}): stop them, then run again"]


def machine_warnings(race: Race, reference: str) -> list[str]:
    """Say where the machine did not stay what it was, or had others to serve."""
    warnings = []
    if race.stolen is not None and race.stolen > STEAL_SHARE:
        warnings.append(
            f"other machines on this host took {percent(race.stolen, 1)} of the CPU time (steal); "
            "ratios stay fair, absolute times do not: repeat at a quieter hour or on a dedicated machine"
        )
    base = race.records.get(reference, ())
    change = drift([value for record in base for value in record.rounds])
    if abs(change - 1) > DRIFT_SHARE:
        warnings.append(
            f"the machine drifted: {reference} took {change:.2f} times as long in the second half of the run as in the "
            "first; ratios stay fair, absolute times do not: let the machine settle, then run again"
        )
    clocks = [clock for clock in race.frequencies if clock]
    if clocks and min(clocks) < (1 - FREQUENCY_SHARE) * max(clocks):
        warnings.append(
            f"the CPUs' clock moved between {min(clocks):.0f} and {max(clocks):.0f} MHz during the run; ratios stay "
            "fair, absolute times do not: fix the clock (governor performance, boost off), or let the machine cool"
        )
    inferences = sum(len(record.rounds) for record in base)
    switches = sum(record.involuntary_switches for record in base)
    if inferences and switches / inferences > SWITCHES_PER_INFERENCE:
        warnings.append(
            f"{reference} was preempted {switches / inferences:.0f} times per inference (involuntary "
            "context switches): other processes want its cores; stop them, or give fewer --threads"
        )
    return warnings


def independence_warnings(judged: Judged[LaunchRecord]) -> list[str]:
    """Name the contenders whose launches resemble their predecessors, so that their interval is too narrow."""
    launches = judged.log_ratios(inferences)
    return [
        f"the launches of {key} follow each other (lag-1 autocorrelation {lag_one_autocorrelation(values):.2f}), so "
        "its interval is narrower than the truth: something changes slowly on this machine; give more --launches"
        for key, values in launches.items()
        if follow_each_other(values, tests=len(launches))
    ]


def thread_warnings(race: Race, threads: int) -> list[str]:
    """Name the contenders that kept more threads busy than they were given, whatever their framework reports."""
    busy = {key: too_many_busy(busy_threads(records), threads) for key, records in race.records.items()}
    return [
        f"{key} kept {found:.1f} threads busy, where {threads} were given to all; its ratio is not on equal "
        "terms: mend the backend's load()"
        for key, found in busy.items()
        if found is not None
    ]


def absence_warnings(race: Race, system: Path = SYSTEM) -> list[str]:
    """Say in one sentence what this system did not let be measured, and why."""
    records = [record for launches in race.records.values() for record in launches]
    absent = []
    if records and all(record.peak is None for record in records):
        absent.append(f"peak memory, because {why_no_memory(system)}")
    if race.stolen is None:
        absent.append(f"stolen time, because {why_no_stolen_time(system)}")
    if race.frequencies and not any(race.frequencies):
        absent.append("the CPUs' clock, because neither cpufreq nor /proc/cpuinfo says it")
    return [f"what can't be had here: {'; '.join(absent)}"] if absent else []


def idle_warnings(race: Race, given: Given) -> list[str]:
    """Name the contenders that kept clearly fewer threads busy than they were given, whatever their framework reports.

    Where all did, it is one sentence.
    """
    long = {key: [record for record in records if shares_work(record)] for key, records in race.records.items()}
    busy = {key: too_few_busy(busy_threads(records), given) for key, records in long.items()}
    few = {key: found for key, found in busy.items() if found is not None}
    if not few:
        return []
    reached = ", ".join(f"{key} {found:.1f}" for key, found in few.items())
    return [f"fewer threads were busy than the {given.threads} that were given ({reached}); {idle_words(given)}"]


def shares_work(record: LaunchRecord) -> bool:
    """Whether the fastest inference took long enough to be shared among threads: a neighbour makes others long."""
    return min(record.rounds) >= SHARED


def busy_threads(records: Sequence[LaunchRecord]) -> list[float]:
    """Return how many threads each launch kept busy."""
    return [record.busy_threads for record in records]
