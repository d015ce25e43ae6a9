"""What the machine allows beside its CPU's name: memory, clock, throttling, cores, power. Reads /proc and /sys.

Every reader takes the folder that it reads below, and gives None for what the system does not tell, as virtual machines
and containers often don't.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runoff.environments.cpus import cgroup_folders

PROC = Path("/proc")
SYS = Path("/sys")

INFERENCE_FLAGS = (
    "sse4_2",
    "avx",
    "f16c",
    "fma",
    "avx2",
    "avx512f",
    "avx512bw",
    "avx_vnni",
    "avx512_vnni",
    "avx_vnni_int8",
    "avx512_bf16",
    "avx512_fp16",
    "avx10",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
    "amx_fp16",
    "asimd",
    "asimdhp",
    "asimddp",
    "i8mm",
    "bf16",
    "sve",
    "sve2",
    "sme",
)
"""What decides which kernels an inference library chooses, in the words of /proc/cpuinfo (x86 and ARM)."""
INT8_FLAGS = frozenset({"avx_vnni", "avx512_vnni", "avx_vnni_int8", "amx_int8", "asimddp", "i8mm"})
"""Each is a way to multiply int8 numbers and add them up in one instruction."""


@dataclass(frozen=True)
class Memory:
    """Memory in bytes: of the machine, of it free to use, the cgroup's limit, and swap; None where not known."""

    total: int | None
    available: int | None
    limit: int | None
    swap_total: int | None
    swap_used: int | None


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


def read_text(file: Path) -> str | None:
    """Return a small file's text without surrounding space, None where it can't be read."""
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None


def read_number(file: Path) -> int | None:
    """Return the whole number that a file holds, None for anything else."""
    text = read_text(file)
    return int(text) if text is not None and text.lstrip("-").isdecimal() else None


def read_switch(file: Path) -> bool | None:
    """Read a file that says 1 or 0."""
    number = read_number(file)
    return None if number not in (0, 1) else number == 1


def inference_flags(flags: tuple[str, ...]) -> tuple[str, ...]:
    """Return the flags that matter for inference, of a CPU's own, in a fixed order."""
    return tuple(flag for flag in INFERENCE_FLAGS if flag in flags)


def read_memory(proc: Path = PROC, cgroups: Path = SYS / "fs" / "cgroup") -> Memory:
    """Read /proc/meminfo (proc(5)) and the smallest memory limit of this process's cgroups."""
    values: dict[str, int] = {}
    for line in (read_text(proc / "meminfo") or "").splitlines():
        name, _, rest = line.partition(":")
        number = rest.split()[:1]
        if number and number[0].isdecimal():
            values[name] = int(number[0]) * 1024
    swap, free = values.get("SwapTotal"), values.get("SwapFree")
    return Memory(
        total=values.get("MemTotal"),
        available=values.get("MemAvailable"),
        limit=memory_limit(values.get("MemTotal"), proc, cgroups),
        swap_total=swap,
        swap_used=None if swap is None or free is None else swap - free,
    )


def memory_limit(total: int | None, proc: Path, cgroups: Path) -> int | None:
    """Return the smallest limit of the process's cgroups in bytes, None where none is below the machine's memory.

    ``memory.max`` in version 2 says "max" without a limit; ``memory.limit_in_bytes`` in version 1 a huge number.
    """
    limits = [
        read_number(folder / name)
        for folder in cgroup_folders(cgroups, proc / "self" / "cgroup", "memory")
        for name in ("memory.max", "memory.limit_in_bytes")
    ]
    real = [limit for limit in limits if limit is not None and (total is None or limit < total)]
    return min(real, default=None)


def read_throttling(proc: Path = PROC, cgroups: Path = SYS / "fs" / "cgroup") -> Throttling | None:
    """Read how often the quota that throttled this process most was used up, since its cgroup began; None without one.

    The kernel counts periods only in a cgroup with a quota ("CFS Bandwidth Control", Statistics).
    """
    found = []
    for folder in cgroup_folders(cgroups, proc / "self" / "cgroup"):
        pairs = [line.split() for line in (read_text(folder / "cpu.stat") or "").splitlines()]
        values = {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}
        if values.get("nr_periods"):
            found.append(Throttling(values["nr_periods"], values.get("nr_throttled", 0)))
    return max(found, key=lambda each: each.throttled, default=None)


def read_frequency_policy(cpus: Path = SYS / "devices" / "system" / "cpu") -> FrequencyPolicy:
    """Read what the kernel's cpufreq drivers say ("CPU Performance Scaling"): governor, driver, boost."""
    governors = {read_text(file) for file in cpus.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    drivers = {read_text(file) for file in cpus.glob("cpu[0-9]*/cpufreq/scaling_driver")}
    boost = read_switch(cpus / "cpufreq" / "boost")
    no_turbo = read_switch(cpus / "intel_pstate" / "no_turbo")
    return FrequencyPolicy(
        driver=", ".join(sorted(filter(None, drivers))) or None,
        governors=tuple(sorted(filter(None, governors))),
        boost=boost if no_turbo is None else not no_turbo,
    )


def read_simultaneous_threads(cpus: Path = SYS / "devices" / "system" / "cpu") -> bool | None:
    """Whether CPUs share cores (SMT, Hyper-Threading)."""
    return read_switch(cpus / "smt" / "active")


def count_cores(allowed: frozenset[int], cpus: Path = SYS / "devices" / "system" / "cpu") -> int | None:
    """Count the cores that the allowed CPUs are of, None where the system does not tell which share one."""
    siblings = {read_text(cpus / f"cpu{number}" / "topology" / "thread_siblings_list") for number in allowed}
    return None if None in siblings or not siblings else len(siblings)


def read_load(proc: Path = PROC) -> tuple[float, float, float] | None:
    """Read how many processes wanted a CPU in the last 1, 5 and 15 minutes on average (proc(5))."""
    try:
        one, five, fifteen = (float(value) for value in (read_text(proc / "loadavg") or "").split()[:3])
    except ValueError:
        return None
    return one, five, fifteen


def on_battery(supplies: Path = SYS / "class" / "power_supply") -> bool | None:
    """Whether the machine runs on its battery, None where it has none or does not tell.

    A supply whose scope is "Device" is a mouse's or a headset's.
    """
    own = [folder for folder in sorted(supplies.glob("*")) if read_text(folder / "scope") != "Device"]
    batteries = [folder for folder in own if read_text(folder / "type") == "Battery"]
    if not batteries:
        return None
    if any(read_number(folder / "online") == 1 for folder in own if folder not in batteries):
        return False
    return any(read_text(folder / "status") == "Discharging" for folder in batteries)
