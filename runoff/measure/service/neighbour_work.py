"""What a neighbour does, in a process of its own: it streams through memory, or computes, all of the time or a share.

Run as ``python -m runoff.measure.service.neighbour_work``. Only numpy is needed.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from runoff.processes.channel import Channel, Message

MEMORY, COMPUTE = "memory", "compute"
STREAMED = 128 * 1024 * 1024
"""Bytes that are written in one sweep, four times a last cache of 32 MiB.

So much at once a C library writes past the caches: here 20 GB/s, where copying part after part moves 6. Beside that
copying, reading 64 MiB took 1.07 to 1.13 times as long as alone, beside this 1.20 to 1.46.
"""
SIDE = 48
"""Rows and columns of three matrices that fit into the smallest of first caches together."""
PRODUCTS = 20
REST = 1e-3
"""Seconds of each rest, of which there are as many as make up for the work before them."""

Step = Callable[[], object]
"""A little work."""


def streaming() -> Step:
    """Return what writes all of a large array."""
    memory = np.ones(STREAMED, np.uint8)
    return lambda: memory.fill(0)


def multiplying() -> Step:
    """Return what multiplies small matrices again and again."""
    factor = np.ones((SIDE, SIDE), np.float32)
    product = np.empty_like(factor)

    def step() -> None:
        for _ in range(PRODUCTS):
            np.matmul(factor, factor, out=product)

    return step


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
    steps = {MEMORY: streaming(), COMPUTE: multiplying()}
    channel.send({})
    while (command := channel.receive()) is not None:
        channel.send({})
        keep_at_work(steps[command["do"]], command["share"], lambda: select.select([channel.requests], [], [], 0)[0])


if __name__ == "__main__":
    from runoff.processes.channel import run_program

    run_program(serve)
