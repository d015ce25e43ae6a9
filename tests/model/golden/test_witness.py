"""The witness beside an unchecked golden: OpenVINO's own answer."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.arrays import Input, Output
from runoff.files.arrays import load_arrays
from runoff.files.values import to_json
from runoff.model.golden.witness import answer

onnx = pytest.importorskip("onnx", reason="the file is made with onnx, which is not installed")
pytest.importorskip("openvino", reason="the witness is not installed")
pytestmark = [pytest.mark.framework, pytest.mark.long]
onnx_files = pytest.importorskip("tests.builders.onnx_files", reason="as above")
node = onnx.helper.make_node


def test_it_answers_one_example_after_another_by_name(tmp_path):
    """Its outputs are those of the first examples, by the model's names; scalars and whole numbers are taken."""
    inputs = [Input("x", (4,)), Input("rate", (), "int64", batched=False)]
    outputs = [Output("place", (), "int64"), Output("y", (4,))]
    nodes = [
        node("Cast", ["rate"], ["factor"], to=1),
        node("Mul", ["x", "factor"], ["y"]),
        node("ArgMax", ["x"], ["place"], axis=1, keepdims=0),
    ]
    file = onnx_files.write_onnx(tmp_path / "m.onnx", nodes, inputs=inputs, outputs=["place", "y"], opset=13)
    arrays = {"x": np.eye(4, dtype=np.float32)[[2, 0, 1]], "rate": np.full(3, 3)}
    files = {name: str(tmp_path / f"{name}.npy") for name in arrays}
    for name, array in arrays.items():
        np.save(files[name], array)
    answer(to_json(onnx_files.onnx_model(file, inputs, outputs)), files, str(tmp_path / "answer.npz"), 2)
    found = load_arrays(tmp_path / "answer.npz")
    assert np.array_equal(found["place"], [2, 0])
    assert np.array_equal(found["y"], arrays["x"][:2] * 3)
