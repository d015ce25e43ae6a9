"""Takes the place of runoff/model/zoo.py in the copied suite: files that no framework wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runoff.arrays import Input, Output
from runoff.contract import Model, Source
from runoff.model.case import Case

MODELS = ("imagined",)
ZOO_VERSION = 1
IMAGES = 4


def zoo_model(name: str) -> Model:
    """Return a model that takes pictures of eight pixels a side."""
    inputs, outputs = (Input("images", (3, 8, 8), layout="NCHW"),), (Output("logits", None),)
    return Model(name, name, inputs, outputs, None, None, "other", Source("zoo", name, {}))


def export_zoo_model(model: str, exporter: str, opset: int, folder: str) -> None:
    """Write a file that says which model it is, and four pictures of which the outputs are the first ten numbers."""
    images = np.random.RandomState(0).standard_normal((4, 3, 8, 8)).astype(np.float32)
    (Path(folder) / "model.onnx").write_text(model)
    outputs = {"logits": images.reshape(4, -1)[:, :10]}
    Case({"images": images}, outputs, {"logits": 1e-7}, ("Conv", "Pad")).save(Path(folder))
