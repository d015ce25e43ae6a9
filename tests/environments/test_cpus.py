"""The CPUs: cgroup limits on made-up folders, and affinity."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runoff.environments import cpus
from runoff.environments.cpus import Sides, allowed_threads, cgroup_quota, two_sides
from runoff.judge.busy import Given
from runoff.processor import own_cpus

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
    if membership is not None:
        write(root / "proc" / "self", {"cgroup": membership})
    write(root / "sys" / "fs" / "cgroup", files)
    return cgroup_quota(root)


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


def imagine_cores(monkeypatch: pytest.MonkeyPatch, root: Path, cores: list[list[int]], limit: float | None) -> None:
    """Make up a machine whose CPUs are threads of these cores, and a quota."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {cpu for core in cores for cpu in core}, raising=False)
    monkeypatch.setattr(cpus, "cgroup_quota", lambda: limit)
    for core in cores:
        threads = ",".join(map(str, core)) + "\n"
        write(root / "sys/devices/system/cpu", {f"cpu{cpu}/topology/thread_siblings_list": threads for cpu in core})


@pytest.mark.parametrize(
    ("cores", "limit", "most", "expected"),
    [
        pytest.param([[0]], None, 4, Sides((), (), True), id="one CPU"),
        pytest.param([[0], [1]], None, 4, Sides((1,), (0,), False), id="two cores"),
        pytest.param([[0, 1]], None, 4, Sides((1,), (0,), True), id="two threads of one core"),
        pytest.param([[0, 2], [1, 3]], None, 4, Sides((1, 3), (0, 2), False), id="two cores of two threads"),
        pytest.param([[0], [1], [2]], None, 4, Sides((1,), (0,), False), id="three cores"),
        pytest.param(
            [[0, 4], [1, 5], [2, 6], [3, 7]], None, 2, Sides((1, 3), (0, 2), False), id="a thread of each core first"
        ),
        pytest.param([[0], [1], [2], [3]], 2.5, 4, Sides((1,), (0,), False), id="a quota"),
        pytest.param([[0], [1], [2], [3]], 1.0, 4, Sides((), (), False), id="a quota of one"),
        pytest.param([[4], [6]], None, 4, Sides((6,), (4,), False), id="an affinity"),
        pytest.param([[0, 1], [2]], None, 4, Sides((2,), (0,), False), id="unequal cores"),
    ],
)
def test_two_sides_have_as_many_cpus_each_and_share_no_core_while_there_are_two(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    cores: list[list[int]],
    limit: float | None,
    most: int,
    expected: Sides,
) -> None:
    """Cores go to the sides in turn, and both keep no more CPUs busy than are allowed and asked for."""
    imagine_cores(monkeypatch, tmp_path, cores, limit)
    assert two_sides(most, tmp_path) == expected


def test_cpus_of_unknown_cores_are_taken_for_cores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the system does not say which threads share a core, each CPU counts as one."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(cpus, "cgroup_quota", lambda: None)
    assert two_sides(4, tmp_path) == Sides((1, 3), (0, 2), False)


def test_sides_here() -> None:
    """On this machine, too, the sides are separate CPUs and none is of both."""
    sides = two_sides(4)
    assert len(sides.own) == len(sides.other)
    assert not set(sides.own) & set(sides.other)
    assert {*sides.own, *sides.other} <= own_cpus()


def test_given_threads_are_set_against_the_cores_that_cpus_share(monkeypatch, tmp_path):
    """Four threads on four CPUs of two cores share them; with nothing said of cores, nothing is known of it."""
    monkeypatch.setattr(cpus, "own_cpus", lambda: frozenset({0, 1, 2, 3}))
    monkeypatch.setattr(cpus, "cgroup_quota", lambda: None)
    assert cpus.given_threads(4, tmp_path) == Given(4, 4, None)
    siblings = {cpu: f"{cpu % 2},{cpu % 2 + 2}" for cpu in range(4)}
    folder = tmp_path / "sys" / "devices" / "system" / "cpu"
    write(folder, {f"cpu{cpu}/topology/thread_siblings_list": shared for cpu, shared in siblings.items()})
    given = cpus.given_threads(4, tmp_path)
    assert given == Given(4, 4, 2)
    assert given.shares_cores
    assert not cpus.given_threads(2, tmp_path).shares_cores
    monkeypatch.setattr(cpus, "cgroup_quota", lambda: 2.5)
    assert cpus.given_threads(4, tmp_path).possible == 2
