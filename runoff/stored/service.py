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
    control: Ratio | None
    without: dict[str, str]


class Rate(Struct, frozen=True):
    """A figure with its interval over launches; no interval where there is only one launch."""

    value: Amount
    low: Amount | None
    high: Amount | None
    launches: int | None = None


class Throughput(Struct, frozen=True):
    """Images per second by batch size, or the reason where a session refused that size."""

    batches: dict[int, Rate | str]


class Parallel(Struct, frozen=True):
    """Images per second of so many sessions together and of one with all threads, and the first by the second."""

    sessions: int
    together: Rate
    alone: Rate
    gain: Rate


class ParallelSessions(Struct, frozen=True):
    """What parallel sessions bring."""

    parallel: Parallel


class LoadGen(Struct, frozen=True):
    """LoadGen's version, and the bound in seconds on a quantile of the latencies that it was run with."""

    version: str
    bound: Amount
    quantile: Proportion
    single_stream: dict[str, int]
    server: dict[str, int]
    least_seconds: Amount
    most_seconds: Amount


class SingleStream(Struct, frozen=True):
    """Latencies of queries that come when the one before is answered."""

    percentiles: Percentiles
    loadgen: LoadGen


class Load(Struct, frozen=True):
    """A run under load: queries a second, how many there were, the slowest and the usual service in seconds."""

    queries_per_second: Amount
    queries: int
    slowest: Amount
    service: Amount


class Server(Struct, frozen=True):
    """The highest load that kept the bound, in queries per second, the latencies near it, and all runs by launch."""

    highest_load: Rate
    percentiles: Percentiles
    loads: tuple[tuple[Load, ...], ...]
    loadgen: LoadGen


class EndToEnd(Struct, frozen=True):
    """Seconds of each stage from a file's bytes to Top-5, and the share of what comes before inference.

    ``same_answers`` is the share of rounds with the reference's answer, None where the reference has none.
    """

    stages: dict[str, Number]
    share_before_inference: Number
    same_answers: Size | None


class Scaling(Struct, frozen=True):
    """What a number of threads brings: seconds an inference, speed-up over one thread, and how many were busy.

    ``efficiency`` is the share of the speed-up for each thread.
    """

    seconds: Amount
    speedup: Rate
    efficiency: Amount
    busy_threads: Size


class Threads(Struct, frozen=True):
    """Scaling by number of threads."""

    scaling: dict[int, Scaling]


class Slowdown(Struct, frozen=True):
    """How many times as long an inference takes beside a neighbour: what that takes, and for what share of the time."""

    kind: str
    share: Amount
    times: Rate


class NeighbourCost(Struct, frozen=True):
    """What a neighbour costs: seconds an inference without one, and the slow-down beside each.

    The contender had so many ``cpus`` and the neighbour as many others; ``one_core`` says whether these are threads of
    a single core. ``by_itself`` is what happened without a neighbour of ours: how many times as long as undisturbed an
    inference typically took, None where rounds were too few to say, and in older runs.
    """

    cpus: int
    one_core: bool
    quiet: Amount
    slowdowns: tuple[Slowdown, ...]
    by_itself: Rate | None = None

    @property
    def largest(self) -> float | None:
        """The largest slow-down, None where there is none."""
        return max((slowdown.times.value for slowdown in self.slowdowns), default=None)


class Neighbours(Struct, frozen=True):
    """What neighbours cost."""

    neighbour: NeighbourCost


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
