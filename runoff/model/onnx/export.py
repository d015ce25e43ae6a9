"""The form ``onnx``: a module as an ONNX file, by one of torch's two exporters."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runoff.arrays import Signature
from runoff.contract import Model
from runoff.errors import ConversionFailed, conversion_stage
from runoff.files.values import from_json
from runoff.model.module.branches import require_one_way
from runoff.model.module.module import example, make_module

OPSET = 17
"""The operator set that models are exported to: attention needs 14 or more, and 17 has layer normalisation.

onnx-tf stopped at 13, which its repairs set a file back to.
"""
TORCHSCRIPT = "torchscript"
DYNAMO = "dynamo"
EXPORTERS = {TORCHSCRIPT: ("torch", "torchvision", "onnx"), DYNAMO: ("torch", "torchvision", "onnx", "onnxscript")}
"""torch's two exporters, with the modules that each needs."""
DISTRIBUTIONS = ("torch", "torchvision", "onnx", "onnxscript")
EXPORT_REQUIRES = EXPORTERS[TORCHSCRIPT]
EXPORT_VERSION = 1
"""Goes up with every change of what is exported, so that cached files are made anew; a test asks."""
BATCH = {0: "batch"}


def export_model(model: dict[str, Any], destination: str) -> float:
    """Export a model of a source with weights, and return the seconds that it took.

    Raises ConversionFailed at the stage ``export``, also where the file would compute one of several ways alone.
    """
    begin, given = time.perf_counter(), from_json(Model, model)
    with conversion_stage("export"):
        module, examples = make_module(given), example(given)
        write_onnx(module, examples, Path(destination), given.signature, dynamic=BATCH)
        seconds = time.perf_counter() - begin
        require_one_way(module, examples, given.inputs, "export")
    return seconds


def write_onnx(
    module: Any,
    examples: tuple[Any, ...],
    destination: Path,
    signature: Signature,
    *,
    exporter: str = TORCHSCRIPT,
    opset: int = OPSET,
    dynamic: Mapping[int, str],
) -> None:
    """Export a module to an operator set; the ``dynamic`` axes of each input may have any size.

    Raises ConversionFailed where the exporter left the file at another one.
    """
    import torch

    inputs, outputs = ([each.name for each in given] for given in (signature.inputs, signature.outputs))
    options: dict[str, Any]
    if exporter == DYNAMO:
        sides = {axis: torch.export.Dim(side) for axis, side in dynamic.items()}
        shapes = dict.fromkeys(inputs, sides)
        options = {"dynamo": True, "external_data": False} | ({"dynamic_shapes": shapes} if dynamic else {})
    else:
        axes = {name: dict(dynamic) for name in inputs} | dict.fromkeys(outputs, BATCH)
        options = {"dynamo": False} | ({"dynamic_axes": axes} if dynamic else {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # both exporters deprecate and advise at length; what counts is the result
        torch.onnx.export(
            module,
            examples,
            str(destination),
            opset_version=opset,
            input_names=inputs,
            output_names=outputs,
            **options,
        )
    require_opset(destination, opset)


def require_opset(path: Path, asked: int) -> None:
    """Refuse an ONNX file of another version of ONNX's own operators than was asked for.

    Raises ConversionFailed.
    """
    import onnx

    sets = onnx.load(str(path), load_external_data=False).opset_import
    found = next((int(each.version) for each in sets if each.domain in ("", "ai.onnx")), None)
    if found != asked:
        raise ConversionFailed("export", f"operator set {asked} was asked for, and the exporter left it at {found}")
