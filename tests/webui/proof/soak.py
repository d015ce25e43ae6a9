"""``python -m tests.webui.proof.soak``: the page under load for an hour, and what each of its processes grows by.

The growth is the slope of a line through readings of resident memory. Neighbouring readings are alike, since allocators
keep what they have, so that a line through all of them would look far surer than it is: the line goes through means of
blocks, which are nearly independent, with Student's interval (Schmeiser, "Batch size effects in the analysis of
simulation output", Operations Research 30, 1982).
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import psutil
from scipy import stats

from tests.webui.proof.load import SETTLING_SHARE, client, statuses
from tests.webui.proof.server import Server, report, running
from webui.samples import sample_file, samples

PORT = 8734
EVERY_SECONDS = 5.0
BLOCKS = 20
"""As many as leave Student's interval narrow and are long enough to be independent."""
CONFIDENCE = 0.95
MOST_GROWTH = 0.5
"""Megabytes an hour: a process is said to leak where its growth is above that beyond its interval."""

Readings = dict[str, list[tuple[float, float]]]
"""By process: the seconds since the beginning, and the megabytes then."""


@dataclass(frozen=True)
class Slope:
    """Megabytes an hour with their interval, and how alike neighbouring blocks are: their lag-1 autocorrelation."""

    value: float
    low: float
    high: float
    alike: float


def slope_of(seconds: Sequence[float], megabytes: Sequence[float], blocks: int = BLOCKS) -> Slope:
    """Return how much memory grew by; raises ValueError for fewer readings than blocks."""
    if len(seconds) < blocks:
        raise ValueError(f"{len(seconds)} readings are too few for {blocks} blocks; let it run for longer")
    hours, means = (
        np.array([part.mean() for part in np.array_split(np.asarray(values, np.float64), blocks)])
        for values in ([each / 3600 for each in seconds], megabytes)
    )
    away = hours - hours.mean()
    value = float(away @ means / (away @ away))
    left = means - means.mean() - value * away
    spread = float(left @ left)
    error = math.sqrt(spread / (blocks - 2) / float(away @ away))
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, blocks - 2)) * error
    alike = float(left[1:] @ left[:-1]) / spread if spread else 0.0
    return Slope(value, value - reach, value + reach, alike)


def read_memory(server: Server, since: float, into: Readings) -> None:
    """Note the resident memory of the server and each of its processes; a worker that is started again is another."""
    parent = psutil.Process(server.process.pid)
    for process in (parent, *parent.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            words = [word for word in process.cmdline() if "webui" in word or "runoff." in word]
            what = next((name for name in ("decoder", "worker") if any(name in word for word in words)), "server")
            reading = (time.monotonic() - since, process.memory_info().rss / 1e6)
            into.setdefault(f"{what} {process.pid}", []).append(reading)


def main() -> int:
    """Put the page under load and report each process's growth; it is well where none leaks and all was answered."""
    parser = argparse.ArgumentParser(prog="python -m tests.webui.proof.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="how long (default: 3600)")
    parser.add_argument("--clients", type=int, default=4, help="how many send pictures (default: 4)")
    options = parser.parse_args()
    pictures = [sample_file(sample) for sample in samples()]
    readings: Readings = {}
    with running(PORT, pictures[0]) as server, ThreadPoolExecutor(options.clients) as pool:
        begin = time.monotonic()
        until = begin + options.seconds
        working = [pool.submit(client, server, pictures, until, number) for number in range(options.clients)]
        while (left := until - time.monotonic()) > 0:
            read_memory(server, begin, readings)
            time.sleep(min(EVERY_SECONDS, left))
        answers = [answer for share in working for answer in share.result()]
    slopes = {}
    for name, taken in readings.items():
        settled = [each for each in taken if each[0] > options.seconds * SETTLING_SHARE]
        with suppress(ValueError):  # one that ended soon
            slopes[name] = slope_of([each[0] for each in settled], [each[1] for each in settled])
    counted = statuses(answers)
    well = set(counted) == {200} and bool(slopes) and all(each.low <= MOST_GROWTH for each in slopes.values())
    report(
        "soak",
        {
            "seconds": options.seconds,
            "clients": options.clients,
            "answers": {str(status): count for status, count in counted.items()},
            "megabytes an hour": {
                name: f"{each.value:+.2f} [{each.low:+.2f}, {each.high:+.2f}], "
                f"at last {readings[name][-1][1]:.0f} MB, blocks alike by {each.alike:+.2f}"
                for name, each in slopes.items()
            },
            "well": well,
        },
    )
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
