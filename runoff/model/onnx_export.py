"""TorchVision's model as an ONNX file, for the backends that start from one."""

from __future__ import annotations

import warnings
from pathlib import Path

from runoff.contract import Model
from runoff.model.module import example, make_module

OPSET = 13  # the newest that onnx-tf translates


def export_onnx(model: Model, destination: Path, opset: int = OPSET) -> None:
    """Export the eval-mode module with the TorchScript-based exporter: the model's input in, ``logits`` out.

    The batch is a dynamic axis.
    """
    import torch

    (name,) = (given.name for given in model.inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # dynamo=False is deliberate: onnx-tf needs its graphs
        torch.onnx.export(
            make_module(model),
            (example(model),),
            str(destination),
            dynamo=False,
            opset_version=opset,
            input_names=[name],
            output_names=["logits"],
            dynamic_axes={name: {0: "batch"}, "logits": {0: "batch"}},
        )
