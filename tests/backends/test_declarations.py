"""What a backend's file declares is checked when it is found, and each mistake is told with the file's name."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from runoff.backends import Declaration, declaration_of, declare, find_backends
from runoff.contract import Variant
from runoff.errors import ContractBroken
from runoff.files.values import from_json
from tests.fakes import fake


def changed(**changes: Any) -> ModuleType:
    """Make a backend's module like the fake one, but for what is changed; None takes an attribute away."""
    module = ModuleType("newcomer")
    vars(module).update(vars(fake) | {"__name__": "newcomer", "__file__": "/somewhere/newcomer.py"} | changes)
    for name, value in changes.items():
        if value is None:
            delattr(module, name)
    return module


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"VARIANTS": None}, "VARIANTS is missing: expected a tuple of one Variant or more", id="missing"),
        pytest.param({"SUFFIX": None}, "SUFFIX is missing: expected a string", id="another that is missing"),
        pytest.param({"REQUIRES": "numpy"}, "REQUIRES: expected a tuple of strings, found 'numpy'", id="no tuple"),
        pytest.param(
            {"DISTRIBUTIONS": (1,)}, "DISTRIBUTIONS: expected a tuple of strings, found (1,)", id="no strings"
        ),
        pytest.param({"SUFFIX": 3}, "SUFFIX: expected a string, found 3", id="no string"),
        pytest.param({"SUFFIX": "npy"}, "SUFFIX: expected a name's end with its dot, found 'npy'", id="no dot"),
        pytest.param({"LAYOUT": "CHW"}, "LAYOUT: expected an order of the letters NCHW, found 'CHW'", id="no layout"),
        pytest.param({"TITLE": 3}, "TITLE: expected a string, found 3", id="one that may be left out"),
        pytest.param(
            {"ENVIRONMENT": {"X": 1}}, "ENVIRONMENT: expected a mapping of strings to strings, found", id="no variables"
        ),
        pytest.param({"VARIANTS": ()}, "VARIANTS: expected a tuple of one Variant or more, found ()", id="no variant"),
        pytest.param(
            {"VARIANTS": ("fast",)}, "VARIANTS: expected a tuple of one Variant or more", id="what is no variant"
        ),
        pytest.param({"VARIANTS": (Variant(), Variant())}, "VARIANTS: '' is there twice", id="two of a name"),
        pytest.param(
            {"VARIANTS": (Variant(), Variant("int8", convert_requires="nncf"))},
            "VARIANTS[1].convert_requires: expected a tuple of strings, found 'nncf'",
            id="a variant's tuple",
        ),
        pytest.param(
            {"VARIANTS": (Variant(default=1),)}, "VARIANTS[0].default: expected True or False, found 1", id="a switch"
        ),
        pytest.param(
            {"VARIANTS": (Variant(convert_options={"path": Path("x")}),)},
            "VARIANTS[0].convert_options: expected a mapping of JSON values",
            id="an option that can't cross",
        ),
        pytest.param({"load": None}, "load is missing: expected a function", id="no function"),
        pytest.param({"convert": "no"}, "convert is missing: expected a function", id="what is no function"),
    ],
)
def test_a_mistake_is_told_with_the_files_name(changes, words):
    """Each missing or wrong attribute is named with its file and what is expected there."""
    with pytest.raises(ContractBroken) as caught:
        declaration_of(changed(**changes))
    assert str(caught.value).startswith("/somewhere/newcomer.py: ")
    assert words in str(caught.value)


def test_all_mistakes_are_told_at_once():
    """Who writes a backend sees every mistake in one go."""
    with pytest.raises(ContractBroken) as caught:
        declaration_of(changed(REQUIRES=None, SUFFIX=3, load=None))
    assert all(name in str(caught.value) for name in ("REQUIRES is missing", "SUFFIX: expected", "load is missing"))


def test_what_may_be_left_out_has_its_default():
    """A file without the optional declarations and functions is a backend all the same."""
    found = declaration_of(changed(REQUIRES=("numpy", "engine"), DISTRIBUTIONS=("runtime",), peak_kernels=None))
    assert (found.module, found.file) == ("newcomer", "/somewhere/newcomer.py")
    assert (found.TITLE, found.CONVERTERS, found.NOTES, found.functions) == ("", {}, {}, ())
    assert (found.CONVERT_VERSION, found.ENVIRONMENT) == (1, {})
    assert (found.CONVERT_REQUIRES, found.CONVERT_DISTRIBUTIONS) == (("numpy", "engine"), ("runtime",))
    assert declaration_of(changed(CONVERT_REQUIRES=())).CONVERT_REQUIRES == ()
    assert declaration_of(fake).functions == ("peak_kernels",)


def test_declarations_cross_processes_whole():
    """What every backend declares is the same value after its way through JSON."""
    crossed = {name: from_json(Declaration, values) for name, values in json.loads(json.dumps(declare())).items()}
    assert crossed == find_backends()


def test_a_mistake_ends_a_run_before_it_begins(suite):
    """A backend's mistake gives one line with the file's name, exit code 4 and no traceback."""
    broken = suite.root / "runoff" / "backends" / "broken.py"
    broken.write_text('"""A backend that forgets everything."""\n')
    try:
        done = suite.race("--contenders", "fake")
    finally:
        broken.unlink()
    told = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 4
    assert "ContractBroken" in told
    assert "runoff/backends/broken.py: VARIANTS is missing" in told
    assert "Traceback" not in told


def test_adding_a_backend_is_one_file(suite):
    """A stand-in of at most 60 lines in the backends' folder races and is right; without it, nothing is left of it."""
    source = Path(__file__).parents[1] / "stand_ins" / "newcomer.py"
    assert len(source.read_text().splitlines()) <= 60
    added = suite.root / "runoff" / "backends" / "newcomer.py"
    added.write_text(source.read_text())
    try:
        done = suite.race("--launches", "1", "--rounds", "2", "--contenders", "newcomer,newcomer-doubled")
    finally:
        added.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    came = json.loads((suite.root / "results" / "runoff.json").read_text())["machine_info"]["runoff"]["contenders"]
    raced = {name: (came[name]["status"], came[name]["agreement"]["share"]) for name in came if "newcomer" in name}
    assert raced == {"newcomer": ("raced", 1.0), "newcomer-doubled": ("raced", 1.0)}
    assert suite.race("--contenders", "newcomer").returncode == 4
