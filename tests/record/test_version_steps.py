"""What each step from a version to the next one is said to be."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.judge.standings import Rules
from runoff.measure.launches import CONTROL, Measured
from runoff.measure.preparation import READY, Outcome
from runoff.record.race import Judged
from runoff.record.version_steps import neighbours, version_steps


def outcome(identifier: str, version: str | None, variant: str = "") -> Outcome:
    """Make a contender's outcome with a version of its framework."""
    backend, _, environment = identifier.partition("@")
    versions = {"frame": version} if version else {}
    return Outcome(Contender(backend, Variant(variant), environment), READY, versions)


def test_neighbours_are_versions_of_one_variant_in_order():
    """1.9 comes before 1.18; another variant, an equal or an unknown version has no neighbour."""
    outcomes = {
        "a@new": outcome("a@new", "1.18.1"),
        "a@old": outcome("a@old", "1.9"),
        "a@twin": outcome("a@twin", "1.9"),
        "a@unknown": outcome("a@unknown", None),
        "a@odd": outcome("a@odd", "not a version"),
        "a-x@old": outcome("a@old", "1.7", "x"),
        "b@new": outcome("b@new", "9"),
    }
    assert neighbours(outcomes, {"a": ("absent", "frame"), "b": ("frame",)}) == [("a@old", "a@new")]


def race_of(seconds: dict[str, float], launches: int = 8) -> Measured:
    """Simulate launches of 20 rounds with a noise of 1 %, each contender's time as given."""
    random = np.random.RandomState(11)

    def launch(time: float) -> SimpleNamespace:
        return SimpleNamespace(rounds=list(time * np.exp(random.normal(0, 0.01, 20))))

    records = {key: tuple(launch(time) for _ in range(launches)) for key, time in seconds.items()}
    return Measured(records, {}, None)


def test_a_step_is_the_ratio_to_the_version_before():
    """A version 10 % faster than the one before is faster; one alike shows no difference, whatever the reference is."""
    race = race_of({"a@1": 1.0, "a@2": 1.0, "a@3": 0.9, CONTROL: 1.0, "a@broken": 1.0}, launches=8)
    race.records["a@broken"] = ()  # type: ignore[index]  # a plain dictionary here
    outcomes = {f"a@{name}": outcome(f"a@{name}", name) for name in ("3", "1", "2")}
    outcomes["a@broken"] = outcome("a@broken", "2.5")
    steps = version_steps(Judged(race, "a@1", Rules()), outcomes, {"a": ("frame",)})
    assert [(step.ratio.reference, step.contender) for step in steps] == [("a@1", "a@2"), ("a@2", "a@3")]
    same, faster = (step.ratio for step in steps)
    assert same.verdict == "no difference shown"
    assert faster.verdict == "faster"
    assert math.isclose(faster.value, 0.9, rel_tol=0.01)
    assert (steps[1].version_before, steps[1].version, steps[1].distribution) == ("2", "3", "frame")


def test_each_step_is_taken_against_the_version_just_before():
    """Of 1, 2 and 1 seconds the steps are to twice and to half, each with the rounds of a launch."""
    race = race_of({"a@1": 1.0, "a@2": 2.0, "a@3": 1.0, CONTROL: 1.0})
    outcomes = {f"a@{name}": outcome(f"a@{name}", name) for name in ("1", "2", "3")}
    steps = version_steps(Judged(race, "a@1", Rules()), outcomes, {"a": ("frame",)})
    assert [round(step.ratio.value, 1) for step in steps] == [2.0, 0.5]
    assert [(step.ratio.verdict, step.ratio.rounds) for step in steps] == [("slower", 20), ("faster", 20)]
    assert [(step.version_before, step.version, step.distribution) for step in steps] == [
        ("1", "2", "frame"),
        ("2", "3", "frame"),
    ]


def test_steps_of_a_run_whose_control_disowns_it_are_invalid():
    """A second, identical reference that takes 1.3 times as long makes every step an invalid one."""
    race = race_of({"a@1": 1.0, "a@2": 1.0, CONTROL: 1.3})
    outcomes = {f"a@{name}": outcome(f"a@{name}", name) for name in ("1", "2")}
    (step,) = version_steps(Judged(race, "a@1", Rules()), outcomes, {"a": ("frame",)})
    assert step.ratio.verdict == "invalid run"


def test_a_version_is_that_of_the_first_distribution_that_is_installed():
    """Of two packages that a framework may come in, the one that is there counts; where none is, nothing is known."""
    outcomes = {"a@1": outcome("a@1", "1.0"), "a@2": outcome("a@2", "2.0")}
    assert neighbours(outcomes, {"a": ("frame", "other")}) == [("a@1", "a@2")]
    assert neighbours(outcomes, {"a": ("absent", "other")}) == []


def test_a_framework_that_came_in_no_distribution_has_no_steps():
    """A backend may name no distribution, as one whose engine is no package: nothing is known of its versions."""
    outcomes = {"a@1": outcome("a@1", "1.0"), "a@2": outcome("a@2", "2.0")}
    assert neighbours(outcomes, {"a": ()}) == []
    assert version_steps(Judged(race_of({"a@1": 1.0, "a@2": 1.0}), "a@1", Rules()), outcomes, {"a": ()}) == ()
