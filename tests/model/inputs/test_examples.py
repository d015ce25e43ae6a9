"""What a model is run on: what a file must hold, and what is drawn where nothing is given."""

from __future__ import annotations

from argparse import ArgumentTypeError

import numpy as np
import pytest

from runoff.arrays import Input
from runoff.errors import InputsUnusable
from runoff.model.inputs.examples import file_examples, random_examples, save_examples
from runoff.model.inputs.input_options import DeclaredInput, read_input

INPUTS = (Input("tokens", (4,), "int64"), Input("features", (2,)))
RIGHT = {"tokens": np.arange(12, dtype=np.int32).reshape(3, 4), "features": np.ones((3, 2))}


def test_a_files_arrays_are_its_examples(tmp_path):
    """Each array is taken in its input's own type, and the first axis are the examples."""
    np.savez(tmp_path / "own.npz", **RIGHT)
    found = file_examples(tmp_path / "own.npz", INPUTS)
    assert found.names == ("example 1", "example 2", "example 3")
    assert [array.dtype.name for array in found.arrays.values()] == ["int64", "float32"]
    files = save_examples(found, tmp_path)
    assert np.array_equal(np.load(files["tokens"]), RIGHT["tokens"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"more": np.ones(3)}, "expected arrays named tokens, features, found tokens, features, more"),
        ({"tokens": np.ones((3, 5), np.int64)}, "tokens should be N×4, and is 3×5"),
        ({"tokens": np.ones((3, 4))}, "tokens should be int64, and is float64"),
        ({"features": np.full((3, 2), np.nan)}, "features holds numbers that are not finite"),
        ({"features": np.ones((2, 2))}, "different numbers of examples"),
        ({"tokens": np.ones((0, 4), np.int64), "features": np.ones((0, 2))}, "it holds no example"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path, changes, words):
    """The error names the array and says what it should be."""
    np.savez(tmp_path / "own.npz", **(RIGHT | changes))
    with pytest.raises(InputsUnusable, match=words):
        file_examples(tmp_path / "own.npz", INPUTS)


def test_what_is_no_file_of_arrays_is_refused(tmp_path):
    """A missing file, and one of something else, are named."""
    (tmp_path / "text.npz").write_text("no arrays")
    for name in ("text.npz", "missing.npz"):
        with pytest.raises(InputsUnusable, match=r"can't be read as an \.npz file of plain arrays"):
            file_examples(tmp_path / name, INPUTS)


def test_random_examples_are_always_the_same():
    """Whole numbers lie in the range that is given, and without one the error says how to give it."""
    first, again = (random_examples(INPUTS, {"tokens": (5, 7)}) for _ in range(2))
    assert first.sha256 == again.sha256
    assert set(np.unique(first.arrays["tokens"])) == {5, 6, 7}
    with pytest.raises(InputsUnusable, match=r"--input tokens=4:int64:0\.\.999"):
        random_examples(INPUTS, {})


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("x=3x224x224", (Input("x", (3, 224, 224)), None)),
        ("x=224x224x3:uint8:NHWC", (Input("x", (224, 224, 3), "uint8", "NHWC"), None)),
        ("ids=128:int64:0..999", (Input("ids", (128,), "int64"), (0, 999))),
        ("rate=:int64", (Input("rate", (), "int64"), None)),
    ],
)
def test_an_input_is_declared_in_one_word(text, declared):
    """A name, sides, and where they are needed a type, a layout and a range."""
    assert read_input(text) == DeclaredInput(*declared, text)


@pytest.mark.parametrize("text", ["x", "=3", "x=3xa", "x=0x3", "x=3:float99", "x=3:NHWC", "x=3:9..1"])
def test_a_word_that_declares_no_input_is_refused(text):
    """What can't be read is the user's mistake, said in one line."""
    with pytest.raises(ArgumentTypeError):
        read_input(text)
