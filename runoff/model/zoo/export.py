"""A model of the zoo as an ONNX file, with pictures and what TorchVision's own module gives for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runoff.contract import Input, Model, Source
from runoff.errors import conversion_stage
from runoff.model.onnx_export import write_onnx
from runoff.model.zoo.architectures import ARCHITECTURES, make_architecture, randomise_untrained_parts
from runoff.model.zoo.operators import OPERATORS

MODELS = (*ARCHITECTURES, *OPERATORS)
ZOO_VERSION = 1
"""Goes up with every change of the models or of how they are exported, so that cells are tried anew; a test asks."""
DYNAMIC = "dynamic-axes"
DYNAMIC_AXES = {0: "batch", 2: "height", 3: "width"}
SEED = 0
IMAGES = 24
"""The batch that is exported; for one of at most 20 pictures onnx2tf downloads some, and fails without a network."""
SIZES = dict.fromkeys(ARCHITECTURES, 64) | dict.fromkeys(OPERATORS, 16)
"""The side of the pictures: small where the model allows, so that converting takes the time and not running."""

MODEL_FILE = "model.onnx"
EXPECTED_FILE = "expected.npz"


def zoo_model(name: str) -> Model:
    """Return a model of the zoo, which is no classifier of anything and takes random pictures."""
    shape = (3, SIZES[name], SIZES[name])
    return Model(
        name, f"zoo-{ZOO_VERSION}-{name}", (Input("images", shape),), None, None, "other", Source("zoo", name, {})
    )


def export_zoo_model(model: str, exporter: str, opset: int, folder: str) -> list[str]:
    """Write ``model.onnx`` and ``expected.npz`` into a folder, and return the types of the operators in the graph.

    ``expected.npz`` has ``images`` (N×3×S×S float32), ``outputs`` (N rows, float32) and ``rounding``, the largest
    difference that float64 makes to any output. Raises ConversionFailed at the stage ``export``.
    """
    import torch

    place, (given,) = Path(folder), zoo_model(model).inputs
    torch.manual_seed(SEED)
    module = make_architecture(model) if model in ARCHITECTURES else OPERATORS[model]()
    images = torch.randn(IMAGES, *given.shape)
    randomise_untrained_parts(module, images)
    with torch.inference_mode():
        outputs = module(images).numpy()
    dynamic = DYNAMIC_AXES if model == DYNAMIC else {}
    with conversion_stage("export"):
        write_onnx(module, images, place / MODEL_FILE, given.name, exporter=exporter, opset=opset, dynamic=dynamic)
        operators = read_operators(place / MODEL_FILE)
    with torch.inference_mode():
        exact = module.double()(images.double()).numpy()
    rounding = np.abs(outputs - exact).max()
    np.savez(place / EXPECTED_FILE, images=images.numpy(), outputs=outputs, rounding=rounding)
    return operators


def read_operators(path: Path) -> list[str]:
    """Return the operators' types in an ONNX file's graph, each once."""
    import onnx

    return sorted({node.op_type for node in onnx.load(str(path)).graph.node})
