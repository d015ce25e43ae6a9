"""The state dict in a file's content: found under any prefix, never guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.errors import CheckpointBroken
from runoff.model.weights.state_dict_search import Shapes, find_state_dict

SHAPES = Shapes(
    "tiny",
    {"layer.weight": (4, 3), "layer.num_batches_tracked": (), "head.weight": (1000, 4), "head.bias": (1000,)},
    frozenset({"head.weight", "head.bias"}),
)


def state(classes: int = 5, fill: float = 1.0) -> dict[str, Any]:
    """Make a state dict that fits."""
    return {
        "layer.weight": np.full((4, 3), fill, np.float32),
        "layer.num_batches_tracked": np.zeros((), np.int64),
        "head.weight": np.full((classes, 4), fill, np.float32),
        "head.bias": np.zeros(classes, np.float32),
    }


def prefixed(prefix: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """Put a prefix before every name."""
    return {f"{prefix}{name}": array for name, array in arrays.items()}


def search(content: dict[str, Any], place: str | None = None) -> tuple[dict[str, Any], str]:
    """Look for the state dict of the tiny architecture."""
    return find_state_dict("own.pth", content, place, SHAPES)


@given(st.sampled_from(["", "module.", "model.", "_orig_mod.", "module._orig_mod.", "net.backbone."]), st.booleans())
def test_any_prefix_and_any_nesting_is_the_same_state_dict(prefix: str, nested: bool) -> None:
    """Whatever wrapped the model when it was saved, the same arrays are found in the architecture's order."""
    content = prefixed(prefix, dict(reversed(state().items())))
    found, note = search({"checkpoint": {"state_dict": content}} if nested else content)
    assert list(found) == list(SHAPES.expected)
    assert note == ""
    for name, array in state().items():
        np.testing.assert_array_equal(found[name], array, strict=True)


@given(st.integers(2, 2000))
def test_the_number_of_classes_is_the_heads(classes: int) -> None:
    """Any number of classes is taken from the shapes of the head."""
    assert search(state(classes))[0]["head.weight"].shape == (classes, 4)


def test_counters_of_batches_may_be_missing() -> None:
    """State dicts from before torch counted batches are whole."""
    arrays = state()
    del arrays["layer.num_batches_tracked"]
    assert search(arrays)[0]["layer.num_batches_tracked"] == 0


def test_what_lies_outside_is_left_out_and_counted() -> None:
    """Entries beside the model's own are no part of it, and the note says how many there were."""
    beside = {"loss.weight": np.zeros(3), "aux.bias": np.zeros(2)}
    _, note = search(prefixed("model.", state()) | beside)
    assert note == "2 entries of own.pth are no part of the model and were left out"


def test_a_larger_model_is_no_smaller_one() -> None:
    """Entries more in a part that the model has are another architecture's: ResNet-34 holds all of ResNet-18's."""
    with pytest.raises(CheckpointBroken, match=r"first 'layer\.more': expected nothing, found \(2,\)"):
        search(state() | {"layer.more": np.zeros(2)})


def test_two_different_state_dicts_are_asked_about() -> None:
    """A file with two state dicts is refused with the words that choose one, and then gives that one."""
    content = {"model": state(), "model_ema": state(fill=2.0)}
    with pytest.raises(CheckpointBroken, match=r"2 state dicts, at model, model_ema; say which .*own\.pth#model_ema"):
        search(content)
    assert search(content, "model_ema")[0]["layer.weight"][0, 0] == 2.0
    assert search(content, "model")[0]["layer.weight"][0, 0] == 1.0
    assert search({"model": state(), "copy": state()})[0]["layer.weight"][0, 0] == 1.0


def test_a_place_that_is_not_there() -> None:
    """A place that the file does not have is named, with what it has."""
    with pytest.raises(CheckpointBroken, match="holds nothing at ema, but model"):
        search({"model": state()}, "ema")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param({}, "holds no arrays of numbers, but nothing", id="empty"),
        pytest.param(
            {key: array for key, array in state().items() if key != "layer.weight"},
            r"is no tiny state dict: 1 entries differ, first 'layer\.weight': expected \(4, 3\), found nothing",
            id="missing",
        ),
        pytest.param(
            state() | {"layer.weight": np.zeros((4, 2))}, r"expected \(4, 3\), found \(4, 2\)", id="another shape"
        ),
        pytest.param(state() | {"head.bias": np.zeros(7)}, r"'head\.weight'|'head\.bias'", id="head at odds"),
        pytest.param(state(1), "gives 1 logits per image", id="one class"),
        pytest.param(state(0), "gives 0 logits per image", id="no class"),
        pytest.param({"head.bias": np.zeros(())}, "entries differ", id="a number for a vector"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_first_difference(content: dict[str, Any], words: str) -> None:
    """The error counts the differences and names the first with both shapes."""
    with pytest.raises(CheckpointBroken, match=words):
        search(content)


def test_a_place_is_named_without_the_prefix_of_the_names_in_it() -> None:
    """What is wrapped in each of several mappings is found by the mapping's name alone."""
    content = {"model": prefixed("module.", state(fill=2.0)), "model_ema": prefixed("module.", state(fill=3.0))}
    for place, fill in (("model", 2.0), ("model.module", 2.0), ("model_ema", 3.0)):
        found, _ = search(content, place)
        assert found["layer.weight"][0, 0] == fill
