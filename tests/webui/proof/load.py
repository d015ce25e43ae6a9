"""``python -m tests.webui.proof.load``: clients on loopback, within capacity and above it, and a killed worker.

Within capacity every request must be answered with 200, but for those that were under way in the worker that is killed
half-way; above it with 200 or 503; and the memory of all processes must not grow.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tests.webui.proof.server import HOST, Server, ask, classify, report, running
from webui.samples import sample_file, samples

PORT = 8731
WITHIN, ABOVE = 4, 24
"""Clients; the page has 8 places."""
PAUSE = 0.1
"""Seconds that a client waits after a 503: less than the answer asks for, more than nothing."""
SHARE_ABOVE = 0.2
SETTLING_SHARE = 0.2
"""The share of the time before memory is looked at: allocators reach their level first."""
MOST_GROWTH = 2.0
"""Megabytes a minute that memory may grow by, as a line through all readings has it; a leak shows as hundreds."""


Answers = list[tuple[int, float]]
"""What clients saw: statuses, and the seconds that each answer took; 0 is a connection that broke."""


def statuses(answers: Answers) -> Counter[int]:
    """Count the statuses."""
    return Counter(status for status, _ in answers)


def summary(answers: Answers, lasted: float) -> dict[str, object]:
    """Return counts, the rate of answers with 200, and their percentiles in milliseconds."""
    seconds = [taken for status, taken in answers if status == 200]
    percentiles = np.percentile(seconds, [50, 99, 100]) * 1000
    return {
        "statuses": {str(status): count for status, count in sorted(statuses(answers).items())},
        "answered per second": round(len(seconds) / lasted, 1),
        "milliseconds": dict(zip(("median", "p99", "longest"), percentiles.round(1).tolist(), strict=True)),
    }


def client(server: Server, pictures: list[bytes], until: float, first: int) -> Answers:
    """Send one picture after another until a moment."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
    answers: Answers = []
    while (begin := time.monotonic()) < until:
        try:
            status, _ = classify(connection, pictures[(first + len(answers)) % len(pictures)])
        except (OSError, http.client.HTTPException):
            connection.close()
            status = 0
        answers.append((status, time.monotonic() - begin))
        if status == 503:
            time.sleep(PAUSE)
    return answers


def press(
    server: Server, pictures: list[bytes], clients: int, seconds: float, *, kill: bool
) -> tuple[Answers, list[float]]:
    """Let clients work for some seconds; return what they saw, and the memory at every second."""
    memory = []
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(clients) as pool:
        working = [pool.submit(client, server, pictures, until, number) for number in range(clients)]
        while (left := until - time.monotonic()) > 0:
            memory.append(server.memory())
            if kill and left < seconds / 2:
                server.worker("runoff.measure.worker").kill()
                kill = False
            time.sleep(min(1.0, left))
    return [answer for share in working for answer in share.result()], memory


def growth(memory: list[float]) -> float:
    """Return the megabytes a minute that memory grew by after it settled: the slope of a line through the readings."""
    settled = memory[int(len(memory) * SETTLING_SHARE) :]
    return float(np.polyfit(np.arange(len(settled)), settled, 1)[0] * 60)


def main() -> int:
    """Run the load and say whether the page stood it."""
    parser = argparse.ArgumentParser(prog="python -m tests.webui.proof.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="how long in all (default: 300)")
    seconds = parser.parse_args().seconds
    pictures = [sample_file(sample) for sample in samples()]
    with running(PORT, pictures[0]) as server:
        within_seconds = seconds * (1 - SHARE_ABOVE)
        half = within_seconds / 2
        before, memory = press(server, pictures, WITHIN, half, kill=False)
        killed, _ = press(server, pictures, WITHIN, half, kill=True)
        above, above_memory = press(server, pictures, ABOVE, seconds * SHARE_ABOVE, kill=False)
        status, _ = ask(http.client.HTTPConnection(HOST, server.port, timeout=30), "GET", "/healthz")
        restarts = server.restarts()
    slope, above_slope = growth(memory), growth(above_memory)
    failed_by_kill = len(killed) - statuses(killed)[200]
    well = (
        set(statuses(before)) == {200}
        and failed_by_kill == 1
        and set(statuses(killed)) <= {200, 503}
        and set(statuses(above)) <= {200, 503}
        and status == 200
        and restarts == 1
        and slope < MOST_GROWTH
    )
    report(
        "load",
        {
            "first answer after seconds": round(server.first_answer, 2),
            f"{WITHIN} clients": summary(before, half),
            f"{WITHIN} clients, a worker killed": summary(killed, half),
            f"{ABOVE} clients": summary(above, seconds * SHARE_ABOVE),
            "memory in MB": {
                "at first": round(memory[0]),
                "at last": round(above_memory[-1]),
                "most": round(max(*memory, *above_memory)),
                "growth a minute": round(slope, 2),
                f"growth a minute at {ABOVE} clients": round(above_slope, 2),
            },
            "well": well,
        },
    )
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
