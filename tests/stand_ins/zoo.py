"""Takes the place of runoff/model/zoo.py in the copied suite: files that no framework wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runoff.arrays import Input, Output
from runoff.contract import Model, Source

MODELS = ("imagined",)
ZOO_VERSION = 1
MODEL_FILE = "model.onnx"
EXPECTED_FILE = "expected.npz"


def zoo_model(name: str) -> Model:
    """Return a model that takes pictures of eight pixels a side."""
    inputs, outputs = (Input("images", (3, 8, 8), layout="NCHW"),), (Output("logits", None),)
    return Model(name, name, inputs, outputs, None, None, "other", Source("zoo", name, {}))


def export_zoo_model(model: str, exporter: str, opset: int, folder: str) -> None:
    """Write a file that says which model it is, and four pictures of which the outputs are the first ten numbers."""
    images = np.random.RandomState(0).standard_normal((4, 3, 8, 8)).astype(np.float32)
    (Path(folder) / "model.onnx").write_text(model)
    outputs, operators = images.reshape(4, -1)[:, :10], ["Conv", "Pad"]
    np.savez(Path(folder) / "expected.npz", images=images, outputs=outputs, rounding=1e-7, operators=operators)
