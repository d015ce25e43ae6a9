"""What the doctor finds installed: on distributions made up in a folder, with nothing imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runoff.contract import MODULE, ONNX, Variant
from runoff.doctor.installation import judge_environment
from runoff.environments.discovery import read_installed
from runoff.environments.environment import Environment
from runoff.environments.survey import canonical, survey
from runoff.text.ids import HERE
from tests.builders.declarations import declared
from tests.conftest import ROOT
from tests.environments.test_cpus import write

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
    """Return the one folder that this interpreter finds distributions in."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *(path for path in sys.path if "site-packages" not in path)])
    return tmp_path


def backend(
    *requires: str,
    convert: tuple[str, ...] = (),
    distributions: tuple[str, ...] = (),
    variants: tuple[Variant, ...] = (Variant(),),
    form: str = MODULE,
) -> Any:
    """Make what a backend declares about its modules."""
    return declared(
        VARIANTS=variants, REQUIRES=requires, CONVERT_REQUIRES=convert, DISTRIBUTIONS=distributions, FORM=form
    )


def environment(name: str, answer: dict[str, Any], **backends: Any) -> Environment:
    """Make an environment that answered so when it was asked about these backends."""
    installed = read_installed(answer, backends.values())
    return Environment(name, Path(f"python-{name}"), backends=backends, installed=installed)


def found(answer: dict[str, Any], **backends: Any) -> Any:
    """Judge the only environment, which answered so."""
    here = environment(HERE, answer, **backends)
    return judge_environment(here, {HERE: here})


def ask(modules: list[str], distributions: list[str]) -> dict[str, Any]:
    """Survey this interpreter with its packages."""
    return survey(modules, distributions, packages=True)


def test_a_wheel_is_described(site: Path) -> None:
    """Version, tag and local part are read of a distribution, and what it brought for GPUs, where that is installed."""
    install(site, "gadget", "2.1+cu128", ("gadget/__init__.py",), ("nvidia-thing; sys_platform == 'linux'", "rocm-x"))
    install(site, "nvidia-thing", "1.0", ("nvidia/thing/__init__.py",))
    answer = ask(["gadget", "absent"], ["gadget", "absent"])
    assert answer["modules"] == ["gadget"]
    assert answer["providers"] == {"gadget": ["gadget"]}
    assert (answer["distributions"]["gadget"]["version"], answer["distributions"]["gadget"]["tags"]) == (
        "2.1+cu128",
        [TAG],
    )
    (finding,) = found(answer, machine=backend("gadget", distributions=("gadget",))).backends
    (wheel,) = finding.distributions
    assert (wheel.name, wheel.version, wheel.build, wheel.gpu_libraries) == (
        "gadget",
        "2.1+cu128",
        "cu128",
        ("nvidia-thing",),
    )


def test_the_provider_is_found_whatever_it_is_called(site: Path) -> None:
    """A module that another distribution than the declared one brought is found, with that one's name and version."""
    install(site, "gadget-gpu", "3.0", ("gadget/__init__.py",))
    answer = ask(["gadget"], ["gadget"])
    (finding,) = found(answer, machine=backend("gadget", distributions=("gadget",))).backends
    assert [(each.name, each.version) for each in finding.distributions] == [("gadget-gpu", "3.0")]
    assert finding.missing == finding.install == ()
    assert not finding.doubled


def test_two_providers_of_one_module_are_named(site: Path) -> None:
    """Two distributions with the same module's own file are both named; a shared namespace is nobody's double."""
    install(site, "gadget", "3.0", ("gadget/__init__.py",))
    install(site, "gadget-gpu", "3.1", ("gadget/__init__.py",))
    install(site, "gadget-plugin", "1.0", ("gadget/plugins/one.py",))
    answer = ask(["gadget"], [])
    (finding,) = found(answer, machine=backend("gadget", distributions=("gadget",))).backends
    assert finding.doubled == {"gadget": ("gadget", "gadget-gpu")}
    assert [each.name for each in finding.distributions] == ["gadget", "gadget-gpu"]


NOTHING = {"modules": [], "versions": {"python": "3.12.1"}}


def answers(*modules: str) -> dict[str, Any]:
    """Make the answer of an environment that has these modules."""
    return NOTHING | {"modules": list(modules)}


def test_what_is_missing_is_named_with_what_to_install() -> None:
    """The distribution named like the module is the one to install, or the backend's first; conversion counts too."""
    alike = backend("big_thing", convert=("maker_tool", "big_thing"), distributions=("big-thing",))
    unlike = backend("thing", distributions=("first-name", "second-name"))
    judged = found(NOTHING, alike=alike, unlike=unlike)
    first, second = judged.backends
    assert judged.numpy is None
    assert judged.golden_missing
    assert (first.missing, first.convert_missing) == (("big_thing",), ("maker_tool", "big_thing"))
    assert first.install == ("big-thing", "maker-tool")
    assert second.install == ("first-name",)


def test_any_environment_may_convert() -> None:
    """What another environment can convert is no lack of this one, and golden is asked for here alone."""
    machine = backend("thing", convert=("maker",), distributions=("thing",))
    here = environment(HERE, answers("thing"), machine=machine)
    there = environment("there", answers("maker"), machine=machine)
    both = {HERE: here, "there": there}
    (ours,), (theirs,) = (judge_environment(each, both).backends for each in both.values())
    assert (ours.converter, ours.convert_missing, ours.install) == ("there", (), ())
    assert (theirs.converter, theirs.missing, theirs.install) == ("there", ("thing",), ("thing",))
    assert judge_environment(there, both).golden_missing == ()


def test_what_no_environment_can_convert_is_said_once() -> None:
    """A converter that is nowhere is to be installed here, and in no other environment."""
    machine = backend("thing", convert=("maker",), distributions=("thing",))
    both = {name: environment(name, answers("thing"), machine=machine) for name in (HERE, "there")}
    (ours,), (theirs,) = (judge_environment(each, both).backends for each in both.values())
    assert (ours.converter, ours.convert_missing, ours.install) == (None, ("maker",), ("maker",))
    assert (theirs.converter, theirs.convert_missing, theirs.install) == (None, (), ())


def test_what_a_variant_needs_to_be_converted_is_looked_for() -> None:
    """A module that only a variant's conversion needs is missing for that variant, wherever nobody has it."""
    machine = backend(
        "thing", convert=("maker",), variants=(Variant(), Variant("int8", convert_requires=("quantiser",)))
    )
    (alone,) = found(answers("thing", "maker"), machine=machine).backends
    assert (alone.converter, alone.convert_missing) == (HERE, ())
    assert (alone.variants_missing, alone.install) == ({"machine-int8": ("quantiser",)}, ("quantiser",))
    here = environment(HERE, answers("thing", "maker"), machine=machine)
    there = environment("there", answers("maker", "quantiser"), machine=machine)
    helped = judge_environment(here, {HERE: here, "there": there}).backends[0]
    assert (helped.variants_missing, helped.install) == ({}, ())


def test_what_the_export_to_onnx_needs_is_looked_for() -> None:
    """A backend that converts from ONNX can't where no environment exports to it; what that takes is installed here."""
    machine = backend("thing", convert=("maker",), form=ONNX)
    (alone,) = found(answers("thing", "maker", "torch"), machine=machine).backends
    assert (alone.converter, alone.convert_missing) == (None, ("torchvision", "onnx"))
    assert alone.install == ("torchvision", "onnx")
    here = environment(HERE, answers("thing", "maker"), machine=machine)
    there = environment("there", answers("torch", "torchvision", "onnx"), machine=machine)
    (helped,) = judge_environment(here, {HERE: here, "there": there}).backends
    assert (helped.converter, helped.convert_missing, helped.install) == (HERE, (), ())


def test_names_are_compared_as_indexes_do() -> None:
    """Case, hyphens, dots and underscores don't tell two distributions apart."""
    assert canonical("Tensor_Flow..CPU") == canonical("tensor-flow-cpu") == "tensor-flow-cpu"


def test_the_survey_needs_the_standard_library_alone() -> None:
    """Even an environment without numpy can be asked."""
    code = "import sys, runoff.processes.step, runoff.environments.survey\nassert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
