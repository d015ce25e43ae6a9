"""The CPUs that this process may use: allowed threads, time that others had, clock."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path


def allowed_threads() -> int:
    """Count the CPUs that this process may keep busy: its affinity, limited by its cgroups' quota."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroup_quota()
    return max(1, affinity if quota is None else min(affinity, math.floor(quota)))


def cgroup_quota(root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> float | None:
    """Read how many CPUs' worth of time this process may use, None where nothing limits it (cgroup v2 or v1).

    Every cgroup from the root down to the process's own may set a limit; the smallest holds (cgroups(7)).
    """
    quotas = [folder_quota(folder) for folder in cgroup_folders(root, membership)]
    return min((quota for quota in quotas if quota is not None), default=None)


def cgroup_folders(root: Path, membership: Path, controller: str = "cpu") -> list[Path]:
    """Name the folders of a controller's cgroups that this process is in, ancestors included; they need not exist.

    Inside a container the path in ``membership`` may be the host's, with the container's own cgroup mounted as root.
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        lines = []
    folders = [root, root / controller]
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers == "" or controller in controllers.split(","):
            folder = root / controller if controllers else root
            for part in path.split("/"):
                folder /= part
                folders.append(folder)
    return folders


def folder_quota(folder: Path) -> float | None:
    """Read one cgroup's own limit in CPUs (v2: one file, v1: two), None where it has none."""
    for names in (["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]):
        try:
            limit, period = " ".join((folder / name).read_text() for name in names).split()
            quota = int(limit) / int(period)
        except (OSError, ValueError, ZeroDivisionError):  # no file, "max", or not what the kernel writes
            continue
        if quota > 0:
            return quota
    return None


@dataclass(frozen=True)
class CpuTime:
    """Clock ticks of all CPUs since boot: those stolen by the hypervisor, and all together."""

    stolen: int
    total: int


def read_cpu_time() -> CpuTime | None:
    """Read the first line of /proc/stat (proc(5)), None where there is none."""
    try:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()
    except FileNotFoundError:
        return None
    ticks = [int(value) for value in fields[1:9]]  # user nice system idle iowait irq softirq steal
    return CpuTime(stolen=ticks[7], total=sum(ticks))


def stolen_share(before: CpuTime | None, after: CpuTime | None) -> float | None:
    """Return the share of CPU time between two readings that went to other machines on the same host."""
    if before is None or after is None or after.total == before.total:
        return None
    return (after.stolen - before.stolen) / (after.total - before.total)


def read_frequency(
    cpus: Path = Path("/sys/devices/system/cpu"), information: Path = Path("/proc/cpuinfo")
) -> float | None:
    """Return the mean clock of all CPUs in MHz right now, None where the system does not tell.

    A virtual machine's /proc/cpuinfo shows a constant, which then never moves.
    """
    try:
        clocks = [int(file.read_text()) / 1000 for file in sorted(cpus.glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))]
        if not clocks:
            lines = information.read_text().splitlines()
            clocks = [float(line.partition(":")[2]) for line in lines if line.startswith("cpu MHz")]
    except (OSError, ValueError):
        return None
    return sum(clocks) / len(clocks) if clocks else None
