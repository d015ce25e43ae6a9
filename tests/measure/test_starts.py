"""Starts of a launch's workers: in which order, how many at once, on which picture, and what each costs that fails."""

from __future__ import annotations

import dataclasses
from collections import Counter
from random import Random
from types import SimpleNamespace

import numpy as np
import pytest

from runoff.errors import ThreadsNotHeld, WorkerCrashed
from runoff.measure.launches import require_same, run_exercise
from tests.builders.workers import start_of
from tests.fakes.fake import true_logits


def test_starts_are_in_a_random_order_of_the_seed(make_setup, entrants, workshop):
    """Launches differ in the order of their starts, and a seed gives the same orders again."""

    def orders(seed):
        workshop.events.clear()
        setup, random = make_setup(*entrants), Random(seed)
        for launch in range(6):
            with setup.workers:
                setup.start(launch, entrants, random, timed=True)
        started = workshop.order("start")
        return [tuple(started[first : first + 4]) for first in range(0, 24, 4)]

    first, again, other = orders(1), orders(1), orders(2)
    assert all(Counter(order) == Counter("abcd") for order in first)
    assert len(set(first)) > 2
    assert first == again
    assert first != other


@pytest.mark.parametrize(("timed", "at_once"), [(True, 1), (False, 3)])
def test_only_starts_that_are_not_timed_overlap(make_setup, make_entrant, workshop, timed, at_once):
    """A timed start is over and its worker suspended before the next; others overlap, as many as there are threads."""
    setup = make_setup(*(make_entrant(key=f"{threads} threads", threads=threads) for threads in (1, 3, 2)))
    sessions = [make_entrant(key=key, threads=1) for key in "abcde"]
    with setup.workers:
        setup.start(0, sessions, Random(1), timed=timed)
        begun = [1 if event == "start" else -1 for _, event in workshop.events]
        assert max(np.cumsum(begun)) == at_once
        assert workshop.order("start") == workshop.order("suspend")
    assert setup.progress.steps == 5


def test_every_launch_has_the_next_picture(make_setup, entrants, workshop, images):
    """Launch k runs on picture k for all, and begins again after the last that every contender was checked on."""
    setup = make_setup(*entrants, launches=5)
    fewer = dataclasses.replace(
        setup, predictions={"fake": {"logits": true_logits(images)}, "other": {"logits": true_logits(images)[:2]}}
    )
    unchecked = dataclasses.replace(setup, predictions=None)
    for asked, expected in ((setup, [0, 1, 2, 0, 1]), (fewer, [0, 1, 0, 1, 0]), (unchecked, [0] * 5)):
        workshop.pictures.clear()
        run_exercise(asked, lambda rotation, launch: {}, name="", steps=1)
        by_launch = [{picture for _, picture in workshop.pictures[first : first + 4]} for first in range(0, 20, 4)]
        assert by_launch == [{picture} for picture in expected]


def test_a_start_that_goes_wrong_costs_its_entrant_alone(make_setup, entrants, workshop, images):
    """Other threads or another class than asked end that worker at once, and the others are suspended and wait."""

    def start(entrant, picture):
        report = start_of(entrant, picture)
        if entrant.key == "b":
            return report | {"threads": 3}
        return start_of(entrant, dataclasses.replace(picture, index=2)) if entrant.key == "c" else report

    workshop.start = start
    setup = make_setup(*entrants)
    with setup.workers:
        rotation = setup.start(1, entrants, Random(1), timed=False)
        assert sorted(workshop.order("end")) == ["b", "c"]
    expected, found = (int(true_logits(images)[image].argmax()) for image in (1, 2))
    assert rotation.running == ["a", "d"]
    assert isinstance(rotation.failures["b"], ThreadsNotHeld)
    assert str(rotation.failures["c"]) == (
        f"c: its first output in this launch is class {found}, where it was checked with class {expected}; "
        "the session does not give the same answer twice, so it is not timed"
    )
    assert setup.progress.steps == 2
    assert sorted(workshop.order("end")) == list("abcd")


def test_a_worker_that_cannot_be_started_costs_its_entrant_alone(make_setup, entrants, workshop):
    """Who has no process at all is out with that error."""

    def start(entrant, picture):
        if entrant.key == "a":
            raise WorkerCrashed("no interpreter")
        return start_of(entrant, picture)

    workshop.start = start
    setup = make_setup(*entrants)
    with setup.workers:
        rotation = setup.start(0, entrants, Random(1), timed=True)
    assert {key: str(error) for key, error in rotation.failures.items()} == {"a": "no interpreter"}
    assert rotation.running == ["b", "c", "d"]


def test_what_was_not_checked_is_not_compared(make_setup, entrants, workshop):
    """Where nothing was checked, any first output will do."""
    workshop.start = lambda entrant, picture: start_of(entrant, dataclasses.replace(picture, index=2))
    setup = dataclasses.replace(make_setup(*entrants), predictions=None)
    with setup.workers:
        assert setup.start(0, entrants, Random(1), timed=True).running == list("abcd")


def test_numbers_that_are_not_those_of_the_check_are_refused():
    """Of a model that is no classifier the first numbers of each output may be off by a thousandth of the largest."""
    entrant = SimpleNamespace(key="engine", signature=SimpleNamespace(classes=None))
    checked = {"mask": np.linspace(-2, 2, 12, dtype=np.float32).reshape(3, 4), "none": np.zeros((0, 4), np.float32)}
    sent = {"mask": checked["mask"].reshape(-1)[:8], "none": np.zeros(0, np.float32)}
    largest = float(np.abs(sent["mask"]).max())
    for share in (-0.0009, 0.0, 0.0009):
        near = sent | {"mask": sent["mask"] + np.float32(share * largest)}
        require_same(entrant, SimpleNamespace(outputs=near), checked)
    far = sent | {"mask": sent["mask"] + np.float32(0.0011 * largest)}
    with pytest.raises(WorkerCrashed) as refused:
        require_same(entrant, SimpleNamespace(outputs=far), checked)
    assert str(refused.value) == (
        "engine: its first output 'mask' in this launch is another than it was checked with; the session does not give "
        "the same answer twice, so it is not timed"
    )
    require_same(entrant, SimpleNamespace(outputs={"none": sent["none"]}), checked)
    zeros = {"mask": np.zeros(4, np.float32)}
    require_same(entrant, SimpleNamespace(outputs=zeros), zeros)
