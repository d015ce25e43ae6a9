"""What onnx2tf is given: the same numbers in another order, and one batch alone where it loses shapes."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.model.onnx.test_repairs import IMAGES, helper, onnx, run, write_model

for_onnx2tf = pytest.importorskip("runoff.model.onnx.for_onnx2tf", reason="it needs onnx, which is not installed")
pytestmark = pytest.mark.framework
ROOT_OF_TWO = np.float32(np.sqrt(2))


def gelu(*between: Any, half: float = 0.5) -> list[Any]:
    """Return the nodes of GELU as torch exports it: x times 1 + erf, and then its half."""
    value = onnx.numpy_helper.from_array(np.float32(half))
    return [
        helper.make_node("Div", ["images", "root"], ["divided"]),
        helper.make_node("Erf", ["divided"], ["erf"]),
        helper.make_node("Add", ["erf", "one"], ["raised"]),
        helper.make_node("Mul", ["images", "raised"], ["product"]),
        helper.make_node("Constant", [], ["half"], value=value),
        *(between or [helper.make_node("Mul", ["product", "half"], ["outputs"])]),
    ]


def ordered(folder: Path, nodes: list[Any]) -> list[tuple[str, list[str]]]:
    """Order the GELUs of a file, hold it to the same bits, and return its nodes with their inputs."""
    constants = {"root": ROOT_OF_TWO, "one": np.float32(1)}
    path = write_model(folder / "given.onnx", nodes, 17, constants)
    for_onnx2tf.order_gelus(path, folder / "ordered.onnx")
    model = onnx.load(str(folder / "ordered.onnx"))
    onnx.checker.check_model(model)
    np.testing.assert_array_equal(run(folder / "ordered.onnx"), run(path), strict=True)
    return [(node.op_type, list(node.input)) for node in model.graph.node]


def test_a_gelu_is_halved_first(tmp_path: Path) -> None:
    """The half is taken of x and no longer of the product, after all that either needs."""
    *_, halved, raised = ordered(tmp_path, gelu())
    assert halved == ("Mul", ["images", "half"])
    assert raised == ("Mul", ["product", "raised"])


@pytest.mark.parametrize(
    "nodes",
    [
        pytest.param(gelu(half=0.25), id="another factor"),
        pytest.param(
            gelu(
                helper.make_node("Mul", ["product", "half"], ["halved"]),
                helper.make_node("Add", ["halved", "product"], ["outputs"]),
            ),
            id="used twice",
        ),
        pytest.param(
            [
                helper.make_node("Mul", ["images", "one"], ["product"]),
                helper.make_node("Constant", [], ["half"], value=onnx.numpy_helper.from_array(np.float32(0.5))),
                helper.make_node("Mul", ["product", "half"], ["outputs"]),
            ],
            id="no erf",
        ),
    ],
)
def test_what_is_no_gelu_stays(tmp_path: Path, nodes: list[Any]) -> None:
    """Products that only look like one are left where they are."""
    assert ordered(tmp_path, nodes) == [(node.op_type, list(node.input)) for node in nodes]


@pytest.fixture
def simplified(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, list[int]]]:
    """Stand in for onnxsim, and note the shapes that it is given."""
    noted: list[dict[str, list[int]]] = []

    def simplify(model: Any, overwrite_input_shapes: dict[str, list[int]]) -> tuple[Any, bool]:
        noted.append(overwrite_input_shapes)
        return model, True

    monkeypatch.setitem(sys.modules, "onnxsim", SimpleNamespace(simplify=simplify))
    return noted


def opened(path: Path, *sides: int) -> Path:
    """Write a file of which some sides of the input are open."""
    write_model(path, [helper.make_node("Relu", ["images"], ["outputs"])], 17)
    model = onnx.load(str(path))
    for side in sides:
        model.graph.input[0].type.tensor_type.shape.dim[side].dim_param = f"side {side}"
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize("unknown", [None, -1])
def test_an_open_batch_becomes_one(tmp_path: Path, simplified: list[dict[str, list[int]]], unknown: int | None) -> None:
    """Shapes are folded for a batch of one, whichever way the file says that any is taken; the repair is named."""
    path = opened(tmp_path / "given.onnx", 0)
    if unknown is not None:
        model = onnx.load(str(path))
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = unknown
        onnx.save(model, str(path))
    assert for_onnx2tf.fix_batch(path, tmp_path / "fixed.onnx") == ("batch fixed at one",)
    assert simplified == [{"images": [1, *IMAGES.shape[1:]]}]
    assert (tmp_path / "fixed.onnx").exists()


@pytest.mark.parametrize("sides", [(), (0, 2), (2,)])
def test_other_sides_are_not_guessed(
    tmp_path: Path, simplified: list[dict[str, list[int]]], sides: tuple[int, ...]
) -> None:
    """A batch that is fixed already, and a picture of any size, are no case for it."""
    path = opened(tmp_path / "given.onnx", *sides)
    assert for_onnx2tf.fix_batch(path, tmp_path / "fixed.onnx") == ()
    assert simplified == []
    assert not (tmp_path / "fixed.onnx").exists()


def test_samples_are_where_onnx2tf_looks(tmp_path: Path) -> None:
    """What it would download lies in the folder that it works in, and the process is back where it was afterwards."""
    from runoff.model.onnx.shape_examples import SAMPLES, sample_pictures

    before = Path.cwd()
    with sample_pictures(tmp_path):
        assert np.load(Path.cwd() / "calibration_image_sample_data_20x128x128x3_float32.npy").shape == SAMPLES
    assert Path.cwd() == before
