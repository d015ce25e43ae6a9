"""Factories of the user's own: those that can be raced, and each that is refused by name."""

from __future__ import annotations

import importlib
import json

import numpy as np
import pytest

from runoff.errors import CheckpointBroken, CheckpointUnavailable, FactoryUnusable, UsageError
from runoff.files.arrays import save_arrays
from runoff.files.values import to_json
from runoff.model.inputs.input_options import InputOptions, read_input
from runoff.model.sources import made_twice
from runoff.model.sources.options import ModelOptions
from runoff.model.sources.own_module import choose_factory
from runoff.model.weights.state_dict import load_state_dict
from runoff.processes.process import call

pytestmark = pytest.mark.framework
FACTORIES = "tests.stand_ins.factories"


def in_this_process(function, arguments):
    """Call a step here, with arguments and a result that have been through JSON."""
    module, _, name = function.partition(":")
    made = getattr(importlib.import_module(module), name)(**json.loads(json.dumps(arguments)))
    return json.loads(json.dumps(made))


@pytest.fixture
def choose(tmp_path):
    """Choose a factory by its name, with inputs as ``--input`` has them; steps run here, where torch is already."""

    def chosen(name, *inputs, weights="auto", run_step=in_this_process):
        options = InputOptions(tuple(map(read_input, inputs)))
        asked = ModelOptions(model=f"{FACTORIES}:{name}", weights=str(weights))
        return choose_factory(asked, options, tmp_path, run_step)

    return chosen


def test_two_inputs_and_three_outputs_are_declared(choose):
    """Outputs are named by where they are in what the module gives, and a model with several is no classifier."""
    model, _ = choose("two", "tokens=7:int64:0..49", "features=5")
    assert [(each.name, each.shape, each.dtype) for each in model.outputs] == [
        ("scores", (3,), "float32"),
        ("inner_best", (1,), "int64"),
        ("joined", (13,), "float32"),
    ]
    assert (model.task, model.source.kind) == ("other", "factory")


def test_a_classifier_of_five_channels_is_one(choose):
    """One output of a number for each class makes a classifier; an instance is taken as it is."""
    for name in ("five_channels", "instance"):
        model, _ = choose(name, "pixels=5x16x12:NCHW")
        assert (model.task, model.classes, model.source.arguments["wrapped"]) == ("classification", 4, False)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("noisy", "two inferences of one input differ by"),
        ("counting", "an inference changes its own 'count'"),
        ("in_place", "its forward writes into its input 'values'"),
        ("random_tensor", r"its weights do not decide it.*drawn is another each time"),
        ("random_buffer", r"its weights do not decide it.*register_buffer\(NAME, TENSOR\)"),
        ("shuffled", "its weights do not decide it"),
        ("other_layers", "made again, it does not take the state dict that it had"),
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
        monkeypatch.setattr(made_twice, "hash_sources", lambda *_, sources=sources: sources)
        asked = f"{FACTORIES}:five_channels", [to_json(given)], str(tmp_path / "example.npz"), ".", str(tmp_path)
        made.append(made_twice.import_factory(*asked, ["auto", None])["model"])
    before, again, after = made
    assert before == again
    assert before["source"] == after["source"]
    assert before["sha256"] != after["sha256"]


@pytest.mark.long
def test_a_factory_is_made_in_two_processes(choose, tmp_path):
    """What is drawn by other means than torch's own is found because the second making is in another process."""

    def in_processes(function, arguments):
        return call(function, arguments, label="weights", log=tmp_path / "log", timeout=120)

    with pytest.raises(FactoryUnusable, match="its weights do not decide it"):
        choose("by_process", "values=4", run_step=in_processes)


def test_inputs_that_are_not_said_are_asked_for(choose):
    """Without --input nobody knows what a factory's module takes."""
    with pytest.raises(UsageError, match="give --input NAME=3x224x224"):
        choose("two")


@pytest.mark.parametrize("name", ["saved_buffer", "seeded_buffer"])
def test_what_is_drawn_and_saved_or_seeded_is_decided(choose, name):
    """A buffer in the state dict is the same in every process, and so is one that is drawn from a seed."""
    model, note = choose(name, "values=4")
    assert "noise" in load_state_dict(model.source.weights)
    assert note == ""


def test_a_module_made_in_half_is_run_in_float32(choose):
    """That is said, since the user's own would compute otherwise."""
    model, note = choose("in_half", "values=4")
    assert {array.dtype for array in load_state_dict(model.source.weights).values()} == {np.dtype(np.float32)}
    assert note == f"{FACTORIES}:in_half was made in torch.float16 and is run in float32"


def test_a_layer_that_learns_its_size_is_made(choose):
    """What is lazy is whole after its first inference."""
    model, _ = choose("lazy", "values=4")
    assert {name: array.shape for name, array in load_state_dict(model.source.weights).items()} == {
        "weight": (3, 4),
        "bias": (3,),
    }


def test_weights_are_those_of_a_file_where_one_is_given(choose, tmp_path):
    """A file is searched as for TorchVision's, and one name of a tensor with two is enough."""
    weight, *biases = (np.full(shape, 0.5, np.float32) for shape in ((4, 4), (4,), (4,)))
    file = tmp_path / "own.npz"
    np.savez(file, **{"model.2.weight": weight, "model.0.bias": biases[0], "model.2.bias": biases[1], "step": 3})
    model, note = choose("tied", "values=4", weights=file)
    found = load_state_dict(model.source.weights)
    assert (model.name, model.source.origin, sorted(found)) == (
        "own.npz",
        "file",
        ["0.bias", "0.weight", "2.bias", "2.weight"],
    )
    np.testing.assert_array_equal(found["0.weight"], weight)
    assert note == "1 entries of own.npz are no part of the model and were left out"
    with pytest.raises(CheckpointBroken, match=r"is no .*:in_half state dict"):
        choose("in_half", "values=4", weights=file)


def test_random_weights_make_every_part_matter(choose):
    """An untrained module that gives zeros gets weights that say something, and the run knows that they are random."""
    model, _ = choose("untrained", "values=4", weights="random")
    assert (model.source.origin, model.name) == ("random", "random-0")
    assert np.ptp(load_state_dict(model.source.weights)["2.weight"]) > 0
    with pytest.raises(CheckpointBroken, match="are the same for every image"):
        choose("constant", "values=4", weights="random")


def test_a_path_without_a_file_says_what_is_taken(choose):
    """A misspelt path or tag is refused with what the option takes for a factory."""
    with pytest.raises(
        CheckpointUnavailable, match=r"--weights takes auto \(what it loads itself\), random, or the PATH"
    ):
        choose("two", "values=4", weights="DEFAULT")
