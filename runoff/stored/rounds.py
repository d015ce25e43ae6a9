"""The rounds behind a stored metric, and the three ratios that runs of before there were three have of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from runoff.judge.ratios import Ratio
from runoff.judge.three_ratios import Ratios, three_ratios
from runoff.stored.benchmarks import Benchmark


def by_launch(data: Sequence[float], ratio: Ratio | None) -> list[Sequence[float]]:
    """Return the raw values of a metric by launch; empty where they were not stored or can't be told apart."""
    count = ratio.launches if ratio else 0
    if not data or count < 1 or len(data) % count:
        return []
    length = len(data) // count
    return [data[begin : begin + length] for begin in range(0, len(data), length)]


def with_three_ratios(benchmarks: Mapping[str, Benchmark], reference: str) -> dict[str, Benchmark]:
    """Return a group's benchmarks, each with its three ratios where it has them or its rounds say them."""
    base = benchmarks.get(reference)
    return {name: with_ratios(benchmark, base) for name, benchmark in benchmarks.items()}


def with_ratios(benchmark: Benchmark, base: Benchmark | None) -> Benchmark:
    """Return a benchmark with its three ratios: those that are stored, else those of its rounds and the reference's."""
    info = benchmark.extra_info
    if info.ratios is not None or info.ratio is None or base is None:
        return benchmark
    found = ratios_of_rounds(
        info.ratio, *(by_launch(one.stats.data, one.extra_info.ratio) for one in (benchmark, base))
    )
    return structs.replace(benchmark, extra_info=structs.replace(info, ratios=found)) if found else benchmark


def ratios_of_rounds(typical: Ratio, own: list[Sequence[float]], base: list[Sequence[float]]) -> Ratios | None:
    """Return the three ratios of rounds, paired launch by launch as they were; one that broke down has fewer."""
    launches = min(len(own), len(base))
    return three_ratios(typical, own[:launches], base[:launches]) if launches else None
