"""Memory over time: memory-profiler watches a worker from outside, in the pass where nothing is timed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
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

    seconds: Sequence[float]
    sizes: Sequence[int]


@dataclass
class MemoryWatch:
    """Samples a process's memory in (MiB, time) for as long as it is watched."""

    begun: float = field(default_factory=time.time)
    samples: list[tuple[float, float]] = field(default_factory=list)

    @contextmanager
    def watch(self, process: int) -> Iterator[None]:
        """Sample a process until the block is left; one that has ended has no memory and does no harm."""
        over = Event()

        def sample() -> None:
            with suppress(psutil.NoSuchProcess):
                while not over.is_set():
                    self.samples += memory_usage(
                        process, interval=INTERVAL, timeout=SAMPLES_AT_ONCE * INTERVAL, timestamps=True
                    )

        self.begun = time.time()
        sampler = Thread(target=sample, daemon=True)
        sampler.start()
        try:
            yield
        finally:
            over.set()
            sampler.join()

    @property
    def curve(self) -> MemoryCurve:
        """What was seen."""
        return MemoryCurve(
            seconds=[round(moment - self.begun, 4) for _, moment in self.samples],
            sizes=[round(size * MEBIBYTE) for size, _ in self.samples],
        )
