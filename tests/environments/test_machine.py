"""The doctor's readers on made-up /proc and /sys trees: what is there is read, what is not there is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from runoff.environments import machine
from runoff.environments.machine import FrequencyPolicy, Memory, Throttling
from tests.environments.test_cpus import write

MEMINFO = "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 600 kB\nSwapTotal: 500 kB\nSwapFree: 200 kB\nHugePages: 0\n"
KIB = 1024


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, Memory(None, None, None, None, None), id="nothing to read"),
        pytest.param({"proc/meminfo": "junk\nMemTotal:\n:\n"}, Memory(None, None, None, None, None), id="junk"),
        pytest.param(
            {"proc/meminfo": MEMINFO}, Memory(1000 * KIB, 600 * KIB, None, 500 * KIB, 300 * KIB), id="no limit"
        ),
        pytest.param(
            {"proc/meminfo": MEMINFO, "cgroup/memory.max": "max\n", "cgroup/a/memory.max": "409600\n"},
            Memory(1000 * KIB, 600 * KIB, 409600, 500 * KIB, 300 * KIB),
            id="version 2, own limit",
        ),
        pytest.param(
            {"proc/meminfo": MEMINFO, "cgroup/memory.max": "204800\n", "cgroup/a/memory.max": "409600\n"},
            Memory(1000 * KIB, 600 * KIB, 204800, 500 * KIB, 300 * KIB),
            id="version 2, the ancestor's is smaller",
        ),
        pytest.param(
            {"proc/meminfo": MEMINFO, "cgroup/memory/m/memory.limit_in_bytes": "9223372036854771712"},
            Memory(1000 * KIB, 600 * KIB, None, 500 * KIB, 300 * KIB),
            id="version 1, unlimited",
        ),
        pytest.param(
            {"proc/meminfo": MEMINFO, "cgroup/memory/m/memory.limit_in_bytes": "4096"},
            Memory(1000 * KIB, 600 * KIB, 4096, 500 * KIB, 300 * KIB),
            id="version 1, limited",
        ),
    ],
)
def test_memory(tmp_path: Path, files: dict[str, str], expected: Memory) -> None:
    """Bytes are read from kB, and a cgroup's limit counts only where it is below what the machine has."""
    write(tmp_path, {"proc/self/cgroup": "4:memory:/m\n0::/a\n"} | files)
    assert machine.read_memory(tmp_path / "proc", tmp_path / "cgroup") == expected


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
    """Of the cgroups with a quota, the one that was stopped most often is told."""
    write(tmp_path / "proc", {"self/cgroup": "1:cpu:/\n0::/a\n"})
    write(tmp_path / "cgroup", files)
    assert machine.read_throttling(tmp_path / "proc", tmp_path / "cgroup") == expected


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
    assert machine.read_frequency_policy(write(tmp_path, files)) == expected


@pytest.mark.parametrize(("text", "expected"), [("1\n", True), ("0\n", False), ("", None), (None, None)])
def test_simultaneous_threads(tmp_path: Path, text: str | None, expected: bool | None) -> None:
    """SMT is on, off, or not known."""
    write(tmp_path, {} if text is None else {"smt/active": text})
    assert machine.read_simultaneous_threads(tmp_path) is expected


def test_cores_are_counted_of_the_allowed_cpus_alone(tmp_path: Path) -> None:
    """Two CPUs that share a core are one, those that may not be used count nothing, and a gap makes it unknown."""
    siblings = {0: "0,2", 2: "0,2", 1: "1,3", 3: "1,3"}
    write(tmp_path, {f"cpu{cpu}/topology/thread_siblings_list": text for cpu, text in siblings.items()})
    assert machine.count_cores(frozenset({0, 1, 2, 3}), tmp_path) == 2
    assert machine.count_cores(frozenset({0, 2}), tmp_path) == 1
    assert machine.count_cores(frozenset({0, 9}), tmp_path) is None


@pytest.mark.parametrize(
    ("text", "expected"), [("0.5 1.25 2.00 1/84 9847\n", (0.5, 1.25, 2.0)), ("0.5 1", None), ("a b c", None)]
)
def test_load(tmp_path: Path, text: str, expected: tuple[float, float, float] | None) -> None:
    """The three averages are read, or none."""
    assert machine.read_load(write(tmp_path, {"loadavg": text})) == expected


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
    assert machine.on_battery(write(tmp_path, files)) is expected


def test_inference_flags_are_whole_words() -> None:
    """Flags are told in a fixed order, and a longer one is not taken for a shorter."""
    assert machine.inference_flags(("zzz", "avx512_vnni", "avx2", "avx512vbmi")) == ("avx2", "avx512_vnni")
    assert machine.inference_flags(("bf16", "asimddp", "i8mm")) == ("asimddp", "i8mm", "bf16")
    assert set(machine.INFERENCE_FLAGS) >= machine.INT8_FLAGS
