"""What onnx2tf is told of a model with several inputs, and how what it gives is told apart by names."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from runoff.arrays import Input, Output
from runoff.contract import Form
from runoff.errors import ConversionFailed
from runoff.model.onnx.keras_function import axes_back, by_places, keras_reason
from runoff.model.onnx.shape_examples import EXAMPLES, examples_for_onnx2tf, kept_as_they_are
from tests.stand_ins.two_by_two import MODEL, write_model

INPUTS = (
    Input("image", (3, 8, 6), layout="NCHW"),
    Input("tokens", (7,), "int64"),
    Input("series", (4, 5)),
    Input("bytes", (8, 6, 3), "uint8", "NHWC"),
)


def test_examples_are_of_each_inputs_type_and_pictures_in_the_layout(tmp_path):
    """Whole numbers are 0 and 1, which any range has; what is no picture of another layout stays as it is."""
    found = {name: np.load(file) for name, file, _, _ in examples_for_onnx2tf(INPUTS, tmp_path, "NHWC")}
    assert {name: (array.shape[1:], array.dtype.name) for name, array in found.items()} == {
        "image": ((8, 6, 3), "float32"),
        "tokens": ((7,), "int64"),
        "series": ((4, 5), "float32"),
        "bytes": ((8, 6, 3), "uint8"),
    }
    assert set(np.unique(found["tokens"])) == {0, 1}
    assert {len(array) for array in found.values()} == {EXAMPLES}


@pytest.mark.parametrize(("layout", "kept"), [("NHWC", ["series", "bytes"]), ("", ["image", "series", "bytes"])])
def test_axes_are_moved_for_pictures_of_another_layout_alone(layout, kept):
    """onnx2tf takes every input of three axes or more for channels first, and refuses to keep one of fewer."""
    assert kept_as_they_are(INPUTS, layout) == kept


@pytest.mark.parametrize(
    ("found", "shape", "axes"),
    [
        ((1, 6, 8, 3), (3, 6, 8), (0, 3, 1, 2)),
        ((1, 3, 6, 8), (3, 6, 8), (0, 1, 2, 3)),
        ((None, 5, None), (5, 4), (0, 1, 2)),
        ((1, 9), None, (0, 1)),
    ],
)
def test_an_output_with_channels_last_gets_the_models_own_axes(found, shape, axes):
    """Its shape says whether they were moved; where that is not known, they were not."""
    assert axes_back(found, Output("made", shape)) == axes


@pytest.mark.framework
def test_outputs_are_named_in_the_order_of_the_file(tmp_path):
    """Keras gives them by places, and a model that lacks one is a failed conversion."""
    pytest.importorskip("onnx")
    write_model(str(tmp_path / "two.onnx"))
    form = Form(MODEL, "0" * 64, tmp_path / "two.onnx")

    class Keras(SimpleNamespace):
        def __call__(self, tensors):
            return tensors

    inputs = outputs = [SimpleNamespace(shape=(None, 2, 3)), SimpleNamespace(shape=(None, 4))]
    made = by_places(Keras(inputs=inputs, outputs=outputs), form, channels_last=False)
    assert made("first", "second") == {"wide": "first", "count": "second"}
    with pytest.raises(ConversionFailed, match="gives 1 outputs and not wide, count"):
        by_places(Keras(inputs=inputs, outputs=outputs[:1]), form, channels_last=False)


def test_one_input_and_one_output_stay_as_keras_has_them(tmp_path, monkeypatch):
    """A picture in and logits out are converted as before, byte for byte."""
    monkeypatch.setattr("runoff.model.onnx.keras_function.outputs_of", lambda form: ["wide"])
    keras = SimpleNamespace(inputs=["images"], outputs=[SimpleNamespace(shape=(None, 2, 3))])
    assert by_places(keras, Form(MODEL, "0" * 64, tmp_path / "one.onnx"), channels_last=False) is keras


LAYER = """Exception encountered when calling layer "tf.math.add_2" (type TFOpLambda).

%s

Call arguments received by layer "tf.math.add_2" (type TFOpLambda):
  • x=tf.Tensor(shape=(1, 197, 192), dtype=float32)"""
SIZES = "Dimensions must be equal, but are 197 and 192 for 'add_2'."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(LAYER % SIZES, f"ValueError: {SIZES}", id="a layer"),
        pytest.param(LAYER % (LAYER % SIZES), f"ValueError: {SIZES}", id="a layer in a layer"),
        pytest.param(
            LAYER % f'in user code:\n\n    File "lambda.py", line 1\n\n    ValueError: {SIZES}',
            f"ValueError: {SIZES}",
            id="behind a traceback",
        ),
        pytest.param(
            f"Exception encountered when calling Add.call().\n\n\x1b[1m{SIZES}\x1b[0m\n\nArguments received by Add:",
            f"ValueError: {SIZES}",
            id="in colours",
        ),
        pytest.param(f"{SIZES}\nand more", f"ValueError: {SIZES}", id="plain"),
        pytest.param("", "ValueError: ", id="empty"),
    ],
)
def test_an_error_of_keras_is_told_by_its_reason(text, reason):
    """The line that says why is shown, and not the layer that Keras names before it."""
    assert keras_reason(ValueError(text)) == reason
