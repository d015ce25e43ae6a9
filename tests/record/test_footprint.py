"""What a contender takes on disk: made-up distributions in a folder, whose sizes and needs are known."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.contract import Source
from runoff.environments import survey as surveys
from runoff.environments.survey import describe, marker_values
from runoff.record.footprint import describe_footprint, needed, packages_of, roots_of
from tests.builders.declarations import declared

MARKERS = {"python_version": "3.11", "sys_platform": "linux", "platform_machine": "x86_64"}


def install(
    site: Path, name: str, files: dict[str, int], requires: tuple[str, ...] = (), recorded: bool = True, **extra: str
) -> None:
    """Install a made-up distribution whose files have so many bytes."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
    for path, size in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(b"x" * size)
    if recorded:
        (info / "RECORD").write_text("".join(f"{path},,\n" for path in (*files, "gone/never.py")))
    for file, text in extra.items():
        (info / file.replace("_json", ".json")).write_text(text)


def survey(site: Path) -> dict[str, object]:
    """Survey what was installed there."""
    return {
        "markers": marker_values() | MARKERS,
        "distributions": describe(importlib.metadata.distributions(path=[str(site)])),
    }


def test_bytes_are_those_of_recorded_files(tmp_path):
    """Files that are recorded and exist count, each once; those removed since, or never recorded, do not."""
    install(tmp_path, "engine", {"engine/a.so": 1000, "engine/b.py": 10})
    install(tmp_path, "twin", {"engine/b.py": 10, "twin/c.py": 5})
    (tmp_path / "engine" / "compiled.pyc").write_bytes(b"x" * 77)
    found = describe(importlib.metadata.distributions(path=[str(tmp_path)]))
    assert {name: one["bytes"] for name, one in found.items()} == {"engine": 1010, "twin": 5}


def editable(separators: tuple[str, str]) -> dict[str, str]:
    """Make what an installer notes of a package that it installed from a folder, with its own spacing of JSON."""
    origin = {"url": "file:///x", "dir_info": {"editable": True}}
    return {"direct_url_json": json.dumps(origin, separators=separators)}


@pytest.mark.parametrize(
    ("recorded", "extra"),
    [(False, {}), (True, editable((", ", ": "))), (True, editable((",", ":")))],
    ids=["no record", "editable by pip", "editable by uv"],
)
def test_a_size_that_is_not_known_is_not_zero(tmp_path, recorded, extra):
    """A distribution without a record, or one that points to its sources, has an unknown size."""
    install(tmp_path, "engine", {"engine/a.so": 1000}, recorded=recorded, **extra)
    found = describe(importlib.metadata.distributions(path=[str(tmp_path)]))
    assert found["engine"]["bytes"] is None


def test_sources_that_a_package_was_built_from_are_no_record(tmp_path):
    """An .egg-info folder lists the sources of a package, not what was installed: its size is not known."""
    info = tmp_path / "engine.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: engine\nVersion: 1.0\n")
    (info / "SOURCES.txt").write_text("setup.py\nengine.py\n")
    (tmp_path / "engine.py").write_text("x = 1\n")
    found = describe(importlib.metadata.distributions(path=[str(tmp_path)]))
    assert found["engine"]["bytes"] is None


def test_a_framework_that_is_no_package_is_not_passed_over(tmp_path):
    """Where none of a backend's distributions is installed, the framework is there with a size that is not known."""
    install(tmp_path, "numpy", {"n": 3})
    found = survey(tmp_path)
    names = needed(["Engine.Core", "engine-cpu"], found)
    assert names == ("engine-core", "numpy")
    told = describe_footprint("engine", packages_of("engine", {"engine": names}, found), 1000)
    assert told.unknown == ["engine-core"]
    assert told.total == 1003
    install(tmp_path, "engine-cpu", {"e": 5})
    assert needed(["Engine.Core", "engine-cpu"], survey(tmp_path)) == ("engine-cpu", "numpy")


def test_what_makes_the_model_is_needed_where_its_code_runs():
    """An eager module needs the package that makes it, and what runs a converted one does not."""
    eager = declared(DISTRIBUTIONS=("torch",), functions=("import_model",))
    timm = Source("timm", "timm:resnet18", {}, version="1.0.31")
    assert roots_of(eager, timm) == ("torch", "timm")
    assert roots_of(declared(DISTRIBUTIONS=("engine",)), timm) == ("engine",)
    assert roots_of(eager, Source("torchvision", "resnet18", {})) == ("torch",)


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])


@given(
    requires=st.dictionaries(NAMES, st.lists(NAMES)),
    sizes=st.fixed_dictionaries(dict.fromkeys("abcde", st.integers(0, 10**9))),
    roots=st.lists(st.lists(NAMES, min_size=1), min_size=1, max_size=3),
    artifact=st.integers(1, 10**9),
)
def test_every_byte_is_counted_once_for_each_backend(requires, sizes, roots, artifact):
    """Whatever requires whatever: all that is needed is there, and counts once, as own or as shared, never as both."""
    found = {
        "markers": marker_values(),
        "distributions": {
            name: {"version": "1", "requires": requires.get(name, []), "bytes": size} for name, size in sizes.items()
        },
    }
    by_backend = {str(number): needed(names, found) for number, names in enumerate(roots)}
    for backend, names in by_backend.items():
        reached = set(roots[int(backend)])
        for _ in sizes:
            reached |= {other for name in reached for other in requires.get(name, [])}
        assert set(names) == reached
        told = describe_footprint(backend, packages_of(backend, by_backend, found), artifact)
        assert told.total == artifact + sum(sizes[name] for name in names)
        others = {name for other, theirs in by_backend.items() if other != backend for name in theirs}
        assert told.own == sum(sizes[name] for name in set(names) - others)
        assert told.own + told.shared + artifact == told.total


def test_needs_are_followed_where_their_markers_hold(tmp_path):
    """Requirements of requirements count; those for other systems, of extras not asked for, or not installed do not."""
    install(
        tmp_path,
        "Engine_Core",
        {"e": 1},
        ("helper>=1", "windows-only; sys_platform == 'win32'", "plots; extra == 'plots'", "absent"),
    )
    install(tmp_path, "helper", {"h": 1}, ("not a requirement!", "engine-core", "fast[speed]"))
    install(tmp_path, "fast", {"f": 1}, ("faster; extra == 'speed'", "slower; extra == 'size'"))
    for name in ("windows-only", "plots", "faster", "slower", "numpy"):
        install(tmp_path, name, {name: 1})
    assert needed(["engine.core"], survey(tmp_path)) == ("engine-core", "fast", "faster", "helper", "numpy")


def test_what_others_need_too_is_told_apart(tmp_path):
    """Own and shared bytes add up with the artifact to the whole, and each package says who else needs it."""
    install(tmp_path, "one", {"1": 100}, ("common",))
    install(tmp_path, "two", {"2": 30}, ("common",))
    install(tmp_path, "common", {"c": 7})
    install(tmp_path, "numpy", {"n": 3})
    found = survey(tmp_path)
    by_backend = {name: needed([name], found) for name in ("one", "two")}
    packages = packages_of("one", by_backend, found)
    assert [(package.name, package.version, package.size, package.shared_with) for package in packages] == [
        ("one", "1.0", 100, ()),
        ("common", "1.0", 7, ("two",)),
        ("numpy", "1.0", 3, ("two",)),
    ]
    told = describe_footprint("one", packages, 1000)
    assert (told.contender, told.packages) == ("one", tuple(packages))
    assert (told.own, told.shared, told.artifact, told.total) == (100, 10, 1000, 1110)


def test_what_is_needed_without_any_extra_is_followed(tmp_path):
    """A marker that holds only where no extra was asked for holds for the roots and for what they require."""
    install(tmp_path, "engine", {"e": 1}, ("plain; extra == ''", "helper"))
    install(tmp_path, "helper", {"h": 1}, ("bare; extra == ''",))
    for name in ("plain", "bare", "numpy"):
        install(tmp_path, name, {name: 1})
    assert needed(["engine"], survey(tmp_path)) == ("bare", "engine", "helper", "numpy", "plain")


def test_a_size_that_is_not_known_comes_after_the_smallest():
    """Packages are in the order of their sizes, alike ones and those without a size in that of their names."""
    sizes = {"unknown": None, "a": None, "tiny": 1, "more": 2, "empty": 0}
    found = {"distributions": {name: {"version": "1", "bytes": size} for name, size in sizes.items()}}
    packages = packages_of("engine", {"engine": tuple(sizes)}, found)
    assert [package.name for package in packages] == ["more", "tiny", "a", "empty", "unknown"]


@pytest.mark.full
@pytest.mark.long
def test_this_interpreter_can_be_asked():
    """The real thing: numpy is installed here with a size, and markers have the names that packaging knows."""
    found = surveys.survey([], [], packages=True)
    assert found["distributions"]["numpy"]["bytes"] > 1_000_000
    assert "numpy" in needed([], found)


@pytest.mark.full
def test_it_needs_no_race(suite):
    """Asked alone, the question converts and checks, and starts no launch; every contender has its bytes."""
    done = suite.run("-k", "footprint", "--contenders", "fake,fake-companion")
    assert done.returncode == 0, done.stdout + done.stderr
    stored = json.loads((suite.root / "results" / "runoff.json").read_text())
    told = {one["extra_info"]["contender"]: one["extra_info"] for one in stored["benchmarks"]}
    assert set(told) == {"fake", "fake-companion"}
    assert stored["machine_info"]["runoff"]["control"] is None
    assert told["fake-companion"]["artifact_bytes"] > told["fake"]["artifact_bytes"] > 0
    assert "What it costs to deploy" in done.stdout


@pytest.mark.parametrize(("origin", "known"), [("{", False), ("[]", False), ('{"dir_info": null}', True), ("{}", True)])
def test_an_origin_that_cannot_be_read_costs_one_size(tmp_path, origin, known):
    """A broken ``direct_url.json`` makes that distribution's size unknown, and no other's."""
    install(tmp_path, "engine", {"engine/a.so": 1000}, direct_url_json=origin)
    install(tmp_path, "other", {"other/b.so": 10})
    found = describe(importlib.metadata.distributions(path=[str(tmp_path)]))
    assert (found["engine"]["bytes"] is not None, found["other"]["bytes"]) == (known, 10)
