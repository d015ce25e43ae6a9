"""What sessions are given and give: arrays by name, in a layout, as they were declared."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.arrays import Input, Output, Signature, arranged, named
from runoff.errors import ContractBroken

PICTURES = Input("pictures", (3, 4, 5), layout="NCHW")
TOKENS = Input("tokens", (3, 4, 5), "int64")
TWO = Signature((PICTURES, TOKENS), (Output("scores", (2,)), Output("places", None, "int64")))
BATCH = {name: np.arange(120).reshape(2, 3, 4, 5) for name in ("pictures", "tokens")}


@pytest.mark.parametrize(("layout", "axes"), [("", (0, 1, 2, 3)), ("NCHW", (0, 1, 2, 3)), ("NHWC", (0, 2, 3, 1))])
def test_pictures_are_given_in_the_layout_that_is_wanted(layout, axes):
    """Pictures have their axes in the backend's order, in memory without gaps, and all else stays as it is."""
    given = arranged(BATCH, TWO.inputs, layout)
    assert np.array_equal(given["pictures"], BATCH["pictures"].transpose(axes))
    assert np.array_equal(given["tokens"], BATCH["tokens"])
    assert all(array.flags["C_CONTIGUOUS"] for array in given.values())


def test_pictures_with_channels_last_are_turned_to_be_first():
    """A model whose own pictures have their channels last is given them first by a backend that wants that."""
    last = Input("pictures", (4, 5, 3), layout="NHWC")
    assert last.axes("NCHW") == (0, 3, 1, 2)
    assert last.axes("NHWC") == last.axes("") == (0, 1, 2, 3)


def test_outputs_are_given_their_names_in_the_order_of_the_signature():
    """What a session lists is known by the model's names from then on, whatever their shapes are."""
    scores, places = np.zeros((3, 2), np.float32), np.zeros((3, 7, 7), np.int64)
    found = named([scores, places], TWO, 3)
    assert list(found) == ["scores", "places"]
    assert found["scores"] is scores
    assert found["places"] is places


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        ([np.zeros((3, 2), np.float32)], "float32 (3, 2)"),
        ([np.zeros((3, 2)), np.zeros((3, 1), np.int64)], "float64 (3, 2), int64 (3, 1)"),
        ([np.zeros((3, 2, 1), np.float32), np.zeros((3, 1), np.int64)], "float32 (3, 2, 1), int64 (3, 1)"),
        ([np.zeros((3, 2), np.float32), np.zeros((2, 1), np.int64)], "float32 (3, 2), int64 (2, 1)"),
        ((np.zeros((3, 2), np.float32), np.array(3)), "float32 (3, 2), int64 ()"),
        ([np.zeros((3, 2), np.float32), [1, 2, 3]], "float32 (3, 2), list"),
        ({"scores": 1}, "dict"),
        (None, "NoneType"),
    ],
    ids=["too few", "another type", "another rank", "too few rows", "no rows", "a list", "a mapping", "nothing"],
)
def test_what_is_not_as_declared_breaks_the_contract(outputs, found):
    """The error says what was wanted of which output, and what was given."""
    with pytest.raises(ContractBroken) as caught:
        named(outputs, TWO, 3)
    assert str(caught.value) == (
        "run() must give a list of numpy arrays of 3 rows, 'scores' in float32, 'places' in int64; "
        f"it gave {found}; mend the backend's run()"
    )


def test_what_has_no_axis_of_examples_is_given_as_one_example_and_comes_back_as_one_row():
    """A sampling rate or a state is handed over as it is; in files and comparisons it has a first axis like all."""
    inputs = (Input("sound", (4,)), Input("rate", (), "int64", batched=False))
    given = arranged({"sound": np.zeros((1, 4), np.float32), "rate": np.array([16000])}, inputs, "NHWC")
    assert (given["sound"].shape, given["rate"].shape, given["rate"]) == ((1, 4), (), 16000)
    read_only = np.broadcast_to(np.int64(16000), 3)
    assert arranged({"rate": read_only}, inputs[1:], "")["rate"].flags["WRITEABLE"]
    outputs = (Output("score", (2,)), Output("state", (2, 1, 3), batched=False))
    state = np.zeros((2, 1, 3), np.float32)
    found = named([np.zeros((1, 2), np.float32), state], Signature(inputs, outputs), 1)
    assert found["state"].shape == (1, 2, 1, 3)
    assert Signature(inputs, outputs[:1]).classes == 2
    assert Signature(inputs, (Output("score", (1, 2), batched=False),)).classes is None
    with pytest.raises(ContractBroken):
        named([np.zeros((1, 2), np.float32), state[0]], Signature(inputs, outputs), 1)
