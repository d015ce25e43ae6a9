"""The program that a probe runs on one processor: arithmetic in its L1 cache, and random reads in 16 MB.

Run as ``python -m runoff.measure.processor_work``; numpy is all that it needs. Each processor has a process, since
threads would wait for each other's interpreter lock. What it does is the same on every machine and in every round.
"""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from runoff.processes.channel import Channel, Message

SIDE = 48
"""Three matrices of 48×48 single-precision numbers are 27 kB: they fit into an L1 cache of 32 kB."""
PRODUCTS = 150
BUFFER = 16 * 1024 * 1024
READS = 100_000
"""Each kind of work takes about a millisecond on a core of 2023."""
UNTIMED_PRODUCTS = 10
"""As with contenders, what was in the caches before must not count: these, and one pass of reads, come first."""


@dataclass(frozen=True)
class ProcessorWork:
    """The two kinds of work, each as a function that does it so many times."""

    arithmetic: Callable[[int], None]
    read: Callable[[], None]


def multiplying() -> Callable[[int], None]:
    """Return what multiplies small matrices so many times."""
    left, right = np.random.RandomState(0).standard_normal((2, SIDE, SIDE)).astype(np.float32)
    product = np.empty_like(left)

    def multiply(times: int) -> None:
        for _ in range(times):
            np.matmul(left, right, out=product)

    return multiply


def make_work() -> ProcessorWork:
    """Make the arrays, drawn once, and what is done with them."""
    drawn = np.random.RandomState(0)
    buffer = drawn.standard_normal(BUFFER // 4).astype(np.float32)
    places = drawn.randint(0, len(buffer), READS)
    found = np.empty(READS, dtype=np.float32)

    def read() -> None:
        np.take(buffer, places, out=found, mode="clip")  # "raise" would copy what was found

    return ProcessorWork(multiplying(), read)


def serve(channel: Channel, _: Message) -> None:
    """Do the work whenever asked to, until the controller is gone or ends this process."""
    work = make_work()
    measure(work)
    channel.send({})
    gc.disable()
    while channel.receive() is not None:
        channel.send(measure(work))


def measure(work: ProcessorWork) -> dict[str, int]:
    """Do the work once; return the nanoseconds of each kind, and how often something else had the processor."""
    work.arithmetic(UNTIMED_PRODUCTS)
    work.read()
    switches = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
    begin = time.perf_counter_ns()
    work.arithmetic(PRODUCTS)
    middle = time.perf_counter_ns()
    work.read()
    end = time.perf_counter_ns()
    switches = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw - switches
    return {"arithmetic": middle - begin, "memory": end - middle, "switches": switches}


if __name__ == "__main__":
    from runoff.processes.channel import run_program

    run_program(serve)
