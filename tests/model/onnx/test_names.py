"""Names, versions and domains in ONNX files of others, as repairs leave them for onnx-tf."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.framework
WHAT_13_SAYS = {"Gelu": ["Div", "Erf", "Add", "Mul", "Mul"]}


@pytest.fixture
def repaired(tmp_path):
    """Repair a file of one node of x, and return what was done with the model that it left."""
    import onnx

    from runoff.model.onnx.repairs import repair_file
    from tests.builders.given_onnx import one_node

    def done(kind, name="x", node="", **settings):
        inputs = {name: (onnx.TensorProto.FLOAT, [1, 4])}
        file = one_node(tmp_path / "own.onnx", kind, inputs, [f"{name}_out"], **settings)
        model = onnx.load(str(file))
        model.opset_import[0].version = 13
        model.graph.node[0].name = node
        onnx.save(model, str(file))
        names = repair_file(file, tmp_path / "repaired.onnx")
        return names, onnx.load(str(tmp_path / "repaired.onnx" if names else file))

    return done


def test_names_that_tensorflow_can_not_have_are_cleaned(repaired):
    """Inputs and outputs keep letters, digits and dots wherever they are named; nodes lose what no scope has."""
    names, model = repaired("Relu", "gpu_0/data_0", "Relu@0")
    assert names == ("names cleaned",)
    (node,) = model.graph.node
    assert (node.name, list(node.input), list(node.output)) == ("Relu_0", ["gpu_0_data_0"], ["gpu_0_data_0_out"])
    assert [value.name for value in (*model.graph.input, *model.graph.output)] == ["gpu_0_data_0", "gpu_0_data_0_out"]


def test_clean_names_are_left_alone(repaired):
    """What torch's exporters write needs no repair of its names."""
    assert repaired("Relu", "images", "/layer1/layer1.0/Relu")[0] == ()


def test_an_operator_of_another_domain_is_another_one(repaired):
    """ONNX Runtime's own Gelu is ONNX's; any other's is left alone, whatever its name is."""
    names, model = repaired("Gelu", domain="com.microsoft")
    assert (names, [node.op_type for node in model.graph.node]) == (("Gelu spelled out",), WHAT_13_SAYS["Gelu"])
    assert repaired("Gelu", domain="org.example")[0] == ()
    assert repaired("HardSwish", domain="com.microsoft")[0] == ()


def test_a_newer_format_is_lowered(tmp_path):
    """The checker of onnx 1.16, which onnx-tf asks, takes files up to IR 10."""
    import onnx

    from runoff.model.onnx.names import lower_ir_version

    model = onnx.ModelProto(ir_version=12)
    assert lower_ir_version(model)
    assert (model.ir_version, lower_ir_version(model)) == (10, False)
