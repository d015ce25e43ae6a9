"""What the doctor finds installed: on distributions made up in a folder, with nothing imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runoff.doctor.environments import read_environment
from runoff.environments.contenders import HERE, Environment
from runoff.environments.installation import canonical, survey
from tests.conftest import ROOT
from tests.environments.test_limits import write

TAG = "cp311-cp311-manylinux_2_28_x86_64"


def install(folder: Path, name: str, version: str, files: tuple[str, ...], requires: tuple[str, ...] = ()) -> None:
    """Put a made-up distribution into a folder as an installer would, with modules that may not be imported."""
    about = f"{name.replace('-', '_')}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    record = "".join(f"{file},,\n" for file in (*files, f"{about}/METADATA", f"{about}/WHEEL", f"{about}/RECORD"))
    wheel = f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {TAG}\n"
    write(
        folder,
        dict.fromkeys(files, "raise AssertionError('imported')\n")
        | {
            f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
            f"{about}/WHEEL": wheel,
            f"{about}/RECORD": record,
        },
    )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder that this interpreter finds distributions in."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def backend(*requires: str, convert: tuple[str, ...] = (), distributions: tuple[str, ...] = ()) -> Any:
    """Make what a backend declares about its modules."""
    return SimpleNamespace(REQUIRES=requires, CONVERT_REQUIRES=convert, DISTRIBUTIONS=distributions)


def found(environment: str, answer: dict[str, Any], **backends: Any) -> Any:
    """Read a survey as of an environment."""
    return read_environment(Environment(environment, Path("python")), backends, answer)


def test_a_wheel_is_described(site: Path) -> None:
    """Version, tag and local part are read of a distribution, and what it brought for GPUs, where that is installed."""
    install(site, "gadget", "2.1+cu128", ("gadget/__init__.py",), ("nvidia-thing; sys_platform == 'linux'", "rocm-x"))
    install(site, "nvidia-thing", "1.0", ("nvidia/thing/__init__.py",))
    answer = survey(["gadget", "absent"], ["gadget", "absent"])
    assert answer["modules"] == ["gadget"]
    assert answer["providers"] == {"gadget": ["gadget"]}
    assert answer["distributions"] == {
        "gadget": {"version": "2.1+cu128", "tags": [TAG], "gpu_libraries": ["nvidia-thing"]}
    }
    (finding,) = found("x", answer, machine=backend("gadget", distributions=("gadget",))).backends
    (wheel,) = finding.distributions
    assert (wheel.name, wheel.version, wheel.variant, wheel.gpu_libraries) == (
        "gadget",
        "2.1+cu128",
        "cu128",
        ("nvidia-thing",),
    )


def test_the_provider_is_found_whatever_it_is_called(site: Path) -> None:
    """A module that another distribution than the declared one brought is found, with that one's name and version."""
    install(site, "gadget-gpu", "3.0", ("gadget/__init__.py",))
    answer = survey(["gadget"], ["gadget"])
    (finding,) = found("x", answer, machine=backend("gadget", distributions=("gadget",))).backends
    assert [(each.name, each.version) for each in finding.distributions] == [("gadget-gpu", "3.0")]
    assert finding.missing == finding.install == ()
    assert not finding.doubled


def test_two_providers_of_one_module_are_told(site: Path) -> None:
    """Two distributions with the same module's own file are both named; a shared namespace is nobody's double."""
    install(site, "gadget", "3.0", ("gadget/__init__.py",))
    install(site, "gadget-gpu", "3.1", ("gadget/__init__.py",))
    install(site, "gadget-plugin", "1.0", ("gadget/plugins/one.py",))
    answer = survey(["gadget"], [])
    (finding,) = found("x", answer, machine=backend("gadget", distributions=("gadget",))).backends
    assert finding.doubled == {"gadget": ("gadget", "gadget-gpu")}
    assert [each.name for each in finding.distributions] == ["gadget", "gadget-gpu"]


NOTHING = {"python": "3.12.1", "modules": [], "providers": {}, "distributions": {}}


def test_what_is_missing_is_named_with_what_to_install() -> None:
    """The distribution named like the module is the one to install, or the backend's first; conversion counts here."""
    alike = backend("big_thing", convert=("maker_tool", "big_thing"), distributions=("big-thing",))
    unlike = backend("thing", distributions=("first-name", "second-name"))
    first, second = found(HERE, NOTHING, alike=alike, unlike=unlike).backends
    assert (first.missing, first.convert_missing) == (("big_thing",), ("maker_tool", "big_thing"))
    assert first.install == ("big-thing", "maker-tool")
    assert second.install == ("first-name",)


def test_another_environment_need_not_convert() -> None:
    """Elsewhere than here neither conversion nor golden is asked for."""
    environment = found("elsewhere", NOTHING, one=backend("thing", convert=("maker",), distributions=("thing",)))
    assert environment.numpy is None
    assert environment.golden_missing == ()
    assert environment.backends[0].convert_missing is None
    assert environment.backends[0].install == ("thing",)


def test_names_are_compared_as_indexes_do() -> None:
    """Case, hyphens, dots and underscores don't tell two distributions apart."""
    assert canonical("Tensor_Flow..CPU") == canonical("tensor-flow-cpu") == "tensor-flow-cpu"


def test_the_survey_needs_the_standard_library_alone() -> None:
    """Even an environment without numpy can be asked."""
    code = "import sys, runoff.processes.step, runoff.environments.installation\nassert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
