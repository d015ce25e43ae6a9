"""Who else keeps processors busy: programs that are not this process, what it started, or what started it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil

from runoff.environments.machine import UNREADABLE


@dataclass(frozen=True)
class Running:
    """A process as the system shows it: its parent, its name, and the CPU seconds that it has used."""

    parent: int
    name: str
    seconds: float


@dataclass(frozen=True)
class Reading:
    """All processes at a moment of ``time.monotonic``, by their number and when they were started."""

    moment: float
    running: Mapping[tuple[int, float], Running]


def read_processes() -> Reading:
    """Read what /proc shows of all processes; empty where it shows nothing."""
    found = {}
    try:
        for process in psutil.process_iter():
            try:
                with process.oneshot():
                    used = process.cpu_times()
                    running = Running(process.ppid(), process.name(), used.user + used.system)
                    found[process.pid, process.create_time()] = running
            except UNREADABLE:  # it has ended meanwhile, or is hidden
                continue
    except UNREADABLE:
        found = {}
    return Reading(time.monotonic(), found)


def busy_others(before: Reading, after: Reading, own: int | None = None) -> dict[str, float]:
    """Return how many processors other programs kept busy between two readings, by name, the busiest first.

    Left out is what belongs to process ``own``, this one where none is given: what it started, and what started it. One
    that was there at both readings counts, and one that came in between.
    """
    passed = after.moment - before.moment
    if passed <= 0:
        return {}
    left_out = family({pid: each.parent for (pid, _), each in after.running.items()}, own or os.getpid())
    used: dict[str, float] = {}
    for key, each in after.running.items():
        if key[0] not in left_out:
            earlier = before.running[key].seconds if key in before.running else 0.0
            used[each.name] = used.get(each.name, 0.0) + (each.seconds - earlier) / passed
    return dict(sorted(used.items(), key=lambda item: -item[1]))


def family(parents: Mapping[int, int], own: int) -> set[int]:
    """Return a process, those that it descends from, and those that descend from it."""
    found = set(line(parents, own))
    return found | {pid for pid in parents if own in line(parents, pid)}


def line(parents: Mapping[int, int], pid: int) -> Iterable[int]:
    """Return a process and those that it descends from."""
    found: list[int] = []
    while pid in parents and pid not in found:
        found.append(pid)
        pid = parents[pid]
    return found
