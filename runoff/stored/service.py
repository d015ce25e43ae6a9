"""What is stored of the service questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from runoff.judge.ratios import Ratio
from runoff.stored.benchmarks import Percentiles
from runoff.stored.schema import Amount, Number, Proportion, Size


class Question(Struct, frozen=True):
    """A question as a whole: its launches, its control's ratio, and why a contender has no answer."""

    launches: int
    """How many launches it had (launches)."""
    control: Ratio | None
    """The control's ratio; none without a control."""
    without: dict[str, str]
    """Why a contender has no answer, by its name."""


class Rate(Struct, frozen=True):
    """A figure with its interval over launches; no interval where there is only one launch."""

    value: Amount
    """The figure (as its field says)."""
    low: Amount | None
    """The lower end of its interval (as its field says); none where there is only one launch."""
    high: Amount | None
    """The upper end of its interval (as its field says); none where there is only one launch."""
    launches: int | None = None
    """How many launches it is over (launches)."""


class Throughput(Struct, frozen=True):
    """Images per second by batch size, or the reason where a session refused that size."""

    batches: dict[int, Rate | str]
    """By batch size, or the reason where a session refused that size (images a second)."""


class Parallel(Struct, frozen=True):
    """What several sessions at once bring, against one with all threads."""

    sessions: int
    """How many there are (sessions)."""
    together: Rate
    """What they answer together (images a second)."""
    alone: Rate
    """What one session with all threads answers (images a second)."""
    gain: Rate
    """The first by the second (ratio)."""


class ParallelSessions(Struct, frozen=True):
    """What parallel sessions bring."""

    parallel: Parallel
    """The comparison."""


class LoadGen(Struct, frozen=True):
    """How MLPerf's LoadGen was run."""

    version: str
    """LoadGen's version."""
    bound: Amount
    """The most that the quantile of latencies may be (seconds)."""
    quantile: Proportion
    """The quantile that is bounded (share)."""
    single_stream: dict[str, int]
    """The settings of the single stream, by their names (no unit)."""
    server: dict[str, int]
    """The settings of the server, by their names (no unit)."""
    least_seconds: Amount
    """The shortest run (seconds)."""
    most_seconds: Amount
    """The longest run (seconds)."""


class SingleStream(Struct, frozen=True):
    """Latencies of queries that come when the one before is answered."""

    percentiles: Percentiles
    """Of the latencies of all launches."""
    loadgen: LoadGen
    """How LoadGen was run."""


class Load(Struct, frozen=True):
    """One run under load."""

    queries_per_second: Amount
    """The load that was given (queries a second)."""
    queries: int
    """How many queries there were (queries)."""
    slowest: Amount
    """The longest latency (seconds)."""
    service: Amount
    """The median time of an inference (seconds)."""


class Server(Struct, frozen=True):
    """The highest load that kept the bound, and how it was found."""

    highest_load: Rate
    """The highest load within the bound (queries a second)."""
    percentiles: Percentiles
    """Of the latencies near it."""
    loads: tuple[tuple[Load, ...], ...]
    """Every run under load, launch by launch."""
    loadgen: LoadGen
    """How LoadGen was run."""


class EndToEnd(Struct, frozen=True):
    """What it takes from a file's bytes to the Top-5."""

    stages: dict[str, Number]
    """The time of each stage, by its name (seconds)."""
    share_before_inference: Number
    """The part of the whole that comes before inference (share)."""
    same_answers: Size | None
    """The rounds with the reference's answer (share); none where the reference has none."""


class Scaling(Struct, frozen=True):
    """What a number of threads brings."""

    seconds: Amount
    """The time of an inference (seconds)."""
    speedup: Rate
    """One thread's time by it (ratio)."""
    efficiency: Amount
    """The speed-up for each thread (share)."""
    busy_threads: Size
    """How many threads were busy, by their CPU time (threads)."""


class Threads(Struct, frozen=True):
    """Scaling by number of threads."""

    scaling: dict[int, Scaling]
    """By number of threads."""


class Slowdown(Struct, frozen=True):
    """How much a neighbour slows an inference down."""

    kind: str
    """What the neighbour takes: `memory` or `compute`."""
    share: Amount
    """How much of the time it is at work (share)."""
    times: Rate
    """How many times as long an inference takes (ratio)."""


class NeighbourCost(Struct, frozen=True):
    """What neighbours cost a contender."""

    cpus: int
    """The CPUs that the contender had; the neighbour had as many others (CPUs)."""
    one_core: bool
    """Whether both are threads of a single core."""
    quiet: Amount
    """The time of an inference without a neighbour of ours (seconds)."""
    slowdowns: tuple[Slowdown, ...]
    """What each neighbour costs."""
    by_itself: Rate | None = None
    """The typical time without one by the undisturbed time (ratio); none in old runs, or with too few rounds."""

    @property
    def largest(self) -> float | None:
        """The largest slow-down, None where there is none."""
        return max((slowdown.times.value for slowdown in self.slowdowns), default=None)


class Neighbours(Struct, frozen=True):
    """What neighbours cost."""

    neighbour: NeighbourCost
    """What they cost."""


@dataclass(frozen=True)
class Service:
    """All that a run says of the service questions: of each as a whole, and each one's answers by contender."""

    questions: Mapping[str, Question]
    throughput: Mapping[str, Throughput]
    parallel: Mapping[str, ParallelSessions]
    single_stream: Mapping[str, SingleStream]
    server: Mapping[str, Server]
    end_to_end: Mapping[str, EndToEnd]
    threads: Mapping[str, Threads]
    neighbour: Mapping[str, Neighbours]


ANSWERS: Mapping[str, type[Any]] = {
    "throughput": Throughput,
    "parallel": ParallelSessions,
    "single-stream": SingleStream,
    "server": Server,
    "end-to-end": EndToEnd,
    "threads": Threads,
    "neighbour": Neighbours,
}
"""What the benchmarks of each question have in ``extra_info``, by group."""
