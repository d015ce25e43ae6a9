"""What pyproject.toml installs on each Python: TensorFlow takes part everywhere, and what is said of it is so."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement

from runoff.backends import tensorflow
from tests.conftest import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

CLASSIC = ((3, 10), (3, 11))
MODERN = ((3, 12), (3, 13))


def requirements(extra: str, python: tuple[int, int]) -> Iterator[Requirement]:
    """Give what an extra installs on a Python, with the extras that it consists of laid open."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for text in extras[extra]:
        requirement = Requirement(text)
        if requirement.name == "runoff":
            for part in requirement.extras:
                yield from requirements(part, python)
        elif requirement.marker is None or requirement.marker.evaluate({"python_version": "{}.{}".format(*python)}):
            yield requirement


@pytest.mark.parametrize("extra", ["compare", "field"])
@pytest.mark.parametrize("python", CLASSIC + MODERN)
def test_no_package_is_asked_for_in_two_versions(extra, python):
    """On each Python an extra names every package in one version or range."""
    asked: dict[str, set[str]] = {}
    for requirement in requirements(extra, python):
        asked.setdefault(requirement.name, set()).add(str(requirement.specifier))
    assert {name: found for name, found in asked.items() if len(found) > 1} == {}


@pytest.mark.parametrize("python", CLASSIC + MODERN)
def test_the_main_job_can_convert_for_tensorflow_on_every_python(python):
    """`tox -e compare` installs one TensorFlow and all that the backend says converting for it needs."""
    packages = {requirement.name for requirement in requirements("compare", python)}
    assert len(packages & {"tensorflow", "tensorflow-cpu"}) == 1
    modules = {name.replace("-", "_") for name in packages} | {"tensorflow"}
    assert set(tensorflow.CONVERT_REQUIRES) <= modules
    (converter,) = set(tensorflow.CONVERTERS) & modules
    assert tensorflow.CONVERTER_REQUIRES.get(converter) in {None, *modules}


@pytest.mark.parametrize("python", CLASSIC)
def test_where_onnx_tf_converts_nothing_needs_to_be_said(python):
    """Up to Python 3.11 onnx-tf is installed, and onnx2tf is not."""
    packages = {requirement.name for requirement in requirements("compare", python)}
    assert packages & {"onnx-tf", "onnx2tf"} == {"onnx-tf"}
    assert "onnx_tf" not in tensorflow.NOTES


@pytest.mark.parametrize("python", MODERN)
def test_where_onnx2tf_converts_one_line_says_so(python):
    """From Python 3.12 on onnx2tf is installed with what it imports and runs, and every result has a line about it."""
    packages = {requirement.name for requirement in requirements("compare", python)}
    assert packages & {"onnx-tf", "onnx2tf"} == {"onnx2tf"}
    assert packages >= {"tf-keras", "onnx-graphsurgeon", "sng4onnx", "ai-edge-litert", "psutil", "onnxsim"}
    assert tensorflow.NOTES["onnx2tf"].startswith("TensorFlow runs what onnx2tf converted")
