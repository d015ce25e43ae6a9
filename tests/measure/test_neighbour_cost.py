"""What the real neighbour costs stand-ins whose needs are known: ratios within one run, on any machine."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
from contextlib import ExitStack

import pytest

from runoff.environments.cpus import two_sides
from runoff.judge.ratios import ratio_over_launches
from runoff.measure.service.neighbour import WHOLE_MEMORY, measure_neighbour, why_no_neighbour

pytestmark = [pytest.mark.full, pytest.mark.alone]

SUFFERED = 1.15
"""How many times as long as alone reading takes beside a stream, at least."""
STREAM = """
import os, sys, time
import numpy as np
os.sched_setaffinity(0, {int(sys.argv[1])})
memory = np.ones(128 << 20, np.uint8)
for _ in sys.stdin:
    begin = time.process_time()
    for _ in range(20):
        memory.fill(0)
    print(time.process_time() - begin, flush=True)
"""
"""A stream of its own, not Runoff's: it is told when to begin, and says how many seconds a CPU had to work for it.

The time by the clock would take a program that shares its CPU for a memory that carries one stream alone.
"""


def cost_of_a_second_stream(rounds: int = 9) -> float:
    """Return how many times as long as alone a stream through memory takes beside another on another CPU.

    It is the lower quartile over rounds, since programs outside of this test make some of them longer.
    """
    with ExitStack() as stack:
        streams = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", STREAM, str(cpu)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for side in (two_sides(1).own, two_sides(1).other)
            for cpu in side[:1]
        ]

        def seconds(count: int) -> float:
            for stream in streams[:count]:
                print(file=stream.stdin, flush=True)
            first, *_ = [float(stream.stdout.readline()) for stream in streams[:count]]
            return first

        seconds(2)
        return statistics.quantiles((seconds(2) / seconds(1) for _ in range(rounds)), n=4)[0]


def test_who_reads_memory_suffers_and_who_computes_in_registers_does_not(make_setup, make_entrant):
    """Beside a neighbour that streams, reading 64 MiB takes 1.15 times as long or more, multiplying 1.05 or less."""
    if why_no_neighbour():
        pytest.skip("this machine allows one thread, so that there is no place for a neighbour")
    if (cost := cost_of_a_second_stream()) < SUFFERED:
        pytest.skip(
            f"the memory of this machine carries the streams of two CPUs at once (each takes {cost:.2f} times as long "
            f"as alone, less than {SUFFERED}), so that no neighbour on one can cost as much"
        )
    setup = make_setup(make_entrant("reads"), make_entrant("multiplies"), launches=5)
    measured = measure_neighbour(setup, two_sides(1), rounds=12)
    assert measured.failures == {}
    slowdowns = {
        key: ratio_over_launches([math.log(record.slowdown(WHOLE_MEMORY)) for record in records]).value
        for key, records in measured.records.items()
    }
    assert slowdowns["fake-reads"] >= SUFFERED, slowdowns
    assert slowdowns["fake-multiplies"] <= 1.05, slowdowns
