"""ONNX files as others might give them: tiny classifiers of pictures, and what is odd about each. Needs onnx."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BATCH = "batch"
CLASSES = 4


def picture_file(
    path: Path,
    sides: Sequence[Any] = (BATCH, 3, 8, 8),
    kind: int = TensorProto.FLOAT,
    *,
    before: Sequence[Any] = (),
    change: Callable[[Any], object] = lambda model: None,
    **settings: Any,
) -> Path:
    """Write a convolution, a mean over the picture and a softmax over four classes, of an input ``x``.

    ``before`` are the nodes from ``x`` to ``pictures`` (N×3×H×W), ``change`` is what happens to the model before it is
    written, and ``settings`` are those of ONNX's helper for models.
    """
    dtype = np.float16 if kind == TensorProto.FLOAT16 else np.float32
    kernel = np.random.default_rng(0).standard_normal((CLASSES, 3, 3, 3)).astype(dtype)
    nodes = [
        *(before or [helper.make_node("Identity", ["x"], ["pictures"])]),
        helper.make_node("Conv", ["pictures", "kernel"], ["maps"]),
        helper.make_node("GlobalAveragePool", ["maps"], ["means"]),
        helper.make_node("Flatten", ["means"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"]),
    ]
    given = helper.make_tensor_value_info("x", kind, sides)
    scores = helper.make_tensor_value_info("scores", helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), None)
    graph = helper.make_graph(nodes, "made", [given], [scores], [numpy_helper.from_array(kernel, "kernel")])
    settings = {"opset_imports": [helper.make_opsetid("", 17)], "ir_version": 8, **settings}
    model = helper.make_model(graph, **settings)
    change(model)
    path.write_bytes(model.SerializeToString())
    return path


def with_metadata(**values: str) -> Callable[[Any], None]:
    """Return what writes metadata into a model; two underscores in a key stand for a dot."""
    named = {key.replace("__", "."): value for key, value in values.items()}
    return lambda model: helper.set_model_props(model, named)


def one_node(
    path: Path, kind: str, inputs: Mapping[str, tuple[int, Sequence[Any] | None]], outputs: Sequence[str], **more: Any
) -> Path:
    """Write a file of one node, from inputs with their types and shapes to outputs of any."""
    values = [helper.make_tensor_value_info(name, dtype, sides) for name, (dtype, sides) in inputs.items()]
    node = helper.make_node(kind, list(inputs), list(outputs), **more)
    made = [helper.make_value_info(name, onnx.TypeProto()) for name in outputs]
    opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(node.domain, 1)] if node.domain else [])]
    graph = helper.make_graph([node], "made", values, made)
    for value in graph.output:
        value.type.tensor_type.elem_type = TensorProto.FLOAT
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def move_data_out(path: Path, location: str) -> Path:
    """Write a file's tensors beside it, and return the file with them."""
    model = onnx.load(str(path))
    onnx.external_data_helper.convert_model_to_external_data(model, location=location, size_threshold=0)
    onnx.save(model, str(path))
    return path.parent / location
