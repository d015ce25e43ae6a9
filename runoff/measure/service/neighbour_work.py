"""What a neighbour does, in a separate process: it streams through memory, or computes, all of the time or a share.

Run as ``python -m runoff.measure.service.neighbour_work``. Only numpy is needed.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from runoff.measure.processor_work import multiplying

if TYPE_CHECKING:
    from runoff.processes.channel import Channel, Message

MEMORY, COMPUTE = "memory", "compute"
STREAMED = 128 * 1024 * 1024
"""Bytes that are written in one sweep, four times a last cache of 32 MiB.

So much at once a C library writes past the caches: here 20 GB/s, where copying part after part moves 6. Beside that
copying, reading 64 MiB took 1.07 to 1.13 times as long as alone, beside this 1.20 to 1.46.
"""
PRODUCTS = 20
REST = 1e-3
"""Seconds of each rest, of which there are as many as make up for the work before them."""

Step = Callable[[], object]
"""A little work."""


def streaming() -> Step:
    """Return what writes all of a large array."""
    memory = np.ones(STREAMED, np.uint8)
    return lambda: memory.fill(0)


def keep_at_work(step: Step, share: float, is_over: Callable[[], object]) -> None:
    """Work for a share of the time, in steps and rests, until it is over; a share of 1 never rests."""
    begun, worked = time.perf_counter(), 0.0
    while not is_over():
        now = time.perf_counter()
        if share < 1 and worked > share * (now - begun):
            time.sleep(REST)
        else:
            step()
            worked += time.perf_counter() - now


def serve(channel: Channel, _: Message) -> None:
    """Get ready, then do each kind of work that is asked for until the next is."""
    steps: dict[str, Step] = {MEMORY: streaming(), COMPUTE: partial(multiplying(), PRODUCTS)}
    channel.send({})
    while (command := channel.receive()) is not None:
        channel.send({})
        keep_at_work(steps[command["do"]], command["share"], lambda: select.select([channel.requests], [], [], 0)[0])


if __name__ == "__main__":
    from runoff.processes.channel import run_program

    run_program(serve)
