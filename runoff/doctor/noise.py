"""How noisy the machine is right now: two identical entrants raced by the very harness, and what that means."""

from __future__ import annotations

import math
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from runoff.backends import declaration_of
from runoff.doctor import workload
from runoff.doctor.disturbed import Disturbed, judge_probe
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment
from runoff.environments.machine import Throttling, read_throttling
from runoff.judge.precision import expected
from runoff.judge.ratios import (
    FEWEST_LAUNCHES,
    MARGIN,
    Ratio,
    control_is_valid,
    half_width,
    is_pinned_down,
    launch_log_ratio,
    ratio_over_launches,
)
from runoff.measure.entrant import Entrant, Files
from runoff.measure.launches import Progress, Setup
from runoff.measure.probe import Probed
from runoff.measure.race import LAUNCHES, ROUNDS, Race, run_race, run_rounds
from runoff.measure.rotation import Workers, raise_first
from runoff.record.warnings import STEAL_SHARE, SWITCHES_PER_INFERENCE
from runoff.text.ids import HERE

FIRST, SECOND = "first", "second"
AIMED_LAUNCHES = 6
WARM_UP_ROUNDS = 3
FEWEST_ROUNDS = 5
OVERTIME = 1.5
TAIL = 0.95

QUIET = "quiet"
USABLE = "usable"
TOO_NOISY = "too noisy"
TOO_SHORT = "too short to tell"


@dataclass(frozen=True)
class Noise:
    """What a race of two identical entrants showed.

    ``median`` is of all rounds, in seconds; ``tail`` is their 95th percentile as a multiple of it. ``difference`` is
    the smallest that a run of the default length tells from nothing, as a share, None where too few launches tell it.
    ``busy`` is how many threads were kept busy; ``switches`` are involuntary ones per inference; ``throttled`` counts
    the periods that a quota cut short meanwhile. ``disturbed`` is what a probe found in the same rounds.
    """

    state: str
    ratio: Ratio
    rounds: int
    threads: int
    seconds: float
    median: float
    tail: float
    difference: float | None
    stolen: float | None
    busy: float
    switches: float
    throttled: int | None
    high_priority: bool
    disturbed: Disturbed


def measure_noise(seconds: float, threads: int, folder: Path, say: Callable[[str], None]) -> Noise:
    """Race the workload against itself for about so many seconds, two launches at least; ``folder`` is for its files.

    It may take half as long again, where a busy machine would not reach the launches that a verdict takes.

    Raises a RunoffError where a worker fails.
    """
    begun, throttling = time.monotonic(), read_throttling()
    with Workers(folder) as workers:
        setup = Setup(
            entrants=make_entrants(threads, folder),
            files=write_images(folder),
            predictions=None,  # one program twice: there is nothing to be wrong about
            looks=range(1, sys.maxsize),
            seed=secrets.randbelow(2**31),
            workers=workers,
            journal=folder / "launches.jsonl",
            progress=Progress(begin=lambda what, steps: say(what), step=lambda: None),
            probed=True,
        )
        race = race_for(seconds, setup)
    throttled = newly_throttled(throttling, read_throttling())
    return judge(race, threads, time.monotonic() - begun, throttled)


def make_entrants(threads: int, folder: Path) -> tuple[Entrant, Entrant]:
    """Make two entrants that differ in nothing but their keys."""
    artifact = folder / f"weights{workload.SUFFIX}"
    np.save(artifact, workload.make_weights())
    backend = declaration_of(workload)
    contender = Contender("doctor", workload.VARIANTS[0])
    environment = Environment(HERE, Path(sys.executable))
    first, second = (
        Entrant(key, contender, backend, environment, artifact, workload.SIGNATURE, threads) for key in (FIRST, SECOND)
    )
    return first, second


def write_images(folder: Path) -> Files:
    """Write one image of noise, of which the workload takes as much as it needs."""
    path, (given,) = folder / "image.npy", workload.SIGNATURE.inputs
    np.save(path, np.random.RandomState(1).standard_normal((1, *given.shape)).astype(np.float32))
    return {given.name: path}


def race_for(seconds: float, setup: Setup) -> Race:
    """Run launches until the next one would probably not end in time, after a short one that shows how long they take.

    Raises the error of a worker that fails.
    """
    begun = time.monotonic()
    setup.progress.begin("warming up", WARM_UP_ROUNDS)
    rotation = setup.start(0, setup.entrants, Random(setup.seed), timed=True)
    started = time.monotonic()
    run_rounds(rotation, WARM_UP_ROUNDS)
    raise_first(rotation.failures)
    ready = time.monotonic()
    rounds = rounds_that_fit(seconds - (ready - begun), started - begun, (ready - started) / WARM_UP_ROUNDS)

    def enough(so_far: Race) -> bool:
        raise_first(so_far.failures)
        launches, now = len(so_far.records[FIRST]), time.monotonic()
        return not may_go_on(launches, now - begun + (now - ready) / launches, seconds)

    return run_race(setup, rounds, enough, name="racing two equals")


def may_go_on(launches: int, end: float, seconds: float) -> bool:
    """Whether another launch may begin after so many, if it would end after ``end`` seconds.

    Two always may; where fewer than a verdict takes fitted, half the time is given on top.
    """
    return launches < 2 or end <= seconds * (1 if launches >= FEWEST_LAUNCHES else OVERTIME)


def rounds_that_fit(seconds: float, starting: float, one_round: float) -> int:
    """Return how many rounds a launch can have so that enough launches fit; no more than in a default run.

    Fewer rounds than that show more noise than a default run would have, never less.
    """
    room = seconds / AIMED_LAUNCHES - starting
    return max(FEWEST_ROUNDS, min(ROUNDS, math.floor(room / one_round)))


def newly_throttled(before: Throttling | None, after: Throttling | None) -> int | None:
    """Count the periods cut short between two readings, None where the system does not say."""
    if before is None or after is None:
        return None
    return after.throttled - before.throttled


def judge(race: Race, threads: int, seconds: float, throttled: int | None) -> Noise:
    """Return the figures of a race of two equals, and what they mean in a word.

    ``throttled`` are the periods that a quota cut short meanwhile.
    """
    records = race.records
    pairs = zip(records[SECOND], records[FIRST], strict=True)
    ratio = ratio_over_launches([launch_log_ratio(second.rounds, first.rounds) for second, first in pairs])
    launched = [record for launches in records.values() for record in launches]
    times = [value for record in launched for value in record.rounds]
    control = expected(ratio, LAUNCHES)
    switches = sum(record.involuntary_switches for record in launched) / len(times)
    median, tail = np.quantile(times, [0.5, TAIL])
    return Noise(
        state=state(ratio, control, disturbed=is_disturbed(race.stolen, switches)),
        ratio=ratio,
        rounds=len(records[FIRST][0].rounds),
        threads=threads,
        seconds=seconds,
        median=float(median),
        tail=float(tail / median),
        difference=smallest_difference(control) if ratio.launches >= FEWEST_LAUNCHES else None,
        stolen=race.stolen,
        busy=float(np.median([record.busy_threads for record in launched])),
        switches=switches,
        throttled=throttled,
        high_priority=all(record.high_priority for record in launched),
        disturbed=judge_probe(race.probe or Probed((), (), "none was asked for"), ratio),
    )


def smallest_difference(control: Ratio) -> float:
    """Return the smallest difference, as a share, that is claimed beside such a control; infinite without an interval.

    A difference is claimed where a contender's interval lies wholly outside the control's (``is_beyond``).
    Equally noisy intervals part where their middles are two half widths apart: at the control's high / low. This is
    stricter than the test at 1 %, since 2 × t(0.975) exceeds t(0.995) from 3 degrees of freedom on (Schenker and
    Gentleman, "On Judging the Significance of Differences by Examining the Overlap Between Confidence Intervals", The
    American Statistician 55, 2001).
    """
    return (1 + half_width(control)) ** 2 - 1


def is_disturbed(stolen: float | None, switches: float) -> bool:
    """Whether others had much of the CPUs, which two equals suffer alike and their ratio does not show."""
    return (stolen is not None and stolen > STEAL_SHARE) or switches > SWITCHES_PER_INFERENCE


def state(ratio: Ratio, control: Ratio, *, disturbed: bool) -> str:
    """Say what two equals show, by the rules that a run is judged by.

    Quiet: a default run tells differences down to the margin, and nobody disturbed it. Usable: its control would be
    pinned down to the margin on either side. Too noisy: it would not be, or these two equals came out unequal.
    ``control`` is what such a run can expect.
    """
    if ratio.launches < FEWEST_LAUNCHES:
        return TOO_SHORT
    if not control_is_valid(ratio) or not is_pinned_down(control):
        return TOO_NOISY
    return QUIET if smallest_difference(control) <= MARGIN and not disturbed else USABLE
