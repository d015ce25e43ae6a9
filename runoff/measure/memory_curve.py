"""Memory over time: memory-profiler watches a worker from outside, in the pass where nothing is timed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

import psutil
from memory_profiler import memory_usage

INTERVAL = 0.01
SAMPLES_AT_ONCE = 5
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class MemoryCurve:
    """Resident memory in bytes at times in seconds since the worker was started."""

    seconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)


@contextmanager
def watching(curve: MemoryCurve, process: int) -> Iterator[None]:
    """Add a process's memory to a curve until the block is left; one that has ended has none and does no harm."""
    over, begun = Event(), time.time()

    def sample() -> None:
        with suppress(psutil.NoSuchProcess):
            while not over.is_set():
                for size, moment in memory_usage(
                    process, interval=INTERVAL, timeout=SAMPLES_AT_ONCE * INTERVAL, timestamps=True
                ):
                    curve.seconds.append(round(moment - begun, 4))
                    curve.sizes.append(round(size * MEBIBYTE))

    sampler = Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield
    finally:
        over.set()
        sampler.join()
