"""The reference evaluator with its patches: the same as ONNX Runtime wherever it says anything, and stopped in time."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.arrays import Input

onnx = pytest.importorskip("onnx", reason="the evaluator is onnx's, and that is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="what the evaluator is compared with is not installed")
pytestmark = pytest.mark.framework
evaluator = pytest.importorskip("runoff.model.golden.evaluator", reason="as above")
patches = pytest.importorskip("runoff.model.golden.evaluator_patches", reason="as above")
onnx_files = pytest.importorskip("tests.builders.onnx_files", reason="as above")
node = onnx.helper.make_node

RANDOM = np.random.default_rng(1)
PICTURES = Input("x", (3, 4, 5))
SIGNALS = Input("x", (3, 6))
STATISTICS = {name: RANDOM.uniform(0.5, 2, 3).astype(np.float32) for name in ("scale", "bias", "mean", "variance")}
FOUR = {"roi": np.zeros(0, np.float32), "scales": np.array([1, 1, 2, 3], np.float32)}
SIZES = {"roi": np.zeros(0, np.float32), "none": np.zeros(0, np.float32), "sizes": np.array([1, 3, 7, 9], np.int64)}
SINGLE = {"roi": np.zeros(0, np.float32), "none": np.zeros(0, np.float32), "sizes": np.array([1, 3, 1, 2], np.int64)}
NORMALISE = node("BatchNormalization", ["x", "scale", "bias", "mean", "variance"], ["y"], epsilon=1e-3, momentum=0.9)


def drawn(*shape):
    """Draw weights."""
    return RANDOM.standard_normal(shape).astype(np.float32)


def resize(mode, sizes=False, **attributes):
    """Return a Resize by sizes or by scales, with a region of interest that is empty."""
    by = ["roi", "none", "sizes"] if sizes else ["roi", "scales"]
    return [node("Resize", ["x", *by], ["y"], mode=mode, **attributes)]


CASES = {
    "BatchNormalization 9": (9, PICTURES, [NORMALISE], STATISTICS),
    "BatchNormalization 13": (13, PICTURES, [NORMALISE], STATISTICS),
    "BatchNormalization 15": (15, PICTURES, [NORMALISE], STATISTICS),
    "BatchNormalization of signals": (11, SIGNALS, [NORMALISE], STATISTICS),
    "Softmax 11 along an axis": (11, PICTURES, [node("Softmax", ["x"], ["y"], axis=2)], {}),
    "Softmax 11 along a negative axis": (11, PICTURES, [node("Softmax", ["x"], ["y"], axis=-2)], {}),
    "Softmax 12 without an axis": (12, PICTURES, [node("Softmax", ["x"], ["y"])], {}),
    "Softmax 13 along an axis": (13, PICTURES, [node("Softmax", ["x"], ["y"], axis=1)], {}),
    "LogSoftmax 11": (11, PICTURES, [node("LogSoftmax", ["x"], ["y"], axis=1)], {}),
    "LogSoftmax 13": (13, PICTURES, [node("LogSoftmax", ["x"], ["y"], axis=1)], {}),
    "Squeeze 11 of negative axes": (11, Input("x", (4, 1, 1)), [node("Squeeze", ["x"], ["y"], axes=[-2, -1])], {}),
    "Squeeze 13": (13, Input("x", (1, 4)), [node("Squeeze", ["x", "axes"], ["y"])], {"axes": np.array([1])}),
    "GlobalMaxPool of signals": (13, SIGNALS, [node("GlobalMaxPool", ["x"], ["y"])], {}),
    "GlobalMaxPool of pictures": (13, PICTURES, [node("GlobalMaxPool", ["x"], ["y"])], {}),
    "Resize to the nearest": (11, PICTURES, resize("nearest", nearest_mode="floor"), FOUR),
    "Resize to the nearest, asymmetric": (
        13,
        PICTURES,
        resize("nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric"),
        FOUR,
    ),
    "Resize linearly": (13, PICTURES, resize("linear"), FOUR),
    "Resize linearly to corners": (
        11,
        PICTURES,
        resize("linear", sizes=True, coordinate_transformation_mode="align_corners"),
        SIZES,
    ),
    "Resize as PyTorch does": (
        13,
        PICTURES,
        resize("linear", sizes=True, coordinate_transformation_mode="pytorch_half_pixel"),
        SINGLE,
    ),
    "Resize cubically": (13, PICTURES, resize("cubic", sizes=True, cubic_coeff_a=-0.5), SIZES),
    "Resize cubically without what lies outside": (13, PICTURES, resize("cubic", sizes=True, exclude_outside=1), SIZES),
    "Conv with padding and a bias": (
        11,
        PICTURES,
        [node("Conv", ["x", "w", "b"], ["y"], pads=[1, 0, 2, 1], strides=[2, 1])],
        {"w": drawn(4, 3, 3, 2), "b": drawn(4)},
    ),
    "Conv in groups, dilated": (
        13,
        Input("x", (4, 7, 6)),
        [node("Conv", ["x", "w"], ["y"], group=2, dilations=[2, 1])],
        {"w": drawn(6, 2, 3, 3)},
    ),
    "Conv of each channel": (9, PICTURES, [node("Conv", ["x", "w"], ["y"], group=3)], {"w": drawn(3, 1, 2, 2)}),
    "Conv of signals": (13, SIGNALS, [node("Conv", ["x", "w"], ["y"], pads=[1, 1])], {"w": drawn(2, 3, 3)}),
    "Conv padded by itself": (
        13,
        PICTURES,
        [node("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER", strides=[2, 2])],
        {"w": drawn(2, 3, 3, 3)},
    ),
    "Conv padded before": (
        13,
        PICTURES,
        [node("Conv", ["x", "w"], ["y"], auto_pad="SAME_LOWER")],
        {"w": drawn(2, 3, 2, 2)},
    ),
    "AveragePool": (11, PICTURES, [node("AveragePool", ["x"], ["y"], kernel_shape=[2, 3], strides=[2, 2])], {}),
    "AveragePool without what is padded": (
        13,
        PICTURES,
        [node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 0, 1])],
        {},
    ),
    "AveragePool with what is padded": (
        7,
        PICTURES,
        [node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 0, 1], count_include_pad=1)],
        {},
    ),
    "AveragePool rounded up": (
        11,
        PICTURES,
        [node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)],
        {},
    ),
    "MaxPool with padding": (
        12,
        PICTURES,
        [node("MaxPool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 1], dilations=[1, 2])],
        {},
    ),
    "MaxPool with places": (12, PICTURES, [node("MaxPool", ["x"], ["y", "at"], kernel_shape=[2, 2])], {}),
    "constants of every kind": (
        13,
        PICTURES,
        [
            node("Constant", [], ["two"], value_float=2.0),
            node("Constant", [], ["shape"], value_ints=[5]),
            node("ConstantOfShape", ["shape"], ["zeros"]),
            node("Cast", ["x"], ["halves"], to=onnx.TensorProto.FLOAT16),
            node("Cast", ["x"], ["same"], to=onnx.TensorProto.FLOAT),
            node("Mul", ["same", "two"], ["twice"]),
            node("Add", ["twice", "zeros"], ["y"]),
        ],
        {},
    ),
}


def by_onnxruntime(file, example):
    """Return the one output of a file by ONNX Runtime without optimisation."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return session.run(None, example)[0]


@pytest.mark.parametrize("name", list(CASES))
def test_it_agrees_with_onnxruntime(name, tmp_path):
    """Every operator that is replaced, and some beside it, give ONNX Runtime's numbers in float64."""
    opset, given, nodes, constants = CASES[name]
    file = onnx_files.write_onnx(
        tmp_path / "m.onnx", nodes, inputs=[given], outputs=["y"], opset=opset, constants=constants
    )
    example = {"x": RANDOM.standard_normal((1, *given.shape)).astype(np.float32)}
    (found,) = evaluator.evaluate(file, [example], 60.0)
    expected = by_onnxruntime(file, example)
    assert found["y"].dtype == np.float64
    assert found["y"].shape == expected.shape
    np.testing.assert_allclose(found["y"], expected, rtol=0, atol=3e-6)


def test_every_replacement_has_its_reason_and_its_test():
    """What is replaced is listed in one place with its reason, and held against ONNX Runtime above."""
    assert {name.split()[0] for name in CASES if name[0].isupper()} == set(patches.REPLACED)
    assert all(patch.why for patch in patches.REPLACED.values())


def test_a_branch_is_computed_in_float64_too(tmp_path):
    """The graphs inside a node are widened like the one that they are in."""
    value = onnx.numpy_helper.from_array(np.float32([0.1]), "tenth")
    branch = onnx.helper.make_graph(
        [node("Add", ["x", "tenth"], ["inner"])], "branch", [], [onnx.ValueInfoProto(name="inner")], [value]
    )
    nodes = [node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch)]
    file = onnx_files.write_onnx(
        tmp_path / "m.onnx", nodes, inputs=[SIGNALS], outputs=["y"], opset=13, constants={"yes": np.array(True)}
    )
    example = np.full((1, 3, 6), 1e-9, np.float32)
    (found,) = evaluator.evaluate(file, [{"x": example}], 60.0)
    assert np.array_equal(found["y"], example.astype(np.float64) + np.float64(np.float32(0.1)))


def test_it_is_stopped_where_one_example_takes_too_long(tmp_path):
    """A file whose first example is not done in time is given up, whatever the operator is busy with."""
    body = onnx.helper.make_graph(
        [node("Identity", ["go"], ["on"]), node("Add", ["value", "value"], ["more"])],
        "body",
        [onnx.helper.make_tensor_value_info(name, kind, []) for name, kind in (("step", 7), ("go", 9))]
        + [onnx.ValueInfoProto(name="value")],
        [onnx.ValueInfoProto(name=name) for name in ("on", "more")],
    )
    nodes = [node("Loop", ["times", "yes", "x"], ["y"], body=body)]
    constants = {"times": np.array(10**9), "yes": np.array(True)}
    file = onnx_files.write_onnx(
        tmp_path / "m.onnx", nodes, inputs=[SIGNALS], outputs=["y"], opset=13, constants=constants
    )
    with pytest.raises(TimeoutError, match=r"not one example in 0\.2 s"), np.errstate(over="ignore"):
        evaluator.evaluate(file, [{"x": np.ones((1, 3, 6), np.float32)}], 0.2)


def test_as_many_examples_are_done_as_time_allows(tmp_path, monkeypatch):
    """One more example is begun only where the slowest so far would still be done in time."""
    file = onnx_files.write_onnx(
        tmp_path / "m.onnx", [node("Relu", ["x"], ["y"])], inputs=[SIGNALS], outputs=["y"], opset=13
    )
    moments = iter([0.0, 0.0, 25.0, 25.0, 45.0, 45.0])
    monkeypatch.setattr(evaluator, "time", type("Clock", (), {"monotonic": lambda: next(moments)}))
    examples = [{"x": np.full((1, 3, 6), value, np.float32)} for value in (1, 2, 3)]
    found = evaluator.evaluate(file, examples, 60.0)
    assert [each["y"].max() for each in found] == [1, 2]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_weights_of_16_bits_are_seen(tmp_path, dtype):
    """Numbers of 16 bits round further, so that whether a file holds any is asked."""
    file = onnx_files.write_onnx(
        tmp_path / "m.onnx",
        [node("Mul", ["x", "w"], ["y"])],
        inputs=[Input("x", (2,), np.dtype(dtype).name)],
        outputs=["y"],
        opset=13,
        constants={"w": np.ones(2, dtype)},
    )
    assert evaluator.has_half(file) == (dtype == np.float16)
