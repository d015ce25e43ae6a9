"""Repairs of ONNX files: each says the same in operator set 13, by ONNX's own reference implementation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="the repairs are of ONNX files, and onnx is not installed")
reference = pytest.importorskip("onnx.reference", reason="as above")
pytestmark = pytest.mark.framework
repairs = pytest.importorskip("runoff.model.onnx.repairs", reason="as above")
products = pytest.importorskip("runoff.model.onnx.products", reason="as above")
helper = onnx.helper
OPSET, repair_file = repairs.OPSET, repairs.repair_file
IMAGES = np.random.RandomState(5).standard_normal((2, 3, 6, 8)).astype(np.float32)


def write_model(
    path: Path, nodes: list, opset: int, constants: dict | None = None, shape: tuple = (2, 3, 6, 8)
) -> Path:
    """Write a model from ``images`` to ``outputs`` with these nodes and constants."""
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("outputs", onnx.TensorProto.FLOAT, [None] * 4)],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def run(path: Path) -> np.ndarray:
    """Run a model by ONNX's reference implementation."""
    (outputs,) = reference.ReferenceEvaluator(str(path)).run(None, {"images": IMAGES})
    return outputs


def scale() -> np.ndarray:
    """Return a scale for a side of eight."""
    return np.linspace(0.5, 1.5, 8, dtype=np.float32)


AXES = {"axes": [0, -1], "first": [0, -1], "begin": [0], "end": [1]}
MODELS = {
    "empty inputs dropped": (
        [helper.make_node("Pad", ["images", "pads", ""], ["outputs"])],
        13,
        {"pads": np.array([0, 0, 1, 2, 0, 0, 3, 0], np.int64)},
    ),
    "LayerNormalization spelled out": (
        [helper.make_node("LayerNormalization", ["images", "scale", "bias"], ["outputs"], axis=-1, epsilon=1e-3)],
        17,
        {"scale": scale(), "bias": scale() - 1},
    ),
    "Gelu spelled out": ([helper.make_node("Gelu", ["images"], ["outputs"])], 20, {}),
    "HardSwish spelled out": ([helper.make_node("HardSwish", ["images"], ["outputs"])], 17, {}),
    "Squeeze and Unsqueeze as Reshape": (
        [
            helper.make_node("Unsqueeze", ["images", "axes"], ["taller"]),
            helper.make_node("Squeeze", ["taller", "first"], ["lower"]),
            helper.make_node("Slice", ["lower", "begin", "end"], ["first picture"]),
            helper.make_node("Squeeze", ["first picture"], ["alone"]),
            helper.make_node("Relu", ["alone"], ["outputs"]),
        ],
        13,
        {name: np.array(value, np.int64) for name, value in AXES.items()},
    ),
    "cubic Resize as products": (
        [helper.make_node("Resize", ["images", "", "", "sizes"], ["outputs"], mode="cubic")],
        13,
        {"sizes": np.array([2, 3, 9, 5], np.int64)},
    ),
    "Pad as products": (
        [helper.make_node("Pad", ["images", "pads", "value"], ["outputs"])],
        18,
        {"pads": np.array([0, 0, 1, 2, 0, 0, 3, 5], np.int64), "value": np.float32(-7.5)},
    ),
    "Shape sliced": (
        [
            helper.make_node("Shape", ["images"], ["ends"], start=-2),
            helper.make_node("Shape", ["images"], ["begins"], start=0, end=2),
            helper.make_node("Concat", ["ends", "begins"], ["shape"], axis=0),
            helper.make_node("Reshape", ["images", "shape"], ["outputs"], allowzero=0),
        ],
        15,
        {},
    ),
    f"set back to operator set {OPSET}": (
        [
            helper.make_node("ReduceMean", ["images", "axes"], ["mean"], keepdims=1, noop_with_empty_axes=0),
            helper.make_node("Split", ["mean"], ["left", "right"], axis=1, num_outputs=2),
            helper.make_node("Concat", ["right", "left"], ["joined"], axis=1),
            helper.make_node("Reshape", ["joined", "shape"], ["shaped"], allowzero=1),
            helper.make_node("ScatterND", ["shaped", "places", "updates"], ["outputs"], reduction="none"),
        ],
        18,
        {
            "axes": np.array([2, 3], np.int64),
            "shape": np.array([1, 2, 3, 1], np.int64),
            "places": np.array([[0, 1, 2, 0]], np.int64),
            "updates": np.array([5.0], np.float32),
        },
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_repaired_file_says_the_same(name, tmp_path):
    """What each repair is for is changed by it, the result is of set 13 or older, and gives the same outputs."""
    nodes, opset, constants = MODELS[name]
    source = write_model(tmp_path / "source.onnx", nodes, opset, constants)
    done = repair_file(source, tmp_path / "repaired.onnx")
    assert name in done
    repaired = onnx.load(str(tmp_path / "repaired.onnx"))
    assert max(operators.version for operators in repaired.opset_import) <= OPSET
    onnx.checker.check_model(repaired)
    np.testing.assert_allclose(run(tmp_path / "repaired.onnx"), run(source), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
def test_every_way_of_padding_is_said_by_products(mode, tmp_path):
    """Padding with a constant, the reflected picture or its edge gives the same as ONNX's own, on every side alone."""
    pads = {"pads": np.array([0, 0, 1, 0, 0, 0, 2, 4], np.int64)}
    node = helper.make_node("Pad", ["images", "pads"], ["outputs"], mode=mode)
    source = write_model(tmp_path / "source.onnx", [node], 13, pads)
    assert repair_file(source, tmp_path / "repaired.onnx") == ("Pad as products",)
    assert "Pad" not in {made.op_type for made in onnx.load(str(tmp_path / "repaired.onnx")).graph.node}
    np.testing.assert_array_equal(run(tmp_path / "repaired.onnx"), run(source))


def test_padding_by_less_than_nothing_cuts_off(tmp_path):
    """A Pad with negative numbers, which ONNX's reference implementation can't run, cuts rows and columns off."""
    pads = {"pads": np.array([0, 0, -1, 2, 0, 0, 1, -3], np.int64)}
    source = write_model(tmp_path / "source.onnx", [helper.make_node("Pad", ["images", "pads"], ["outputs"])], 13, pads)
    assert repair_file(source, tmp_path / "repaired.onnx") == ("Pad as products",)
    expected = np.pad(IMAGES[:, :, 1:, :-3], ((0, 0), (0, 0), (0, 1), (2, 0)))
    np.testing.assert_array_equal(run(tmp_path / "repaired.onnx"), expected)


def test_what_needs_no_repair_is_left_alone(tmp_path):
    """A file that set 13 can say has no repair, and none is written."""
    source = write_model(tmp_path / "source.onnx", [helper.make_node("Relu", ["images"], ["outputs"])], 13)
    assert repair_file(source, tmp_path / "repaired.onnx") == ()
    assert not (tmp_path / "repaired.onnx").exists()


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Gelu", ["images"], ["outputs"], approximate="tanh"),
        helper.make_node("Resize", ["images", "", "scales"], ["outputs"], mode="cubic", exclude_outside=1),
        helper.make_node("Pad", ["images", "pads"], ["outputs"], mode="wrap"),
        helper.make_node("Pad", ["images", "deep"], ["outputs"]),
    ],
)
def test_what_would_say_something_else_is_left_alone(node, tmp_path):
    """The approximate Gelu, a Resize without its border, Pads that wrap or of channels are not what repairs write."""
    constants = {"scales": np.array([1, 1, 2, 2], np.float32)}
    constants |= {name: np.array([0, deep, 1, 1, 0, 0, 1, 1]) for name, deep in (("pads", 0), ("deep", 1))}
    source = write_model(tmp_path / "source.onnx", [node], 20, constants)
    repair_file(source, tmp_path / "repaired.onnx")
    assert [made.op_type for made in onnx.load(str(tmp_path / "repaired.onnx")).graph.node] == [node.op_type]


def test_sizes_that_a_graph_computes_are_folded(tmp_path):
    """Where a shape is known only after folding constants, the file is simplified first, and then the rest applies."""
    nodes = [
        helper.make_node("Shape", ["images"], ["shape"]),
        helper.make_node("Gather", ["shape", "places"], ["order"]),
        helper.make_node("Concat", ["order", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["images", "target"], ["flat"]),
        helper.make_node("Unsqueeze", ["flat", "axes"], ["outputs"]),
    ]
    constants = {"places": np.array([0, 1]), "rest": np.array([48]), "axes": np.array([1])}
    source = write_model(tmp_path / "source.onnx", nodes, 17, constants)
    done = repair_file(source, tmp_path / "repaired.onnx")
    assert done[-1] == f"set back to operator set {OPSET}"
    assert "Unsqueeze" not in {made.op_type for made in onnx.load(str(tmp_path / "repaired.onnx")).graph.node}
    np.testing.assert_array_equal(run(tmp_path / "repaired.onnx"), run(source))


def test_a_converter_may_want_one_repair_alone(tmp_path):
    """Of the repairs that a file could have, only those asked for are done."""
    nodes = [
        helper.make_node("HardSwish", ["images"], ["swished"]),
        helper.make_node("Resize", ["swished", "", "", "sizes"], ["outputs"], mode="cubic"),
    ]
    source = write_model(tmp_path / "source.onnx", nodes, 17, {"sizes": np.array([2, 3, 9, 5], np.int64)})
    assert repair_file(source, tmp_path / "repaired.onnx", {repairs.CUBIC_RESIZE}) == (repairs.CUBIC_RESIZE,)
    kinds = {made.op_type for made in onnx.load(str(tmp_path / "repaired.onnx")).graph.node}
    assert "HardSwish" in kinds
    assert "Resize" not in kinds


def test_every_repair_has_a_model():
    """A new repair comes with a test of what it is for; simplifying, names and formats have their own."""
    assert set(MODELS) == set(repairs.REPAIRS) - {"simplified", "names cleaned", "IR version lowered"}


def test_a_cubic_matrix_keeps_what_is_constant_and_what_is_linear():
    """Its rows add up to 1, and inside the border it gives a straight line back."""
    matrix = products.cubic_matrix(12, 24, "half_pixel", -0.5)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)
    line = matrix @ np.arange(12)
    np.testing.assert_allclose(line[4:-4], (np.arange(24)[4:-4] + 0.5) / 2 - 0.5, atol=1e-5)
