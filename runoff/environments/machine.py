"""What the machine allows beside its CPU's name: memory, clock, throttling, cores, power, and time that others had.

What psutil does not know is read from /proc and /sys below a folder, and is None where the system does not say, as
virtual machines and containers often don't.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from runoff.environments.cpus import cgroup_folders
from runoff.processor import CPUS, SYSTEM, read_text

INT8_FLAGS = frozenset({"avx_vnni", "avx512_vnni", "avx_vnni_int8", "amx_int8", "asimddp", "i8mm"})
"""Each is a way to multiply int8 numbers and add them up in one instruction."""

UNREADABLE = (psutil.Error, OSError, ValueError, LookupError, TypeError, RuntimeError)
"""What psutil raises where files of /proc and /sys are not there, empty, or lack what it looks for: found by trying."""


@dataclass(frozen=True)
class Memory:
    """Memory in bytes: of the machine, of it free to use, the cgroup's limit, None without one, and swap."""

    total: int
    available: int
    limit: int | None
    swap_total: int
    swap_used: int


@dataclass(frozen=True)
class FrequencyPolicy:
    """What decides the CPUs' clock; several governors where the CPUs differ. ``boost`` is turbo, under any name."""

    driver: str | None
    governors: tuple[str, ...]
    boost: bool | None


@dataclass(frozen=True)
class Throttling:
    """How often a cgroup's quota was used up: of so many periods, in so many its processes had to wait."""

    periods: int
    throttled: int


def read_switch(file: Path) -> bool | None:
    """Read a file that says 1 or 0."""
    return {"0": False, "1": True}.get(read_text(file) or "")


def read_memory(system: Path = SYSTEM) -> Memory | None:
    """Read the memory, and the smallest limit of this process's cgroups; None where /proc/meminfo does not say."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # psutil's, where there is no /proc/vmstat: the rest is known
            memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    except UNREADABLE:
        return None
    return Memory(memory.total, memory.available, memory_limit(memory.total, system), swap.total, swap.used)


def read_load() -> tuple[float, float, float] | None:
    """Return the load average over 1, 5 and 15 minutes, None where the system does not say."""
    try:
        return os.getloadavg()
    except OSError:
        return None


def memory_limit(total: int, system: Path) -> int | None:
    """Return the smallest limit of the process's cgroups in bytes, None where none is below the machine's memory.

    ``memory.max`` in version 2 says "max" without a limit; ``memory.limit_in_bytes`` in version 1 a huge number.
    """
    texts = [
        read_text(folder / name)
        for folder in cgroup_folders(system, "memory")
        for name in ("memory.max", "memory.limit_in_bytes")
    ]
    limits = [int(text) for text in texts if text and text.isdecimal()]
    return min((limit for limit in limits if limit < total), default=None)


def read_throttling(system: Path = SYSTEM) -> Throttling | None:
    """Read how often the quota that throttled this process most was used up, since its cgroup began; None without one.

    The kernel counts periods only in a cgroup with a quota ("CFS Bandwidth Control", Statistics).
    """
    throttlings = []
    for folder in cgroup_folders(system):
        pairs = [line.split() for line in (read_text(folder / "cpu.stat") or "").splitlines()]
        values = {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}
        if values.get("nr_periods"):
            throttlings.append(Throttling(values["nr_periods"], values.get("nr_throttled", 0)))
    return max(throttlings, key=lambda throttling: throttling.throttled, default=None)


def read_frequency_policy(system: Path = SYSTEM) -> FrequencyPolicy:
    """Read what the kernel's cpufreq drivers say ("CPU Performance Scaling"): governor, driver, boost."""
    cpus = system / CPUS
    governors = {read_text(file) for file in cpus.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    drivers = {read_text(file) for file in cpus.glob("cpu[0-9]*/cpufreq/scaling_driver")}
    boost = read_switch(cpus / "cpufreq" / "boost")
    no_turbo = read_switch(cpus / "intel_pstate" / "no_turbo")
    return FrequencyPolicy(
        driver=", ".join(sorted(filter(None, drivers))) or None,
        governors=tuple(sorted(filter(None, governors))),
        boost=boost if no_turbo is None else not no_turbo,
    )


def read_simultaneous_threads(system: Path = SYSTEM) -> bool | None:
    """Whether CPUs share cores (SMT, Hyper-Threading)."""
    return read_switch(system / CPUS / "smt" / "active")


def on_battery(system: Path = SYSTEM) -> bool | None:
    """Whether the machine runs on its battery, None where it has none or does not say.

    A supply whose scope is "Device" is a mouse's or a headset's; psutil takes it for the machine's.
    """
    supplies = sorted((system / "sys" / "class" / "power_supply").glob("*"))
    own = [folder for folder in supplies if read_text(folder / "scope") != "Device"]
    batteries = [folder for folder in own if read_text(folder / "type") == "Battery"]
    if not batteries:
        return None
    if any(read_switch(folder / "online") for folder in own if folder not in batteries):
        return False
    return any(read_text(folder / "status") == "Discharging" for folder in batteries)


def read_frequency() -> float | None:
    """Return the mean clock of all CPUs in MHz right now, None where the system does not say.

    A virtual machine's /proc/cpuinfo shows a constant, which then never moves.
    """
    try:
        clock = psutil.cpu_freq()
    except UNREADABLE:
        return None
    return clock.current if clock else None


def cpu_times() -> Any:
    """Return ``psutil.cpu_times``, None where /proc/stat has no counters, as in some containers."""
    try:
        return psutil.cpu_times()
    except UNREADABLE:
        return None


def stolen_time(before: Any, after: Any) -> float | None:
    """Return the seconds between two readings of ``cpu_times`` that went to other machines on the same host.

    None where the system does not say.
    """
    return None if before is None or after is None or not hasattr(after, "steal") else after.steal - before.steal


def stolen_share(before: Any, after: Any) -> float | None:
    """Return the share of CPU time between two readings of ``cpu_times`` that went to other machines on the same host.

    None where the system does not say. The guests of this machine are counted among its users already (proc(5)).
    """
    stolen = stolen_time(before, after)
    if stolen is None:
        return None
    # Each counter's own difference: the rounding of two large sums made a share above 1, and iowait may go back.
    passed = sum(max(0.0, later - earlier) for earlier, later in zip(before[:8], after[:8], strict=True))
    return max(0.0, stolen) / passed if passed else None


def seconds_asleep(read: Callable[[int], int] = time.clock_gettime_ns) -> float:
    """Return how many seconds the machine has been suspended since it was started, 0 where the system does not say.

    CLOCK_BOOTTIME goes on meanwhile and CLOCK_MONOTONIC does not (clock_gettime(2)). They are read one after the other,
    so the smallest of three differences counts. ``read`` gives a clock's nanoseconds.
    """
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    return min(read(time.CLOCK_BOOTTIME) - read(time.CLOCK_MONOTONIC) for _ in range(3)) * 1e-9


def why_no_memory(system: Path = SYSTEM) -> str:
    """Say why a process's memory can't be had here, as far as that can be seen."""
    status = read_text(system / "proc" / "self" / "status")
    return "/proc/self/status can't be read" if status is None else "/proc/self/status has no VmHWM"


def why_no_stolen_time(system: Path = SYSTEM) -> str:
    """Say why the time that other machines took can't be had here, as far as that can be seen."""
    counters = read_text(system / "proc" / "stat")
    return "/proc/stat can't be read" if counters is None else "/proc/stat has no counter of it"
