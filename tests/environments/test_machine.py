"""What the machine allows, on made-up /proc and /sys trees: what is there is read, what is not there is not known."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from runoff.environments import machine
from runoff.environments.cpus import count_cores
from runoff.environments.machine import FrequencyPolicy, Throttling, read_frequency, seconds_asleep, stolen_share
from tests.environments.test_cpus import write

CPUS = "sys/devices/system/cpu"
CGROUP = "sys/fs/cgroup"


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        pytest.param({}, None, id="nothing to read"),
        pytest.param({"memory.max": "max\n", "a/memory.max": "409600\n"}, 409600, id="version 2, own limit"),
        pytest.param(
            {"memory.max": "204800\n", "a/memory.max": "409600\n"}, 204800, id="version 2, the ancestor's is smaller"
        ),
        pytest.param({"memory/m/memory.limit_in_bytes": "9223372036854771712"}, None, id="version 1, unlimited"),
        pytest.param({"memory/m/memory.limit_in_bytes": "4096"}, 4096, id="version 1, limited"),
    ],
)
def test_memory(tmp_path: Path, files: dict[str, str], limit: int | None) -> None:
    """A cgroup's limit counts only where it is below what the machine has; what is in use is part of the whole."""
    write(tmp_path / "proc", {"self/cgroup": "4:memory:/m\n0::/a\n"})
    write(tmp_path / CGROUP, files)
    memory = machine.read_memory(tmp_path)
    assert memory.limit == limit
    assert 0 < memory.available <= memory.total
    assert 0 <= memory.swap_used <= memory.swap_total


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, None, id="nothing to read"),
        pytest.param({"cpu.stat": "usage_usec 5\n"}, None, id="no quota"),
        pytest.param({"cpu.stat": "nr_periods 0\nnr_throttled 0\n"}, None, id="no period yet"),
        pytest.param({"a/cpu.stat": "nr_periods 90\nnr_throttled 9\n"}, Throttling(90, 9), id="own"),
        pytest.param(
            {"cpu.stat": "nr_periods 80\nnr_throttled 20\n", "a/cpu.stat": "nr_periods 90\nnr_throttled 9\n"},
            Throttling(80, 20),
            id="an ancestor's quota throttled more",
        ),
        pytest.param({"cpu/cpu.stat": "nr_periods 7\nnr_throttled 1\nx\n"}, Throttling(7, 1), id="version 1"),
    ],
)
def test_throttling(tmp_path: Path, files: dict[str, str], expected: Throttling | None) -> None:
    """Of the cgroups with a quota, the one that was stopped most often counts."""
    write(tmp_path / "proc", {"self/cgroup": "1:cpu:/\n0::/a\n"})
    write(tmp_path / CGROUP, files)
    assert machine.read_throttling(tmp_path) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, FrequencyPolicy(None, (), None), id="a virtual machine"),
        pytest.param(
            {
                "cpu0/cpufreq/scaling_governor": "powersave\n",
                "cpu1/cpufreq/scaling_governor": "performance\n",
                "cpu0/cpufreq/scaling_driver": "intel_pstate\n",
                "cpu1/cpufreq/scaling_driver": "intel_pstate\n",
                "intel_pstate/no_turbo": "0\n",
            },
            FrequencyPolicy("intel_pstate", ("performance", "powersave"), True),
            id="Intel, governors differ, turbo on",
        ),
        pytest.param({"intel_pstate/no_turbo": "1\n"}, FrequencyPolicy(None, (), False), id="Intel, turbo off"),
        pytest.param({"cpufreq/boost": "1\n"}, FrequencyPolicy(None, (), True), id="AMD, boost on"),
        pytest.param({"cpufreq/boost": "0\n"}, FrequencyPolicy(None, (), False), id="AMD, boost off"),
        pytest.param({"cpufreq/boost": "maybe\n"}, FrequencyPolicy(None, (), None), id="neither on nor off"),
    ],
)
def test_frequency_policy(tmp_path: Path, files: dict[str, str], expected: FrequencyPolicy) -> None:
    """Governors, driver and boost are read whatever the driver calls them."""
    write(tmp_path / CPUS, files)
    assert machine.read_frequency_policy(tmp_path) == expected


@pytest.mark.parametrize(("text", "expected"), [("1\n", True), ("0\n", False), ("", None), (None, None)])
def test_simultaneous_threads(tmp_path: Path, text: str | None, expected: bool | None) -> None:
    """SMT is on, off, or not known."""
    write(tmp_path / CPUS, {} if text is None else {"smt/active": text})
    assert machine.read_simultaneous_threads(tmp_path) is expected


def test_cores_are_counted_of_the_allowed_cpus_alone(tmp_path: Path) -> None:
    """Two CPUs that share a core are one, those that may not be used count nothing, and a gap makes it unknown."""
    siblings = {0: "0,2", 2: "0,2", 1: "1,3", 3: "1,3"}
    write(tmp_path / CPUS, {f"cpu{cpu}/topology/thread_siblings_list": text for cpu, text in siblings.items()})
    assert count_cores(frozenset({0, 1, 2, 3}), tmp_path) == 2
    assert count_cores(frozenset({0, 2}), tmp_path) == 1
    assert count_cores(frozenset({0, 9}), tmp_path) is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, None, id="no supplies"),
        pytest.param({"AC/type": "Mains", "AC/online": "1"}, None, id="no battery"),
        pytest.param({"BAT0/type": "Battery", "BAT0/status": "Discharging"}, True, id="discharging"),
        pytest.param({"BAT0/type": "Battery", "BAT0/status": "Full"}, False, id="full"),
        pytest.param(
            {"AC/type": "Mains", "AC/online": "1", "BAT0/type": "Battery", "BAT0/status": "Discharging"},
            False,
            id="plugged in",
        ),
        pytest.param(
            {"AC/type": "Mains", "AC/online": "0", "BAT0/type": "Battery", "BAT0/status": "Discharging"},
            True,
            id="unplugged",
        ),
        pytest.param(
            {"mouse/type": "Battery", "mouse/scope": "Device", "mouse/status": "Discharging"}, None, id="a mouse's"
        ),
    ],
)
def test_battery(tmp_path: Path, files: dict[str, str], expected: bool | None) -> None:
    """The machine's own battery counts, and only while nothing else feeds it."""
    write(tmp_path / "sys" / "class" / "power_supply", files)
    assert machine.on_battery(tmp_path) is expected


class CpuTimes(NamedTuple):
    """What psutil reads of all CPUs on Linux, in seconds."""

    user: float
    nice: float
    system: float
    idle: float
    iowait: float
    irq: float
    softirq: float
    steal: float
    guest: float
    guest_nice: float


def test_stolen_share_is_of_the_time_in_between() -> None:
    """Ten of two hundred seconds stolen are five percent, whatever was before; the guests' are among the users'."""
    before = CpuTimes(100.0, 20.0, 30.0, 400.0, 50.0, 6.0, 7.0, 500.0, 9.0, 10.0)
    after = before._replace(user=190.0, idle=500.0, steal=510.0, guest=99.0)
    assert stolen_share(before, after) == 0.05
    assert stolen_share(before, before._replace(user=300.0)) == 0.0


def test_stolen_share_is_one_at_most() -> None:
    """A machine that got no time at all lost all of it, however its counters of hours round; a counter may go back."""
    before = CpuTimes(41234.57, 0.1, 987.13, 50321.98, 77.77, 0.0, 3.3, 812.46, 0.0, 0.0)
    for hundredths in range(1, 200):
        after = before._replace(steal=before.steal + hundredths / 100)
        assert stolen_share(before, after) == 1
        assert stolen_share(before, after._replace(iowait=70.0)) == 1
    assert stolen_share(before, before._replace(user=42000.0, steal=812.45)) == 0


def test_stolen_share_that_is_not_known() -> None:
    """Without time between two readings, or on a system that does not say what was stolen, there is no share."""
    reading = CpuTimes(*[1.0] * 10)
    assert stolen_share(reading, reading) is None
    assert stolen_share((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)) is None


def test_stolen_share_here() -> None:
    """This machine's own readings have a share that is possible, where the system says it."""
    before = psutil.cpu_times()
    while psutil.cpu_times() == before:
        sum(range(10_000))
    share = stolen_share(before, psutil.cpu_times())
    assert (share is None) == (not hasattr(before, "steal"))
    assert share is None or 0 <= share <= 1


@pytest.mark.parametrize("error", [NotImplementedError, OSError])
def test_a_clock_that_is_not_known_costs_no_run(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    """Where psutil finds no clock, or fails at it, the clock is not known."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(psutil, "cpu_freq", fail)
    assert read_frequency() is None
    monkeypatch.setattr(psutil, "cpu_freq", lambda: None)
    assert read_frequency() is None


def test_the_clock_here() -> None:
    """This machine's clock is the mean of those of all CPUs, or not known."""
    clock, clocks = read_frequency(), [cpu.current for cpu in psutil.cpu_freq(percpu=True)]
    assert (clock is None) == (not clocks)
    assert clock is None or min(clocks) * 0.5 < clock < max(clocks) * 2


@pytest.mark.parametrize(
    "error", [FileNotFoundError("/proc/stat"), TypeError("7 missing"), ValueError(""), IndexError()]
)
def test_counters_that_are_not_there_cost_no_run(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Where /proc/stat is missing, empty or cut, nothing is known of stolen time, between whatever readings."""

    def fail() -> None:
        raise error

    reading = CpuTimes(*[1.0] * 10)
    monkeypatch.setattr(psutil, "cpu_times", fail)
    assert machine.cpu_times() is None
    assert stolen_share(None, reading) is stolen_share(reading, None) is stolen_share(None, None) is None
    assert machine.stolen_time(None, reading) is machine.stolen_time(reading, None) is None
    assert machine.stolen_time(reading, reading._replace(steal=3.5)) == 2.5


def test_memory_and_load_that_are_not_there_are_not_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without /proc/meminfo or /proc/loadavg there is no figure; without /proc/vmstat psutil's warning is no error."""

    def warn() -> None:
        warnings.warn("swap could not be determined", RuntimeWarning, stacklevel=1)
        raise FileNotFoundError("/proc/meminfo")

    def fail() -> None:
        raise OSError("/proc/loadavg")

    monkeypatch.setattr(psutil, "swap_memory", warn)
    monkeypatch.setattr(machine.os, "getloadavg", fail)
    assert machine.read_memory(tmp_path) is None
    assert machine.read_load() is None


@pytest.mark.parametrize(
    ("files", "memory", "stolen"),
    [
        ({}, "/proc/self/status can't be read", "/proc/stat can't be read"),
        (
            {"self/status": "Name: x\nVmRSS: 1 kB\n", "stat": "intr 1\n"},
            "/proc/self/status has no VmHWM",
            "/proc/stat has no counter of it",
        ),
    ],
)
def test_why_a_figure_cannot_be_had_is_said(tmp_path: Path, files: dict[str, str], memory: str, stolen: str) -> None:
    """What is missing is named: a file, or a line of it."""
    write(tmp_path / "proc", files)
    assert machine.why_no_memory(tmp_path) == memory
    assert machine.why_no_stolen_time(tmp_path) == stolen


def test_a_suspended_machines_clocks_differ():
    """The boot clock is two hours ahead of the monotonic one; a pause between two readings is no sleep."""
    ahead, moments = 7200 * 10**9, iter([0, 1, 5 * 10**9, 5 * 10**9 + 1, 6 * 10**9, 6 * 10**9])

    def read(clock):
        return next(moments) + (ahead if clock == time.CLOCK_BOOTTIME else 0)

    assert seconds_asleep(read) == pytest.approx(7200, abs=1e-6)
    assert seconds_asleep() >= -0.1
