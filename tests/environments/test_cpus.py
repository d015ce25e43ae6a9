"""The CPUs: cgroup limits on made-up folders, and /proc readings that make sense."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import pytest

from runoff import processor
from runoff.environments import cpus
from runoff.environments.cpus import (
    CpuTime,
    allowed_threads,
    cgroup_quota,
    read_cpu_time,
    read_frequency,
    stolen_share,
)
from runoff.processor import read_processor

V1_MEMBERSHIP = "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n3:cpuset:/elsewhere\n1:name=systemd:/other\n"


def write(root: Path, files: dict[str, str]) -> Path:
    """Write files below a folder, by their paths."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def quota(root: Path, files: dict[str, str], membership: str | None = "0::/\n") -> float | None:
    """Read the quota of a made-up machine."""
    own = root / "self"
    if membership is not None:
        own.write_text(membership)
    return cgroup_quota(write(root / "cgroup", files), own)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"cpu.max": "max 100000\n"}, None, id="v2, unlimited"),
        pytest.param({"cpu.max": "150000 100000\n"}, 1.5, id="v2, one and a half"),
        pytest.param({"cpu.max": "50000 100000\n"}, 0.5, id="v2, half"),
        pytest.param({"cpu.max": "400000 50000\n"}, 8.0, id="v2, another period"),
        pytest.param({"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 2.5, id="v1"),
        pytest.param({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None, id="v1, unlimited"),
        pytest.param({"cpu/cpu.cfs_quota_us": "250000\n"}, None, id="v1, no period"),
        pytest.param({}, None, id="no cgroups"),
        pytest.param({"cpu.max": ""}, None, id="empty"),
        pytest.param({"cpu.max": "max\n"}, None, id="too short"),
        pytest.param({"cpu.max": "a lot\n"}, None, id="no numbers"),
        pytest.param({"cpu.max": "1 2 3\n"}, None, id="too long"),
        pytest.param({"cpu.max": "100000 0\n"}, None, id="no period at all"),
        pytest.param({"cpu.max": "0 100000\n"}, None, id="nothing allowed"),
        pytest.param({"cpu.max/a-folder": ""}, None, id="a folder"),
    ],
)
@pytest.mark.parametrize("membership", ["0::/\n", None, "", "garbage\n", "::\n:::::\n"])
def test_quota_of_the_root(
    tmp_path: Path, files: dict[str, str], expected: float | None, membership: str | None
) -> None:
    """The root's limit is read in either version, whatever /proc says, and what can't be read limits nothing."""
    assert quota(tmp_path, files, membership) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"a/b/cpu.max": "200000 100000"}, 2.0, id="own"),
        pytest.param({"a/cpu.max": "200000 100000", "a/b/cpu.max": "max 100000"}, 2.0, id="parent"),
        pytest.param({"cpu.max": "200000 100000", "a/b/cpu.max": "300000 100000"}, 2.0, id="root is smallest"),
        pytest.param({"a/cpu.max": "300000 100000", "a/b/cpu.max": "100000 100000"}, 1.0, id="own is smallest"),
        pytest.param({"a/cpu.max": "100000 100000", "a/b/cpu.max": "300000 100000"}, 1.0, id="parent is smallest"),
        pytest.param({"a/cpu.max": "junk", "a/b/cpu.max": "300000 100000"}, 3.0, id="unreadable parent"),
        pytest.param({"b/cpu.max": "100000 100000", "a/c/cpu.max": "100000 100000"}, None, id="other cgroups"),
        pytest.param({"a/b/child/cpu.max": "100000 100000"}, None, id="a child's"),
    ],
)
def test_smallest_quota_along_the_path_holds(tmp_path: Path, files: dict[str, str], expected: float | None) -> None:
    """In a nested cgroup (v2), its own limit and every ancestor's count, and no other's."""
    assert quota(tmp_path, files, "0::/a/b\n") == expected


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        pytest.param("cpu/docker/abc", 1.5, id="own"),
        pytest.param("cpu/docker", 1.5, id="parent"),
        pytest.param("cpu", 1.5, id="mounted as root in a container"),
        pytest.param("cpu/elsewhere", None, id="of another controller"),
        pytest.param("cpu/other", None, id="of no controller"),
        pytest.param("docker/abc", None, id="not in the CPU hierarchy"),
    ],
)
def test_quota_of_nested_v1_cgroups(tmp_path: Path, folder: str, expected: float | None) -> None:
    """In version 1 the path of the CPU controller's own line counts."""
    files = {f"{folder}/cpu.cfs_quota_us": "150000\n", f"{folder}/cpu.cfs_period_us": "100000\n"}
    assert quota(tmp_path, files, V1_MEMBERSHIP) == expected


def test_path_with_colons_and_spaces(tmp_path: Path) -> None:
    """A cgroup's name may hold colons and spaces, as some service managers' do."""
    assert quota(tmp_path, {"a slice/b:c/cpu.max": "100000 100000"}, "0::/a slice/b:c\n") == 1.0


def test_path_outside_the_namespace(tmp_path: Path) -> None:
    """A path that leads out of a container's own view does no harm: the root's limit holds."""
    assert quota(tmp_path, {"cpu.max": "200000 100000"}, "0::/../../host\n") == 2.0


@pytest.mark.parametrize(
    ("limit", "available", "expected"), [(None, 4, 4), (2.9, 4, 2), (0.5, 4, 1), (1.0, 4, 1), (16.0, 4, 4), (3.0, 4, 3)]
)
def test_allowed_threads_are_whole_and_at_least_one(
    monkeypatch: pytest.MonkeyPatch, limit: float | None, available: int, expected: int
) -> None:
    """The affinity counts, a smaller quota rounded down limits it, and one thread is always allowed."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(available)), raising=False)
    monkeypatch.setattr(cpus, "cgroup_quota", lambda: limit)
    assert allowed_threads() == expected


def test_allowed_threads_without_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a system has no affinity, the number of its CPUs counts, and one where even that is unknown."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(cpus, "cgroup_quota", lambda: None)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert allowed_threads() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert allowed_threads() == 1


def test_allowed_threads_here() -> None:
    """On this machine, too, at least one thread is allowed and no more than there are CPUs."""
    assert 1 <= allowed_threads() <= (os.cpu_count() or 1)


def test_stolen_share_is_of_the_time_in_between() -> None:
    """Ten of two hundred ticks stolen between two readings are five percent, whatever was stolen before."""
    assert stolen_share(CpuTime(stolen=500, total=1000), CpuTime(stolen=510, total=1200)) == 0.05
    assert stolen_share(CpuTime(stolen=500, total=1000), CpuTime(stolen=500, total=1200)) == 0.0


def test_stolen_share_that_is_not_known() -> None:
    """Without two readings, or without time between them, there is no share."""
    reading = CpuTime(stolen=5, total=100)
    assert stolen_share(None, reading) is None
    assert stolen_share(reading, None) is None
    assert stolen_share(reading, reading) is None


def redirect(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, file: Path) -> None:
    """Let a module read another file where it asks for this one."""
    monkeypatch.setattr(module, "Path", lambda path: {name: file}[path])


def test_cpu_time_of_known_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of the first line's figures the eighth is stolen; the guest's two are already among the others."""
    text = "cpu  100 20 30 400 50 6 7 80 9 10\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
    redirect(monkeypatch, cpus, "/proc/stat", write(tmp_path, {"stat": text}) / "stat")
    assert read_cpu_time() == CpuTime(stolen=80, total=693)


def test_cpu_time_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there is no /proc, the time stolen is not known."""
    redirect(monkeypatch, cpus, "/proc/stat", tmp_path / "missing")
    assert read_cpu_time() is None


def test_cpu_time_here() -> None:
    """Two readings of this machine are plausible: nothing negative, and time does not run backwards."""
    before, after = read_cpu_time(), read_cpu_time()
    if before is not None and after is not None:
        assert 0 <= before.stolen <= before.total
        assert after.total >= before.total


@pytest.mark.parametrize(
    ("text", "model", "flags"),
    [
        pytest.param(
            "processor\t: 0\nmodel name\t: Fast CPU @ 2.7GHz: new\nflags\t\t: sse avx\n\nmodel name\t: Other\n",
            "Fast CPU @ 2.7GHz: new",
            ("avx", "sse"),
            id="x86, the first CPU's",
        ),
        pytest.param("processor\t: 0\nFeatures\t: fp asimd\n", "made-up", ("asimd", "fp"), id="ARM"),
        pytest.param("", "made-up", (), id="empty"),
    ],
)
def test_processor_of_known_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, model: str, flags: tuple[str, ...]
) -> None:
    """Model and sorted flags are read as the kernel writes them on x86 and on ARM."""
    monkeypatch.setattr(processor.platform, "machine", lambda: "made-up")
    redirect(monkeypatch, processor, "/proc/cpuinfo", write(tmp_path, {"cpuinfo": text}) / "cpuinfo")
    found = read_processor()
    assert (found.model, found.flags) == (model, flags)


def test_processor_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there is no /proc, the platform's word for the CPU is taken."""
    monkeypatch.setattr(processor.platform, "processor", lambda: "some processor")
    redirect(monkeypatch, processor, "/proc/cpuinfo", tmp_path / "missing")
    assert read_processor() == processor.Processor("some processor", ())


def test_processor_here() -> None:
    """This machine's CPU has a name, and no flag twice."""
    found = read_processor()
    assert found.model
    assert list(found.flags) == sorted(set(found.flags))


def test_the_clock_is_the_mean_of_all_cpus(tmp_path):
    """Where the system tells the clock of each CPU in kHz, their mean in MHz is read."""
    for cpu, clock in (("cpu0", "3000000"), ("cpu1", "2000000")):
        folder = tmp_path / cpu / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_cur_freq").write_text(f"{clock}\n")
    assert read_frequency(tmp_path, tmp_path / "none") == 2500.0


def test_the_clock_is_read_from_cpuinfo_where_nothing_else_tells_it(tmp_path):
    """A machine without frequency scaling has its clock in /proc/cpuinfo, or nowhere."""
    information = tmp_path / "cpuinfo"
    information.write_text("model name : x\ncpu MHz\t\t: 2596.148\nmodel name : x\ncpu MHz\t\t: 2596.152\n")
    assert read_frequency(tmp_path, information) == pytest.approx(2596.15)
    information.write_text("model name : x\n")
    assert read_frequency(tmp_path, information) is None
    assert read_frequency(tmp_path, tmp_path / "none") is None
