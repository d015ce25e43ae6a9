"""A case for converters: what a user's own model gives, written beside its ONNX file."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.arrays import Input, Output
from runoff.contract import Model, Source
from runoff.files.arrays import save_arrays
from runoff.files.values import to_json
from runoff.model.case import Case, export_own_model, load_case, write_file_case


def test_a_case_is_read_as_it_was_written(tmp_path):
    """Inputs, outputs, rounding errors and operators come back by their names, whatever those are."""
    ones, twos = np.ones((2, 3), np.float32), np.full((2, 1), 2)
    Case({"a/b": ones}, {"file": twos}, {"file": 1e-7}, ("Conv",)).save(tmp_path)
    found = load_case(tmp_path)
    np.testing.assert_equal((found.inputs, found.outputs), ({"a/b": ones}, {"file": twos}))
    assert (found.roundings, found.operators) == ({"file": 1e-7}, ("Conv",))


@pytest.mark.framework
@pytest.mark.long
def test_an_onnx_file_becomes_a_case_with_the_data_beside_it(tmp_path):
    """The file is copied with its data, and what it should give is golden: ONNX Runtime's, with a rounding."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    (tmp_path / "own").mkdir()
    weights = onnx.numpy_helper.from_array(np.full((5, 3), 0.5, np.float32), "w")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "graph",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 5])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 3])],
        [weights],
    )
    made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "own" / "mine.onnx"
    onnx.save(made, str(path), save_as_external_data=True, location="mine.data", size_threshold=0)
    source = Source("onnx", "mine.onnx", {}, path, "00")
    model = Model("file", "00", (Input("x", (5,)),), (Output("y", (3,)),), None, None, "other", source)
    save_arrays(tmp_path / "inputs.npz", {"x": np.ones((24, 5), np.float32)})
    (tmp_path / "case").mkdir()
    write_file_case(to_json(model), str(tmp_path / "inputs.npz"), str(tmp_path / "case"))
    case = load_case(tmp_path / "case")
    np.testing.assert_equal(case.outputs["y"], np.full((24, 3), 2.5, np.float32))
    assert 0 < case.roundings["y"] < 1e-6
    assert case.operators == ("MatMul",)
    assert (tmp_path / "case" / "mine.data").exists()


@pytest.mark.framework
@pytest.mark.long
def test_a_model_of_several_inputs_and_outputs_becomes_a_case(tmp_path):
    """Its examples, all its outputs with a rounding error of each, and the operators of its ONNX file are there."""
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from runoff.files.values import from_json
    from runoff.model.sources.made_twice import import_factory

    inputs = (Input("tokens", (7,), "int64"), Input("features", (5,)))
    random = np.random.default_rng(0)
    arrays = {"tokens": random.integers(0, 50, (24, 7)), "features": random.random((24, 5), np.float32)}
    save_arrays(tmp_path / "one.npz", {name: array[:1] for name, array in arrays.items()})
    save_arrays(tmp_path / "inputs.npz", arrays)
    made = import_factory(
        "tests.stand_ins.factories:two",
        [to_json(each) for each in inputs],
        str(tmp_path / "one.npz"),
        str(tmp_path),
        str(tmp_path),
        ["auto", None],
    )
    model = from_json(Model, made["model"])
    export_own_model(to_json(model), str(tmp_path / "inputs.npz"), "torchscript", 17, str(tmp_path))
    case = load_case(tmp_path)
    assert [*case.outputs] == [each.name for each in model.outputs]
    assert all(len(array) == 24 for array in case.outputs.values())
    assert max(case.roundings.values()) < 1e-5
    assert "Gemm" in case.operators
