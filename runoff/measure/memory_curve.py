"""Memory over time: memory-profiler watches a worker from outside, in a pass where nothing is timed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from memory_profiler import memory_usage

from runoff.measure.channel import Message
from runoff.measure.launch import Entrant, Picture, Timeouts, start_request, started_process
from runoff.measure.process import Process

INTERVAL = 0.01
INFERENCES = 10
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class MemoryCurve:
    """Resident memory in bytes at times in seconds since the worker was started."""

    seconds: Sequence[float]
    sizes: Sequence[int]


def record_memory_curve(entrant: Entrant, *, picture: Picture, log: Path, timeouts: Timeouts) -> MemoryCurve:
    """Start an entrant's worker, run a few inferences, and record its memory all the while.

    Raises a WorkerFailed.
    """
    begin = time.time()
    with started_process(entrant, log) as process:
        samples = watch(process, start_request(entrant, process, picture), timeouts.start)
        for _ in range(INFERENCES):
            samples += watch(process, {"do": "time"}, timeouts.inference)
    return MemoryCurve(
        seconds=[round(moment - begin, 4) for _, moment in samples],
        sizes=[round(size * MEBIBYTE) for size, _ in samples],
    )


def watch(process: Process, request: Message, timeout: float) -> list[tuple[float, float]]:
    """Send one request and sample (MiB, time) until it is answered."""
    deadline = time.monotonic() + timeout
    samples: list[tuple[float, float]] = []
    process.send(request)
    while not process.answers() and time.monotonic() < deadline:
        samples += memory_usage(process.popen.pid, interval=INTERVAL, timeout=5 * INTERVAL, timestamps=True)
    process.receive(timeout=0.1)
    return samples
