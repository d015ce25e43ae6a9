"""The CPUs that this process may use, by its affinity and its cgroups."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runoff.judge.busy import Given
from runoff.processor import CPUS, SYSTEM, own_cpus, read_text


def allowed_threads() -> int:
    """Count the CPUs that this process may keep busy: its affinity, limited by its cgroups' quota."""
    quota = cgroup_quota()
    return max(1, len(own_cpus()) if quota is None else min(len(own_cpus()), math.floor(quota)))


def given_threads(threads: int, system: Path = SYSTEM) -> Given:
    """Return threads that are given with the CPUs and cores that there are for them."""
    return Given(threads, allowed_threads(), count_cores(own_cpus(), system))


@dataclass(frozen=True)
class Sides:
    """CPUs for one side and as many for another; ``one_core`` says whether all of them are threads of a single core."""

    own: tuple[int, ...]
    other: tuple[int, ...]
    one_core: bool


def two_sides(most: int, system: Path = SYSTEM) -> Sides:
    """Divide the CPUs that may be kept busy between two sides, ``most`` for each; of one CPU there are no sides.

    Cores go to the sides in turn and whole, so that both have a part of each cache and each socket, and no core has
    threads of both while there are two. The first core, where most interrupts are served, is of the other side.
    """
    cores = own_cores(system)
    parts = cores if len(cores) > 1 else [(cpu,) for core in cores for cpu in core]
    other, own = (each_core_first(parts[begin::2]) for begin in (0, 1))
    size = min(most, allowed_threads() // 2, len(own), len(other))
    return Sides(own[:size], other[:size], len(cores) == 1)


def own_cores(system: Path = SYSTEM) -> list[tuple[int, ...]]:
    """Return the CPUs that this process may run on, those together that are threads of one core."""
    cores: dict[str, list[int]] = {}
    for cpu in sorted(own_cpus()):
        cores.setdefault(threads_of_core(cpu, system), []).append(cpu)
    return [tuple(core) for core in cores.values()]


def threads_of_core(cpu: int, system: Path) -> str:
    """Name the CPUs that are threads of one core with this one, itself alone where the system does not say."""
    topology = system / "sys" / "devices" / "system" / "cpu" / f"cpu{cpu}" / "topology"
    try:
        return (topology / "thread_siblings_list").read_text().strip()
    except OSError:
        return str(cpu)


def count_cores(allowed: frozenset[int], system: Path = SYSTEM) -> int | None:
    """Count the cores that the allowed CPUs are of, None where the system does not say which share one."""
    siblings = {read_text(system / CPUS / f"cpu{number}" / "topology" / "thread_siblings_list") for number in allowed}
    return None if None in siblings or not siblings else len(siblings)


def each_core_first(cores: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the first CPUs of all cores, then the second ones, and so on."""
    placed = sorted((place, cpu) for core in cores for place, cpu in enumerate(core))
    return tuple(cpu for _, cpu in placed)


def cgroup_quota(system: Path = SYSTEM) -> float | None:
    """Read how many CPUs' worth of time this process may use, None where nothing limits it (cgroup v2 or v1).

    Every cgroup from the root down to the process's own may set a limit; the smallest holds (cgroups(7)).
    """
    quotas = [folder_quota(folder) for folder in cgroup_folders(system)]
    return min((quota for quota in quotas if quota is not None), default=None)


def cgroup_folders(system: Path, controller: str = "cpu") -> list[Path]:
    """Name the folders of a controller's cgroups that this process is in, ancestors included; they need not exist.

    Inside a container the path in /proc/self/cgroup may be the host's, with the container's own cgroup mounted as root.
    """
    root = system / "sys" / "fs" / "cgroup"
    try:
        # The names of cgroups are bytes, as those of files are.
        lines = os.fsdecode((system / "proc" / "self" / "cgroup").read_bytes()).splitlines()
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
