"""Asking environments: which processes that takes, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runoff.backends import declare, find_backends
from runoff.environments import discovery
from runoff.environments.discovery import ask_environments
from runoff.environments.environment import Environment
from runoff.environments.outside import parse_backend
from runoff.errors import BackendsClash, FrameworkMissing
from runoff.text.ids import HERE
from tests.conftest import ROOT

NEWCOMER = str(ROOT / "tests" / "stand_ins" / "newcomer.py")
OFFERS = {
    Path("bearer"): [
        {"name": "newcomer", "module": "brought.newcomer", "file": NEWCOMER, "distribution": "brought", "version": "2"}
    ]
}
"""What distributions offer in an interpreter."""
SURVEY, DECLARE = "runoff.environments.survey:survey", "runoff.backends:declare"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Answer in place of processes, which have numpy in every interpreter but ``bare``, and note what was called."""
    made: list[tuple[str, str]] = []

    def call(function, arguments, *, label, surroundings, **_):
        made.append((label, function))
        if function == DECLARE:
            return declare()
        modules = [] if surroundings.interpreter == Path("bare") else ["numpy"]
        return {
            "modules": modules,
            "versions": {"python": "3.12.1"},
            "offers": OFFERS.get(surroundings.interpreter, []),
        }

    monkeypatch.setattr(discovery, "call", call)
    return made


def test_only_another_tree_is_asked_for_its_declarations(calls, tmp_path):
    """An environment of this tree takes one process, the survey; one with a tree of its own takes two."""
    environments = {
        HERE: Environment(HERE, Path(sys.executable)),
        "other": Environment("other", Path("other")),
        "tree": Environment("tree", Path(sys.executable), tmp_path),
    }
    asked = ask_environments(environments, tmp_path)
    assert sorted(calls) == [
        ("environment here", SURVEY),
        ("environment other", SURVEY),
        ("environment tree", DECLARE),
        ("environment tree", SURVEY),
    ]
    assert asked["other"].backends == asked["tree"].backends == find_backends()


def test_an_interpreter_without_numpy_is_refused_or_described(calls, tmp_path):
    """A run refuses it with what to install there; the doctor, who asks for packages, describes it."""
    environments = {HERE: Environment(HERE, Path(sys.executable)), "bare": Environment("bare", Path("bare"))}
    with pytest.raises(FrameworkMissing, match=r"numpy, which every worker needs, .* bare -m pip install numpy"):
        ask_environments(environments, tmp_path)
    asked = ask_environments(environments, tmp_path, packages=True)
    assert asked["bare"].missing(["numpy"]) == ("numpy",)
    assert asked["bare"].backends == asked[HERE].backends


def test_a_backend_that_one_environment_offers_is_known_in_all(calls, tmp_path):
    """What is installed in another environment races in every one that has what it needs, which all are asked for."""
    environments = {HERE: Environment(HERE, Path(sys.executable)), "bearer": Environment("bearer", Path("bearer"))}
    asked = ask_environments(environments, tmp_path)
    found = asked[HERE].backends["newcomer"]
    assert found == asked["bearer"].backends["newcomer"]
    assert found.module == f"brought.newcomer={NEWCOMER}"
    assert (found.origin.distribution, found.origin.version, found.origin.file) == ("brought", "2", "newcomer.py")
    assert sorted(calls) == sorted([("environment here", SURVEY), ("environment bearer", SURVEY)] * 2)


def test_a_name_of_two_distributions_in_two_environments_is_refused(calls, tmp_path):
    """A file that is given here and another backend's distribution there may not share a name."""
    other = tmp_path / "newcomer.py"
    other.write_text(Path(NEWCOMER).read_text())
    environments = {HERE: Environment(HERE, Path(sys.executable)), "bearer": Environment("bearer", Path("bearer"))}
    with pytest.raises(BackendsClash, match=r"two backends are named 'newcomer': .*newcomer.py and that of brought 2"):
        ask_environments(environments, tmp_path, [parse_backend(str(other))])
