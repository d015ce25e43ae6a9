"""Factories of the user's own: those that can be raced, and each that is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.contract import to_json
from runoff.errors import FactoryUnusable, UsageError
from runoff.files.arrays import save_arrays
from runoff.model.inputs.input_options import InputOptions, read_input
from runoff.model.sources import factory_check
from runoff.model.sources.factory_source import choose_factory
from runoff.model.sources.options import ModelOptions
from runoff.processes.process import call

pytestmark = [pytest.mark.framework, pytest.mark.long]
FACTORIES = "tests.stand_ins.factories"


@pytest.fixture
def choose(tmp_path):
    """Choose a factory by its name, with inputs as ``--input`` has them."""

    def run_step(function, arguments):
        return call(function, arguments, label="weights", log=tmp_path / "log", timeout=120)

    def chosen(name, *inputs):
        options = InputOptions(tuple(map(read_input, inputs)))
        return choose_factory(ModelOptions(model=f"{FACTORIES}:{name}"), options, tmp_path, run_step)

    return chosen


def test_two_inputs_and_three_outputs_are_declared(choose):
    """Outputs are named by where they are in what the module gives, and a model with several is no classifier."""
    model = choose("two", "tokens=7:int64:0..49", "features=5")
    assert [(each.name, each.shape, each.dtype) for each in model.outputs] == [
        ("scores", (3,), "float32"),
        ("inner_best", (1,), "int64"),
        ("joined", (13,), "float32"),
    ]
    assert (model.task, model.source.kind) == ("other", "factory")


def test_a_classifier_of_five_channels_is_one(choose):
    """One output of a number for each class makes a classifier; an instance is taken as it is."""
    for name in ("five_channels", "instance"):
        model = choose(name, "pixels=5x16x12:NCHW")
        assert (model.task, model.classes, model.source.arguments["wrapped"]) == ("classification", 4, False)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("noisy", "two inferences of one input differ by"),
        ("counting", "an inference changes its own 'count'"),
        ("in_place", "its forward writes into its input 'values'"),
        ("random_tensor", "its weights do not decide it"),
        ("a_tuple", "gave a tuple and no torch.nn.Module"),
        ("needs_arguments", r"needs arguments \(classes\)"),
        ("raises", "raised ValueError: no such file"),
        ("scalar", "its first axis must be that of the examples"),
        ("nothing", "gives no tensor, but dict"),
        ("missing", "has no 'missing'; it has"),
    ],
)
def test_what_can_not_be_raced_is_refused_by_name(choose, name, words):
    """Each is found before anything is measured, and says what is wrong with it."""
    with pytest.raises(FactoryUnusable, match=words):
        choose(name, "values=4")


def test_changed_sources_make_another_model(tmp_path, monkeypatch):
    """The same weights made by other sources are another model, whose golden and artifacts are made anew."""
    given = read_input("pixels=5x16x12:NCHW").input
    save_arrays(tmp_path / "example.npz", {"pixels": np.zeros((1, *given.shape), np.float32)})
    made = []
    for sources in ("before", "before", "after"):
        monkeypatch.setattr(factory_check, "hash_sources", lambda *_, sources=sources: sources)
        asked = f"{FACTORIES}:five_channels", [to_json(given)], str(tmp_path / "example.npz"), ".", str(tmp_path)
        made.append(factory_check.import_factory(*asked)["model"])
    before, again, after = made
    assert before == again
    assert before["source"] == after["source"]
    assert before["sha256"] != after["sha256"]


def test_inputs_that_are_not_said_are_asked_for(choose):
    """Without --input nobody knows what a factory's module takes."""
    with pytest.raises(UsageError, match="give --input NAME=3x224x224"):
        choose("two")
