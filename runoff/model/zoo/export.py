"""A model of the zoo as an ONNX file, with pictures and what TorchVision's own module gives for them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runoff.contract import conversion_stage
from runoff.model.zoo.architectures import ARCHITECTURES, liven, make_architecture
from runoff.model.zoo.operators import OPERATORS

MODELS = (*ARCHITECTURES, *OPERATORS)
DYNAMIC = "dynamic-axes"
SEED = 0
IMAGES = 24
"""The batch that is exported; for one of at most 20 pictures onnx2tf downloads some, and fails without a network."""
SIZES = dict.fromkeys(ARCHITECTURES, 64) | dict.fromkeys(OPERATORS, 16)
"""The side of the pictures: small where the model allows, so that converting takes the time and not running."""

TORCHSCRIPT = "torchscript"
DYNAMO = "dynamo"
EXPORTERS = {TORCHSCRIPT: ("torch", "torchvision", "onnx"), DYNAMO: ("torch", "torchvision", "onnx", "onnxscript")}
"""torch's two exporters, with the modules that each needs."""
DISTRIBUTIONS = ("torch", "torchvision", "onnx", "onnxscript")

MODEL_FILE = "model.onnx"
EXPECTED_FILE = "expected.npz"


def export_model(model: str, exporter: str, opset: int, folder: str) -> list[str]:
    """Write ``model.onnx`` and ``expected.npz`` into a folder, and give the types of the operators in the graph.

    ``expected.npz`` has ``images`` (N×3×S×S float32), ``outputs`` (N rows, float32) and ``rounding``, the largest
    difference that float64 makes to any output. Raises ConversionFailed at the stage ``export``.
    """
    import torch

    place = Path(folder)
    torch.manual_seed(SEED)
    module = make_architecture(model) if model in ARCHITECTURES else OPERATORS[model]()
    images = torch.randn(IMAGES, 3, SIZES[model], SIZES[model])
    liven(module, images)
    with torch.inference_mode():
        outputs = module(images).numpy()
    with conversion_stage("export"):
        write_onnx(module, images, exporter, opset, place / MODEL_FILE, dynamic=model == DYNAMIC)
        operators = read_operators(place / MODEL_FILE)
    with torch.inference_mode():
        exact = module.double()(images.double()).numpy()
    rounding = np.abs(outputs - exact).max()
    np.savez(place / EXPECTED_FILE, images=images.numpy(), outputs=outputs, rounding=rounding)
    return operators


def write_onnx(module: Any, images: Any, exporter: str, opset: int, destination: Path, *, dynamic: bool) -> None:
    """Export with one of torch's two exporters, to the opset asked for."""
    import torch

    axes = {0: "batch", 2: "height", 3: "width"}
    options: dict[str, Any]
    if exporter == DYNAMO:
        shapes = {"images": {axis: torch.export.Dim(name) for axis, name in axes.items()}}
        options = {"dynamo": True, "external_data": False} | ({"dynamic_shapes": shapes} if dynamic else {})
    else:
        options = {"dynamo": False} | ({"dynamic_axes": {"images": axes, "outputs": {0: "batch"}}} if dynamic else {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # both exporters deprecate and advise at length; what counts is the result
        torch.onnx.export(
            module,
            (images,),
            str(destination),
            opset_version=opset,
            input_names=["images"],
            output_names=["outputs"],
            **options,
        )


def read_operators(path: Path) -> list[str]:
    """Give the operators' types in an ONNX file's graph, each once.

    Raises ConversionFailed through its caller where the file is of another opset than it was asked for.
    """
    import onnx

    return sorted({node.op_type for node in onnx.load(str(path)).graph.node})


def read_opset(operator_sets: Sequence[Any]) -> int:
    """Give the version of ONNX's own operators that a model uses."""
    return next(int(one.version) for one in operator_sets if one.domain in ("", "ai.onnx"))
