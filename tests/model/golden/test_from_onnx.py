"""Golden of an ONNX file: ONNX Runtime's outputs, how far they are from exact, and what is said where nobody knows."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from runoff.arrays import Input, Output
from runoff.errors import CheckpointBroken
from runoff.files.values import to_json
from runoff.judge.golden_check import half_step
from runoff.model.golden.golden import load_golden

onnx = pytest.importorskip("onnx", reason="the files are made with onnx, which is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="golden is computed by it, and it is not installed")
pytestmark = pytest.mark.framework
from_onnx = pytest.importorskip("runoff.model.golden.from_onnx", reason="as above")
onnx_files = pytest.importorskip("tests.builders.onnx_files", reason="as above")
node = onnx.helper.make_node

RANDOM = np.random.default_rng(3)
EXAMPLES = 4
X = Input("x", (6,))
Y = Output("y", (5,))
WEIGHTS = {"w": RANDOM.standard_normal((6, 5)).astype(np.float32), "one": np.float32([1])}
PRODUCT = node("MatMul", ["x", "w"], ["product"])


@pytest.fixture
def golden_of(tmp_path):
    """Return what computes golden of nodes from x to outputs."""

    def compute(nodes, outputs=(Y,), inputs=(X,), opset=13, constants=WEIGHTS, arrays=None, examples=EXAMPLES):
        file = onnx_files.write_onnx(
            tmp_path / "made.onnx",
            nodes,
            inputs=inputs,
            outputs=[each.name for each in outputs],
            opset=opset,
            constants=constants,
        )
        model = onnx_files.onnx_model(file, inputs, outputs)
        arrays = arrays or {each.name: drawn(each) for each in inputs}
        files = {name: str(tmp_path / f"{name}.npy") for name in arrays}
        for name, array in arrays.items():
            np.save(files[name], array)
        from_onnx.compute_golden(to_json(model), files, str(tmp_path / "golden.npz"), examples)
        return load_golden(tmp_path / "golden.npz"), arrays

    return compute


def drawn(given):
    """Draw examples of an input."""
    return RANDOM.standard_normal((EXAMPLES, *given.shape)).astype(given.dtype)


def test_golden_is_checked_by_exact_outputs(golden_of):
    """Its rounding is how far float32 is from float64, and on how many examples that was seen is said."""
    golden, arrays = golden_of([PRODUCT, node("Tanh", ["product"], ["y"])], examples=3)
    exact = np.tanh(arrays["x"].astype(np.float64) @ WEIGHTS["w"].astype(np.float64))
    error = np.abs(golden.outputs["y"] - exact)
    assert golden.outputs["y"].dtype == np.float32
    assert error.max() < 1e-6
    assert golden.roundings["y"] == pytest.approx(max(error[:3].max(), half_step(golden.outputs["y"])), rel=1e-6)
    assert (golden.check.by, golden.check.examples, golden.check.reason) == (from_onnx.BY, 3, "")
    assert golden.check.difference == pytest.approx(
        max(
            np.abs(row).max() / np.abs(given).max() for row, given in zip(error[:3], golden.outputs["y"], strict=False)
        ),
        rel=1e-6,
    )


def test_golden_is_of_one_example_after_another(golden_of):
    """Each output is that of its own example, also where the file takes one alone."""
    golden, arrays = golden_of([PRODUCT, node("ReduceSum", ["product"], ["y"])], outputs=[Output("y", (1,))])
    assert golden.outputs["y"].shape == (EXAMPLES, 1)
    for found, x in zip(golden.outputs["y"], arrays["x"], strict=True):
        assert found == pytest.approx((x @ WEIGHTS["w"]).sum(), abs=1e-5)


def test_all_outputs_are_kept_by_their_names(golden_of):
    """Several outputs have a rounding each, in the model's order; whole numbers have none."""
    nodes = [PRODUCT, node("ArgMax", ["product"], ["place"], axis=1, keepdims=0), node("Relu", ["product"], ["y"])]
    golden, arrays = golden_of(nodes, outputs=[Output("place", (), "int64"), Y])
    assert list(golden.outputs) == ["place", "y"]
    assert np.array_equal(golden.outputs["place"], (arrays["x"] @ WEIGHTS["w"]).argmax(axis=1))
    assert golden.roundings["place"] == 0.0 < golden.roundings["y"] < 1e-5
    assert golden.check.reason == ""


def test_constant_outputs_have_the_rounding_of_what_is_stored(golden_of):
    """Where every number is exact, half a step of float32 is left."""
    nodes = [PRODUCT, node("Sub", ["product", "product"], ["none"]), node("Add", ["none", "one"], ["y"])]
    golden, _ = golden_of(nodes)
    assert np.array_equal(golden.outputs["y"], np.ones((EXAMPLES, 5)))
    assert golden.roundings["y"] == 2.0**-24
    assert golden.check.difference == 0.0


def test_what_has_no_examples_is_given_as_it_is(golden_of):
    """An input without an axis of examples, as a scalar has none, is given whole, and such an output has one row."""
    whole, rate = Input("x", (6,), batched=False), Input("rate", (), "int64", batched=False)
    nodes = [node("Cast", ["rate"], ["factor"], to=1), node("Mul", ["x", "factor"], ["y"])]
    arrays = {"x": drawn(X), "rate": np.full(EXAMPLES, 3)}
    golden, _ = golden_of(nodes, [Output("y", (6,), batched=False)], [whole, rate], arrays=arrays)
    assert np.array_equal(golden.outputs["y"], arrays["x"] * np.float32(3))
    assert golden.check.reason == ""


def recurrent():
    """Return an LSTM's nodes and constants, from x as one sequence of six steps."""
    constants = {
        "shape": np.array([6, 1, 1]),
        "W": RANDOM.standard_normal((1, 20, 1)).astype(np.float32),
        "R": RANDOM.standard_normal((1, 20, 5)).astype(np.float32),
        "flat": np.array([1, 5]),
    }
    nodes = [
        node("Reshape", ["x", "shape"], ["steps"]),
        node("LSTM", ["steps", "W", "R"], ["", "hidden", "cell"], hidden_size=5),
        node("Add", ["hidden", "cell"], ["state"]),
        node("Reshape", ["state", "flat"], ["y"]),
    ]
    return nodes, constants


def unknown():
    """Return an operator of a domain that onnx does not define."""
    return [PRODUCT, node("Gelu", ["product"], ["y"], domain=onnx_files.MICROSOFT)], WEIGHTS


@pytest.mark.parametrize(
    ("make", "reason"),
    [(recurrent, "RuntimeError: Unable to find input 'cell'"), (unknown, "NotImplementedError: Node type 'Gelu'")],
    ids=["LSTM", "com.microsoft"],
)
def test_what_the_evaluator_can_not_run_is_unchecked(golden_of, make, reason):
    """The run goes on: the reason is kept, and the rounding is found by ONNX Runtime alone."""
    nodes, constants = make()
    golden, _ = golden_of(nodes, constants=constants)
    assert golden.check.reason.startswith(reason)
    assert (golden.check.examples, golden.check.difference, golden.check.witness) == (0, None, None)
    assert 1e-9 < golden.roundings["y"] < 1e-5


@pytest.mark.parametrize(
    ("text", "short"), [("one\n two.", "one two"), ("a" * 160, "a" * 160), ("a" * 161, f"{'a' * 160}…")]
)
def test_a_reason_is_one_short_line(text, short):
    """What the evaluator says can be pages long: its beginning is kept, in one line."""
    assert from_onnx.short(ValueError(text)) == short


def test_an_evaluator_that_is_wrong_is_not_believed(golden_of, monkeypatch):
    """Where the two differ by more than rounding explains, golden is unchecked and its rounding is not that."""
    right = from_onnx.evaluator.evaluate

    def wrong(file, examples, seconds):
        return [{name: array * 1.01 for name, array in found.items()} for found in right(file, examples, seconds)]

    monkeypatch.setattr(from_onnx.evaluator, "evaluate", wrong)
    golden, _ = golden_of([PRODUCT, node("Relu", ["product"], ["y"])])
    assert golden.check.reason == "output 'y' differs by 0.01 of its largest number, which rounding does not explain"
    assert 0 < golden.roundings["y"] < 1e-5


def test_the_rounding_without_a_check_is_near_the_true_one(golden_of, monkeypatch):
    """Found from float32 alone, it is within a factor of four of how far float32 is from exact here."""
    nodes = [PRODUCT, node("Tanh", ["product"], ["y"])]
    checked, arrays = golden_of(nodes)
    monkeypatch.setattr(from_onnx.evaluator, "evaluate", lambda *_: 1 / 0)
    unchecked, _ = golden_of(nodes, arrays=arrays)
    assert unchecked.check.reason == "ZeroDivisionError: division by zero"
    assert 1 / 4 < unchecked.roundings["y"] / checked.roundings["y"] < 4


@pytest.mark.parametrize(
    ("x", "moves", "rounding"), [(np.float32([[1]]), 3, 0.25), (np.int64([[1]]), 0, 0.0)], ids=["float32", "int64"]
)
def test_an_output_that_stays_as_it_was_has_its_inputs_moved_again(monkeypatch, x, moves, rounding):
    """One movement may change no digit of an output, which is no proof that it is exact; whole ones can't move."""
    asked = []

    def run(model, examples, optimisation=from_onnx.PLAIN):
        asked.append(optimisation)
        stays = len(asked) < 4
        return [{"y": np.float32([[1 if stays else 1.25]]), "place": np.int64([[len(asked)]])} for _ in examples]

    monkeypatch.setattr(from_onnx, "run_file", run)
    single = [{"y": np.float32([[1]]), "place": np.int64([[0]])}]
    assert from_onnx.unsure_roundings(None, [{"x": x}], single) == {"y": rounding, "place": 0.0}
    assert asked == [from_onnx.OPTIMISED, *[from_onnx.PLAIN] * moves]


def test_outputs_that_are_not_finite_are_refused(golden_of):
    """Nothing can be compared with NaN: the output is named."""
    with pytest.raises(CheckpointBroken, match=r"made\.onnx gives numbers that are not finite in its output 'y'"):
        golden_of([PRODUCT, node("Log", ["product"], ["y"])])


def test_what_onnxruntime_can_not_run_is_refused(golden_of):
    """A graph that does not fit its inputs has no golden, and whose mistake it is is said."""
    with pytest.raises(CheckpointBroken, match=r"^ONNX Runtime, which golden is computed by, can't run made\.onnx: "):
        golden_of([PRODUCT, node("Relu", ["product"], ["y"])], arrays={"x": np.ones((2, 7), np.float32)})


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_numbers_are_moved_by_half_a_step_at_most(dtype):
    """Each floating-point number is the same, or the next one of its type; whole numbers stay."""
    array = (RANDOM.standard_normal(1000) * 100).astype(dtype)
    moved = from_onnx.move(array, np.random.default_rng(0))
    assert moved.dtype == array.dtype
    steps = np.abs(moved.astype(np.float64) - array) / (np.spacing(np.abs(array)) if dtype == "float32" else 1)
    assert set(steps) == ({0.0, 1.0} if dtype == "float32" else {0.0})


def test_golden_of_a_file_needs_no_torch():
    """What computes it is imported without torch."""
    code = "import sys, runoff.model.golden.from_onnx; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "runoff.model.golden.from_onnx" in loaded
    assert not {"torch", "torchvision", "tensorflow", "openvino"} & set(loaded)
