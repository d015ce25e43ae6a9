"""What stands in where golden is unchecked: another runtime's own float32 answer, shown and not judged by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import arranged, named
from runoff.contract import Model
from runoff.files.arrays import save_arrays
from runoff.files.values import from_json

BY = "OpenVINO's float32"
REQUIRES = ("openvino",)
DISTRIBUTIONS = ("openvino",)
WITNESS_VERSION = 1
"""Goes up with every change of how the witness answers, so that it is asked anew; a test asks."""


def answer(model: dict[str, Any], inputs: dict[str, str], destination: str, examples: int) -> None:
    """Run an ONNX file by OpenVINO on the first examples of ``.npy`` files, one after another; save its outputs."""
    import openvino

    given = from_json(Model, model)
    arrays = {name: np.load(file)[:examples] for name, file in inputs.items()}
    batches = [
        arranged({name: array[place : place + 1] for name, array in arrays.items()}, given.inputs, "")
        for place in range(min(map(len, arrays.values())))
    ]
    shapes = {name: list(array.shape) for name, array in batches[0].items()}
    converted = openvino.convert_model(str(given.source.weights), input=shapes)
    compiled = openvino.Core().compile_model(converted, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    rows = []
    for batch in batches:
        found = compiled(batch)
        rows.append(named([found[each.name] for each in given.outputs], given.signature, 1))
    save_arrays(Path(destination), {name: np.concatenate([row[name] for row in rows]) for name in rows[0]})
