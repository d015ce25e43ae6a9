"""Small ONNX files, made node by node, and the models that they are. Needs onnx."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from runoff.arrays import Input, Output
from runoff.contract import ONNX, OTHER, Model, Source

MICROSOFT = "com.microsoft"


def write_onnx(
    path: Path,
    nodes: Sequence[Any],
    *,
    inputs: Sequence[Input],
    outputs: Sequence[str],
    opset: int,
    constants: Mapping[str, Any] | None = None,
) -> Path:
    """Write a file from inputs of a batch of any number to these outputs."""

    def kind(dtype: str) -> Any:
        return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    graph = helper.make_graph(
        list(nodes),
        "made",
        [
            helper.make_tensor_value_info(
                each.name, kind(each.dtype), [*(["batch"] if each.batched else []), *each.shape]
            )
            for each in inputs
        ],
        [helper.make_value_info(name, onnx.TypeProto()) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(MICROSOFT, 1)]
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())
    return path


def onnx_model(path: Path, inputs: Sequence[Input], outputs: Sequence[Output]) -> Model:
    """Return the model that such a file is."""
    source = Source(ONNX, path.name, {}, path, "0" * 64)
    return Model(path.stem, "0" * 64, tuple(inputs), tuple(outputs), None, None, OTHER, source)
