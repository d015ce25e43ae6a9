"""A model of two inputs and two outputs as an ONNX file, and sessions of it, each in a separate process."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runoff.arrays import Input, Output, Signature
from runoff.contract import Model, Source, find_variant, import_backend
from runoff.errors import ContractBroken
from runoff.files.arrays import load_arrays, save_arrays

SIGNATURE = Signature(
    (Input("zeta", (2, 3)), Input("alpha", (4,), "int64")), (Output("wide", (2, 3)), Output("count", (4,), "int64"))
)
MODEL = Model("two", "0" * 64, SIGNATURE.inputs, SIGNATURE.outputs, None, None, "other", Source("onnx", "two", {}))


def write_model(destination: str) -> None:
    """Write the model, whose inputs and outputs are in no order of the alphabet: one is doubled, one counts up."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def declared(each: Input | Output) -> onnx.ValueInfoProto:
        kind = TensorProto.INT64 if each.dtype == "int64" else TensorProto.FLOAT
        return helper.make_tensor_value_info(each.name, kind, ["batch", *each.shape])

    graph = helper.make_graph(
        [helper.make_node("Mul", ["zeta", "two"], ["wide"]), helper.make_node("Add", ["alpha", "one"], ["count"])],
        "two",
        [declared(given) for given in SIGNATURE.inputs],
        [declared(given) for given in SIGNATURE.outputs],
        [numpy_helper.from_array(np.float32(2), "two"), numpy_helper.from_array(np.int64(1), "one")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), destination)


def run_session(backend: str, variant: str, artifact: str, batches: list[list[str]]) -> str | None:
    """Run a session of what was converted on files of inputs; say what it refused, None for nothing."""
    chosen = import_backend(backend)
    session = chosen.load(Path(artifact), SIGNATURE, find_variant(chosen, variant), 1)
    for inputs, outputs in batches:
        try:
            found = session.run(load_arrays(Path(inputs)))
        except ContractBroken as error:
            return str(error)
        save_arrays(Path(outputs), {str(place): array for place, array in enumerate(found)})
    return None
