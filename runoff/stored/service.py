"""What a stored run says of the service questions: read and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from runoff.judge.ratios import Ratio
from runoff.stored.fields import Field
from runoff.stored.rows import Percentiles, read_percentiles, read_ratio

Groups = Mapping[str, Mapping[str, Field]]
"""The benchmarks of a run by group and contender."""
Told = TypeVar("Told")


@dataclass(frozen=True)
class Rate:
    """A figure with its interval over launches; no interval where there is only one launch."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Question:
    """A question as a whole: its launches, its control's ratio, and why a contender has no answer."""

    launches: int
    control: Ratio | None
    without: Mapping[str, str]


@dataclass(frozen=True)
class Parallel:
    """Images per second of so many sessions together and of one with all threads, and the first by the second."""

    sessions: int
    together: Rate
    alone: Rate
    gain: Rate


@dataclass(frozen=True)
class HighestLoad:
    """The highest load that kept the bound, in queries per second, and the latencies at it in seconds."""

    load: Rate
    latencies: Percentiles
    bound: float
    quantile: float


@dataclass(frozen=True)
class Stages:
    """Seconds from a file's bytes to Top-5, the median of each stage, and the share of what comes before inference."""

    total: float
    stages: Mapping[str, float]
    share_before: float
    same_answers: float | None


@dataclass(frozen=True)
class Scaling:
    """What a number of threads brings: seconds an inference, speed-up over one thread, and how many were busy."""

    seconds: float
    speedup: Rate
    efficiency: float
    busy: float


@dataclass(frozen=True)
class Service:
    """All that a run says of the service questions, by question and by contender.

    ``batches`` has images per second by batch size, or the reason where a session refused that size; ``scaling`` is by
    number of threads. ``loadgen`` are the versions of LoadGen that were used.
    """

    questions: Mapping[str, Question]
    batches: Mapping[str, Mapping[int, Rate | str]]
    parallel: Mapping[str, Parallel]
    single_stream: Mapping[str, Percentiles]
    highest_load: Mapping[str, HighestLoad]
    end_to_end: Mapping[str, Stages]
    scaling: Mapping[str, Mapping[int, Scaling]]
    loadgen: frozenset[str]


def read_service(about: Field, groups: Groups) -> Service:
    """Read what a run says of the service questions; empty where none was asked.

    Raises StoredRunBroken with the field.
    """
    asked = about.get("service")
    loaded = [*groups.get("single-stream", {}).values(), *groups.get("server", {}).values()]
    return Service(
        questions={name: read_question(found) for name, found in asked.parts().items()} if asked else {},
        batches=answers(groups, "throughput", read_batches),
        parallel=answers(groups, "parallel", read_parallel),
        single_stream=answers(groups, "single-stream", lambda found: read_percentiles(found["percentiles"])),
        highest_load=answers(groups, "server", read_highest_load),
        end_to_end={name: read_stages(found) for name, found in groups.get("end-to-end", {}).items()},
        scaling=answers(groups, "threads", read_scaling),
        loadgen=frozenset(one["extra_info"]["loadgen"]["version"].text() for one in loaded),
    )


def answers(groups: Groups, group: str, read: Callable[[Field], Told]) -> dict[str, Told]:
    """Read what each contender answered, from the additional values of its benchmark in a group."""
    return {name: read(found["extra_info"]) for name, found in groups.get(group, {}).items()}


def read_question(found: Field) -> Question:
    """Read a question as a whole."""
    launches = found["launches"].whole()
    return Question(
        launches, found.optional("control", lambda control: read_ratio(control, launches)), found["without"].texts()
    )


def read_rate(found: Field, name: str) -> Rate:
    """Read a figure by its name, with its interval."""
    return Rate(found[name].amount(), found.optional("low", Field.amount), found.optional("high", Field.amount))


def read_batches(about: Field) -> dict[int, Rate | str]:
    """Read images per second by batch size."""
    return {
        size: reason if (reason := found.optional("reason", Field.text)) else read_rate(found, "images_per_second")
        for size, found in about["batches"].numbered().items()
    }


def read_parallel(about: Field) -> Parallel:
    """Read what parallel sessions gave."""
    found = about["parallel"]
    return Parallel(
        sessions=found["sessions"].whole(),
        together=read_rate(found, "images_per_second"),
        alone=read_rate(found["one_session"], "images_per_second"),
        gain=read_rate(found["gain"], "value"),
    )


def read_highest_load(about: Field) -> HighestLoad:
    """Read the highest load that kept the bound."""
    return HighestLoad(
        load=read_rate(about["highest_load"], "queries_per_second"),
        latencies=read_percentiles(about["percentiles"]),
        bound=about["loadgen"]["bound"].amount(),
        quantile=about["loadgen"]["quantile"].proportion(),
    )


def read_stages(benchmark: Field) -> Stages:
    """Read what the way from a file's bytes to Top-5 consists of."""
    about = benchmark["extra_info"]
    return Stages(
        total=benchmark["stats"]["median"].amount(),
        stages=about["stages"].numbers(),
        share_before=about["share_before_inference"].number(),
        same_answers=about.optional("same_answers", Field.number),
    )


def read_scaling(about: Field) -> dict[int, Scaling]:
    """Read what each number of threads brings."""
    return {
        count: Scaling(
            seconds=found["seconds"].amount(),
            speedup=read_rate(found, "speedup"),
            efficiency=found["efficiency"].amount(),
            busy=found["busy_threads"].number(),
        )
        for count, found in about["scaling"].numbered().items()
    }
