"""From runs to lines: one for each contender, metric and stratum, with the steps in it and what else changed there.

A line of accuracies is of one set of labelled pictures too, and a step in it is told where the answers before and after
differ on them, picture by picture.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import msgspec

from runoff.history.past import COLD_START, LABELLED, PEAK_MEMORY, PastRun
from runoff.history.steps import find_steps
from runoff.judge.accuracy import pair
from runoff.judge.paired import mcnemar_p_value
from runoff.judge.ratios import CONFIDENCE, Ratio, change_between, ratio_over_launches
from runoff.stored.accuracy import unpack
from runoff.stored.benchmarks import ACCURACY
from runoff.stored.finding import Reading
from runoff.stored.processor import processor_keys, unknown_parts
from runoff.stored.samples import INFERENCE
from runoff.stored.stratum import Stratum, stratum_differences
from runoff.text.ids import split_id

OWN_CODE = "runoff"
"""The version that is the very commit a history goes along, and so no part of a stratum."""


@dataclass(frozen=True)
class HistoryMetric:
    """What a line shows: its title, the group it is measured in, its unit, and which way is better."""

    title: str
    group: str
    unit: str
    more_is_better: bool = False


METRICS = (
    HistoryMetric("ratio to reference", INFERENCE, ""),
    HistoryMetric("cold start", COLD_START, "s"),
    HistoryMetric("peak memory", PEAK_MEMORY, "MB"),
)


RIGHT = HistoryMetric("accuracy", ACCURACY, "", more_is_better=True)
"""The share of labelled pictures that are named right."""
DRAWN = (*METRICS, RIGHT)
NUMBERS = {metric.group: number for number, metric in enumerate(DRAWN)}
"""The place in DRAWN of what is drawn of a group."""
LEAST_SHARE = 1e-6
"""What stands for an accuracy of none, of which there is no logarithm."""


class Point(msgspec.Struct, frozen=True, gc=False):
    """One run's value, with its interval over launches where it has one; ``place`` is the run's in its section.

    As small as can be: a line of ten thousand runs has as many.
    """

    place: int
    run: PastRun
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Step:
    """A change of level between two runs: the level of the runs before and after, and their quotient with its interval.

    ``also`` is what else differs between the last run before and the first after, one text each.
    """

    last: Point
    first: Point
    before: Ratio
    after: Ratio
    change: Ratio
    also: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """The comparable values of one metric of one contender; ``versions`` are the contender's and the reference's.

    ``levels`` are the means between the steps, one more than there are steps.
    """

    contender: str
    metric: HistoryMetric
    versions: Mapping[str, str]
    points: tuple[Point, ...]
    levels: tuple[Ratio, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Break:
    """Where a contender's lines end and others begin, because its stratum did: the last run before, the first after.

    ``changed`` says in which versions, ``levels`` has each metric's level before and after: no step is claimed.
    """

    contender: str
    last: PastRun
    first: PastRun
    changed: tuple[str, ...]
    levels: tuple[tuple[HistoryMetric, Ratio, Ratio], ...]


@dataclass(frozen=True)
class SettingHistory:
    """The lines of runs that have all of their strata but the versions in common, and where lines break off."""

    runs: tuple[PastRun, ...]
    lines: tuple[Line, ...]
    breaks: tuple[Break, ...]

    @property
    def stratum(self) -> Stratum:
        """The stratum of the run whose processor is best known; the others share all of it but the versions."""
        return min(self.strata, key=lambda stratum: len(unknown_parts(stratum.processor)))

    @property
    def strata(self) -> list[Stratum]:
        """The strata of the runs, each object once: thousands of runs share one."""
        return list({id(run.stratum): run.stratum for run in self.runs}.values())


@dataclass(frozen=True)
class History:
    """All that there is to show; ``invalid`` are the runs that are left out because their control says so."""

    sections: tuple[SettingHistory, ...]
    reading: Reading[PastRun]
    invalid: tuple[PastRun, ...]

    @property
    def lines(self) -> list[Line]:
        """All lines of all sections."""
        return [line for section in self.sections for line in section.lines]

    @property
    def steps(self) -> list[tuple[SettingHistory, Line, Step]]:
        """All steps, those of the newest runs first."""
        steps = [(section, line, step) for section in self.sections for line in section.lines for step in line.steps]
        return sorted(steps, key=lambda place: place[2].first.run.order, reverse=True)


def make_history(reading: Reading[PastRun]) -> History:
    """Draw the lines of all runs that their control lets be believed."""
    settings: dict[Hashable, list[PastRun]] = {}
    valid = [run for run in reading.runs if run.valid]
    strata = {id(run.stratum): run.stratum for run in valid}  # thousands of runs share one
    processors = processor_keys(stratum.processor for stratum in strata.values())
    found = {key: (processors[stratum.processor], *setting_of(stratum)) for key, stratum in strata.items()}
    for run in valid:
        settings.setdefault(found[id(run.stratum)], []).append(run)
    sections = []
    for runs in settings.values():
        lines = draw_lines(runs)
        sections.append(SettingHistory(tuple(runs), tuple(lines), tuple(find_breaks(lines))))
    sections.sort(key=lambda section: len(section.runs), reverse=True)
    return History(tuple(sections), reading, tuple(run for run in reading.runs if not run.valid))


def setting_of(stratum: Stratum) -> tuple[Hashable, ...]:
    """Return what all lines of a section share beside the processor: everything of a stratum but the versions."""
    model = stratum.model.identity if stratum.model else None
    return stratum.threads, stratum.reference, model, tuple(sorted(stratum.variables.items()))


def versions_of(stratum: Stratum, contender: str) -> tuple[tuple[str, str], ...]:
    """Return the versions that a contender's figures depend on: its own, the reference's, and Python's."""
    names = dict.fromkeys((contender, stratum.reference))
    found: dict[str, str] = {}
    for name in names:
        python = stratum.environments.get(split_id(name)[1], {}).get("python")
        own = dict(stratum.contenders.get(name, {})) | ({"python": python} if python else {})
        for package, version in own.items():
            if package != OWN_CODE:
                differs = found.get(package, version) != version
                found[f"{package} of {name}" if differs else package] = version
    return tuple(sorted(found.items()))


def draw_lines(runs: Sequence[PastRun]) -> list[Line]:
    """Draw the lines of one setting's runs, contender by contender in the order of their names, the reference first."""
    points: dict[tuple[str, int, tuple[tuple[str, str], ...]], list[Point]] = {}
    strata: dict[int, dict[tuple[str, ...], list[Point]]] = {}  # the points of each, which thousands of runs share

    def begun(run: PastRun, group: str, contender: str, *pictures: str) -> list[Point]:
        versions = (*versions_of(run.stratum, contender), *((LABELLED, labelled) for labelled in pictures))
        return points.setdefault((contender, NUMBERS[group], versions), [])

    for place, run in enumerate(runs):
        known = strata.setdefault(id(run.stratum), {})
        for key, found in run.values.items():
            line = known.get(key) or known.setdefault(key, begun(run, *key))
            line.append(Point(place, run, found.value, found.low, found.high))
        for contender, accuracy in run.accuracies.items():
            answered = (ACCURACY, contender, run.circumstances[LABELLED])
            line = known.get(answered) or known.setdefault(answered, begun(run, *answered))
            share = accuracy.top1
            line.append(Point(place, run, share.value, share.low, share.high))
    reference = runs[0].stratum.reference
    keys = sorted(points, key=lambda key: (key[0] != reference, key[0], key[1], points[key][0].place))
    return [
        draw_line(key[0], DRAWN[key[1]], dict(key[2]), points[key])
        for key in keys
        if not (key[0] == reference and DRAWN[key[1]].group == INFERENCE)  # its ratio to itself is always 1
    ]


def draw_line(contender: str, metric: HistoryMetric, versions: Mapping[str, str], points: Sequence[Point]) -> Line:
    """Draw a line and find its steps; a change is a quotient in every metric, so logarithms are looked at."""
    logarithms = [math.log(max(point.value, LEAST_SHARE)) for point in points]
    places = find_steps(logarithms)
    if metric.group == ACCURACY:
        places = [place for place in places if answers_differ(contender, points[place - 1].run, points[place].run)]
    bounds = [0, *places, len(points)]
    levels = [ratio_over_launches(logarithms[start:end]) for start, end in pairwise(bounds)]
    steps = [
        Step(
            last=points[place - 1],
            first=points[place],
            before=before,
            after=after,
            change=change_between(before, after),
            also=what_else_changed(points[place - 1].run, points[place].run),
        )
        for place, before, after in zip(places, levels, levels[1:], strict=False)
    ]
    return Line(contender, metric, versions, tuple(points), tuple(levels), tuple(steps))


def answers_differ(contender: str, before: PastRun, after: PastRun) -> bool:
    """Whether a contender is shown to be right more or less often than before, picture by picture on the same ones."""
    one, other = (run.accuracies[contender] for run in (before, after))
    count = one.top1.pictures
    paired = pair(unpack(one.outcomes, count), unpack(other.outcomes, count))
    return mcnemar_p_value(paired) < 1 - CONFIDENCE


def what_else_changed(before: PastRun, after: PastRun) -> tuple[str, ...]:
    """Say what differs between two runs beside the commit: versions of what else ran, and what they ran in."""
    differences = stratum_differences(before.stratum, after.stratum)
    for name in dict.fromkeys((*before.circumstances, *after.circumstances)):
        old, new = before.circumstances.get(name, "unknown"), after.circumstances.get(name, "unknown")
        if old != new:
            differences.append(f"{name}: {old} → {new}")
    return tuple(differences)


def find_breaks(lines: Sequence[Line]) -> list[Break]:
    """Find where one line of a contender follows another; lines side by side, of two environments, are no break."""
    breaks: dict[tuple[str, int, int], list[tuple[Line, Line]]] = {}
    for before, after in pairwise(lines):  # they are in the order of their first runs
        last, first = before.points[-1].place, after.points[0].place
        if (before.contender, before.metric) == (after.contender, after.metric) and last < first:
            breaks.setdefault((before.contender, last, first), []).append((before, after))
    return [
        Break(
            contender,
            pairs[0][0].points[-1].run,
            pairs[0][1].points[0].run,
            tuple(dict.fromkeys(chain.from_iterable(version_changes(a.versions, b.versions) for a, b in pairs))),
            tuple((before.metric, before.levels[-1], after.levels[0]) for before, after in pairs),
        )
        for (contender, _, _), pairs in breaks.items()
    ]


def version_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Say which versions differ."""
    return tuple(
        f"{package}: {before.get(package, 'none')} → {after.get(package, 'none')}"
        for package in dict.fromkeys((*before, *after))
        if before.get(package) != after.get(package)
    )
